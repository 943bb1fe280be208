import type { Drill } from "../scene.ts";
import { clouds } from "./backup/cloud.ts";
import { containers } from "./backup/container.ts";
import { damages } from "./backup/damage.ts";
import { fulls } from "./backup/full.ts";
import { stanzas } from "./backup/stanza.ts";
import { wals } from "./backup/wal.ts";

/** What can happen to backups: no write may notice any of it. */
export const backups: readonly Drill[] = [
  ...clouds,
  ...containers,
  ...wals,
  ...damages,
  ...stanzas,
  ...fulls,
];
