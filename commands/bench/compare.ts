import { type Spread, spreadOf } from "../statistics.ts";
import type { Cell, Goal, Load, Path, Row, Sample } from "./types.ts";

/** The goal for the shipped path, against the leader itself under quorum replication. */
const GOALS: readonly { load: Load; path: Path; least: number }[] = [
  { load: "writes", path: "pooler", least: 0.65 },
  { load: "reads", path: "pooler", least: 0.65 },
];

/**
 * What a path is compared with: the leader itself under quorum replication; one replica, for reads
 * that are spread over replicas. Pure.
 */
export function againstOf(path: Path): Path {
  return path === "pool-ro" || path.startsWith("replicas-") ? "replicas-1" : "direct";
}

/** A row for each cell, in the order in which they were first measured. Pure. */
export function rowsOf(samples: readonly Sample[]): Row[] {
  const cells = new Map(samples.map((sample) => [keyOf(sample), sample]));
  return [...cells.values()].flatMap(({ load, replication, path }): Row[] => {
    const own = samples.filter((sample) => keyOf(sample) === keyOf({ load, replication, path }));
    const against = againstOf(path);
    const of = (figure: "tps" | "p50Ms" | "p95Ms" | "p99Ms") =>
      spreadOf(own.map((sample) => sample[figure]));
    const [tps, p50Ms, p95Ms, p99Ms] = [of("tps"), of("p50Ms"), of("p95Ms"), of("p99Ms")];
    return tps && p50Ms && p95Ms && p99Ms
      ? [
          {
            load,
            replication,
            path,
            tps,
            p50Ms,
            p95Ms,
            p99Ms,
            ratio: ratioOf(own, samples),
            against,
          },
        ]
      : [];
  });
}

/** Round by round: neighbours in time had the same machine. A round without its base counts for nothing. */
function ratioOf(own: readonly Sample[], all: readonly Sample[]): Spread | null {
  const ratios = own.flatMap((sample) => {
    const base = all.find(
      ({ round, load, replication, path }) =>
        round === sample.round &&
        load === sample.load &&
        replication === "quorum" &&
        path === againstOf(sample.path),
    );
    return base === undefined || base.tps === 0 ? [] : [sample.tps / base.tps];
  });
  return spreadOf(ratios) ?? null;
}

/** The goals of each load whose ways to the leader were measured. Pure. */
export function goalsOf(rows: readonly Row[]): Goal[] {
  const asked = GOALS.filter((goal) =>
    rows.some(({ load, against }) => load === goal.load && against === "direct"),
  );
  return asked.map((goal) => {
    const row = rows.find(
      ({ load, path, replication }) =>
        load === goal.load && path === goal.path && replication === "quorum",
    );
    const measured = row?.ratio?.median ?? null;
    return { ...goal, measured, met: measured !== null && measured >= goal.least };
  });
}

function keyOf({ load, replication, path }: Cell): string {
  return `${load} ${replication} ${path}`;
}
