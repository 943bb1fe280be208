/** Where members of the database stop in an update, and what that does to its leader. Pure. */
import type { Cluster } from "./handovers.ts";
import { isThere, membersIn, placeOf, sitesIn } from "./resources.ts";
import type { Change, Facts } from "./types.ts";

/** Something at which members of one site stop. */
export interface Roll {
  readonly site: string;
  readonly cause: "stop" | "restart";
  readonly run: (cluster: Cluster, members: readonly number[]) => Cluster;
}

/** A step on its way into the order. */
export interface Draft {
  readonly position: number;
  readonly names: readonly string[];
  /** What is done with them; the same in a row is one step. */
  readonly verb: string;
  readonly roll?: Roll;
}

/** Least and most handovers of each step that can cause one, over everybody who may lead at the beginning. */
export function handoverCounts(
  drafts: readonly Draft[],
  changes: readonly Change[],
  facts: Facts,
): Map<number, readonly [number, number]> {
  const counts = new Map<number, readonly [number, number]>();
  for (const site of sitesIn(changes)) {
    // Where nobody writes nobody is handed over: Patroni elects who follows the other site.
    if (facts.standbys?.includes(site)) {
      continue;
    }
    const members = membersIn(changes, site, "postgres")
      .filter(isThere.before)
      .map((node) => placeOf(node).instance);
    const known = facts.leaders[site];
    const leaders = known !== undefined && members.includes(known) ? [known] : members;
    for (const leader of leaders) {
      let cluster: Cluster = { leader, handovers: 0 };
      drafts.forEach(({ roll }, index) => {
        if (roll?.site === site) {
          const next = roll.run(cluster, members);
          const count = next.handovers - cluster.handovers;
          const [least, most] = counts.get(index) ?? [count, count];
          counts.set(index, [Math.min(least, count), Math.max(most, count)]);
          cluster = next;
        }
      });
    }
  }
  return counts;
}
