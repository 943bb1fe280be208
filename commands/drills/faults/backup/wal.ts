import type { Drill, Injected, Scene } from "../../scene.ts";
import { boxOf } from "../tools.ts";
import { observe, untilAllRecoverable } from "./facts.ts";
import { isBase, listed, newestOf, untilNewer } from "./listed.ts";
import { builtinS3, calmBackups, knownHoles } from "./place.ts";
import { lastSegments, putAside, segmentOfNobody, storesOf, untilThere } from "./segments.ts";

/** Until a segment that the cloud has is in the local repository again, whose folders are read each second. */
const FILL_SECONDS = 30;
/** The cloud is listed whole every ten minutes: each listing costs requests. */
const LISTING_SECONDS = 660;
/** Until nobody has it: a new base backup in each repository, by itself. */
const ANEW_SECONDS = 180;
const WHOLE_SECONDS = 60;
const POLL_SECONDS = 0.5;

export const wals: readonly Drill[] = [
  {
    name: "wal-deleted",
    family: "backup",
    description: "a WAL segment is deleted from the local repository: it is filled from the cloud",
    prepare: ready,
    inject: (scene) => deleted(scene, "local", FILL_SECONDS),
  },
  {
    name: "wal-deleted-cloud",
    family: "backup",
    description: "a WAL segment is deleted from the cloud: seen at its next listing, and filled",
    notInAll: true,
    prepare: ready,
    inject: (scene) => deleted(scene, "cloud", LISTING_SECONDS),
  },
  {
    name: "wal-lost",
    family: "backup",
    description:
      "a WAL segment that nobody else has is deleted everywhere: a new base backup comes",
    notInAll: true,
    prepare: ready,
    async inject(scene) {
      const { docker, note } = scene;
      const backup = boxOf(scene, "backup");
      const known = await knownHoles(scene);
      const stores = storesOf(scene);
      const lost = await segmentOfNobody(scene, stores);
      const rows = await listed(docker, backup);
      const newest = stores.flatMap(({ repository }) => {
        const base = newestOf(rows, repository, isBase);
        return base ? [[repository, base] as const] : [];
      });
      const begin = scene.now();
      for (const store of stores) {
        await putAside(scene, store, lost);
      }
      await untilSeen(scene, lost, FILL_SECONDS);
      note(`the hole was seen after ${(scene.now() - begin).toFixed(1)} s`);
      await untilNewer(scene, new Map(newest), isBase, ANEW_SECONDS);
      // The hole stays, in an interval of its own, and harms nothing after the new base backup.
      await untilAllRecoverable(scene, await knownHoles(scene), WHOLE_SECONDS);
      return {
        fault: `segment ${lost} was deleted from ${stores.map((one) => one.repository).join(" and ")}`,
        figures: { wholeAgainSeconds: scene.now() - begin },
        whole: () => untilAllRecoverable(scene, known, WHOLE_SECONDS),
      };
    },
  },
];

/** One segment is gone from one repository; it has to come back by itself. */
async function deleted(scene: Scene, from: string, seconds: number): Promise<Injected> {
  const known = await knownHoles(scene);
  const stores = storesOf(scene);
  // The newest is left alone: it may be on its way still.
  const [name = ""] = await lastSegments(scene, stores, 2);
  const begin = scene.now();
  for (const store of stores.filter(({ repository }) => repository === from)) {
    await putAside(scene, store, name);
    await untilThere(scene, store, name, seconds);
  }
  return {
    fault: `segment ${name} was deleted from ${from}`,
    figures: { wholeAgainSeconds: scene.now() - begin },
    whole: () => untilAllRecoverable(scene, known, WHOLE_SECONDS),
  };
}

async function ready(scene: Scene) {
  builtinS3(scene);
  await calmBackups(scene);
  return scene.lookAgain();
}

/** Every repository says that it has a hole there. */
async function untilSeen(scene: Scene, name: string, seconds: number): Promise<void> {
  const backup = boxOf(scene, "backup");
  const end = scene.now() + seconds;
  for (;;) {
    const observed = await observe(scene.docker, backup);
    const repositories = Object.values(observed?.facts.repositories ?? {});
    const seen = repositories.filter(({ holes }) => holes.some((hole) => spans(hole, name)));
    if (repositories.length > 0 && seen.length === repositories.length) {
      return;
    }
    if (scene.now() > end) {
      throw new Error(`nobody saw the hole at ${name} within ${seconds} s`);
    }
    await scene.sleep(POLL_SECONDS);
  }
}

/** Whether a hole (archive's id, names in order) has this segment in it. Pure. */
export function spans([, first = "", ...more]: readonly string[], name: string): boolean {
  const last = more.at(-1) ?? first;
  return first.slice(0, 8) === name.slice(0, 8) && first <= name && name <= last;
}
