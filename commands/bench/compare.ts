import { type Spread, spreadOf } from "../statistics.ts";
import {
  type Cell,
  FIGURES,
  type Figure,
  type Goal,
  type Load,
  type Path,
  type Row,
  type Sample,
} from "./types.ts";

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
  return [...cells.values()].flatMap((cell): Row[] => {
    const { load, replication, path } = cell;
    const own = samples.filter((sample) => keyOf(sample) === keyOf(cell));
    const spreads = spreadsOf(own);
    const about = { load, replication, path, against: againstOf(path) };
    return spreads ? [{ ...about, ...spreads, ratios: spreadsOf(ratiosOf(own, samples)) }] : [];
  });
}

type Figures = Readonly<Record<Figure, number>>;

/** Of each figure; null of nothing. */
function spreadsOf(values: readonly Figures[]): Record<Figure, Spread> | null {
  const spreads = FIGURES.flatMap((figure): [Figure, Spread][] => {
    const spread = spreadOf(values.map((one) => one[figure]));
    return spread === undefined ? [] : [[figure, spread]];
  });
  return spreads.length === FIGURES.length
    ? (Object.fromEntries(spreads) as Record<Figure, Spread>)
    : null;
}

/** Round by round: neighbours in time had the same machine. A round without its base counts for nothing. */
function ratiosOf(own: readonly Sample[], all: readonly Sample[]): Figures[] {
  return own.flatMap((sample) => {
    const base = all.find(
      ({ round, load, replication, path }) =>
        round === sample.round &&
        load === sample.load &&
        replication === "quorum" &&
        path === againstOf(sample.path),
    );
    if (base === undefined || FIGURES.some((figure) => base[figure] === 0)) {
      return [];
    }
    const ratios = FIGURES.map((figure) => [figure, sample[figure] / base[figure]] as const);
    return [Object.fromEntries(ratios) as unknown as Figures];
  });
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
    const measured = row?.ratios?.tps.median ?? null;
    return { ...goal, measured, met: measured !== null && measured >= goal.least };
  });
}

function keyOf({ load, replication, path }: Cell): string {
  return `${load} ${replication} ${path}`;
}
