import type { Cell, Part, Path, Replication } from "./types.ts";

/** Ways to the leader, the bare server aside. */
const LEADER_PATHS: readonly Path[] = ["direct", "router", "pooler", "pooler+router"];

/**
 * What is measured. Reads do not wait for a replica, so their paths are measured once, under quorum
 * replication. Pure.
 *
 * @param replicas how many stream; the reads are spread over 1, 2, … of them
 */
export function cellsOf(parts: readonly Part[], replicas: number): Cell[] {
  const cells: Cell[] = [];
  if (parts.includes("throughput")) {
    const writes = (replication: Replication) =>
      LEADER_PATHS.map((path): Cell => ({ load: "writes", replication, path }));
    cells.push(
      { load: "writes", replication: "none", path: "bare" },
      ...writes("quorum"),
      ...writes("asynchronous"),
      { load: "reads", replication: "none", path: "bare" },
      ...LEADER_PATHS.map((path): Cell => ({ load: "reads", replication: "quorum", path })),
    );
  }
  if (parts.includes("reads")) {
    const counts = Array.from({ length: replicas }, (_, index) => index + 1);
    const paths: Path[] = [...counts.map((count): Path => `replicas-${count}`), "pool-ro"];
    cells.push(...paths.map((path): Cell => ({ load: "reads", replication: "quorum", path })));
  }
  return cells;
}

/**
 * The order of the runs: every cell once a round, so that what slows the machine down for a while
 * slows all of them. Each round begins with another cell, and the mode of replication alternates
 * there and back (quorum, asynchronous | asynchronous, quorum | …): it is switched once a round. Pure.
 */
export function roundsOf(cells: readonly Cell[], rounds: number): Cell[][] {
  const groups = [
    cells.filter(({ replication }) => replication !== "asynchronous"),
    cells.filter(({ replication }) => replication === "asynchronous"),
  ];
  return Array.from({ length: rounds }, (_, round) => {
    const turned = groups.map((group) => rotated(group, round));
    return (round % 2 === 0 ? turned : turned.reverse()).flat();
  });
}

function rotated<T>(values: readonly T[], by: number): T[] {
  const at = values.length === 0 ? 0 : by % values.length;
  return [...values.slice(at), ...values.slice(0, at)];
}

/** How long the measuring takes at least, the warm-up included. Seconds. Pure. */
export function planSeconds(cells: number, rounds: number, seconds: number): number {
  return cells * (rounds * seconds + WARM_UP_SECONDS);
}

/** Each cell runs so long before the first round: caches fill, pools connect. Not kept. */
export const WARM_UP_SECONDS = 2;
