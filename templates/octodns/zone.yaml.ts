/** The public names of one site, as octoDNS reads them: `<zone>.yaml`. */
import { stringify } from "yaml";
import type { ZoneRecord } from "../dns/zone.ts";

/** Facts that {@link renderOctodnsZone} needs. */
export interface OctodnsZoneArgs {
  /** Seconds that clients may keep an answer. */
  readonly ttlSeconds: number;
  readonly records: readonly ZoneRecord[];
}

const HEADER =
  "# Rendered by Holdfast from templates/octodns/zone.yaml.ts. Edit the settings, not this file.";

/** Renders the zone's file. Pure. */
export function renderOctodnsZone({ ttlSeconds, records }: OctodnsZoneArgs): string {
  // octoDNS wants the names in their order, and the zone itself as an empty name.
  const named = records
    .map(({ name, addresses }) => ({ key: name === "@" ? "" : name, addresses }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const tree = Object.fromEntries(
    named.map(({ key, addresses }) => [key, recordsOf(addresses, ttlSeconds)]),
  );
  return `${HEADER}\n---\n${stringify(tree, { lineWidth: 0 })}`;
}

function recordsOf(addresses: readonly string[], ttl: number): Record<string, unknown>[] {
  const sorted = [...addresses].sort();
  const kinds = [
    ["A", sorted.filter((address) => !address.includes(":"))],
    ["AAAA", sorted.filter((address) => address.includes(":"))],
  ] as const;
  return kinds
    .filter(([, values]) => values.length > 0)
    .map(([type, values]) => ({ ttl, type, values }));
}
