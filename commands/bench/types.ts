import type { Spread } from "../statistics.ts";

/** Parts of a bench that a person can ask for, in the order in which they run. */
export const PARTS = ["throughput", "reads", "handover", "failover"] as const;
export type Part = (typeof PARTS)[number];

/** pgbench's built-in scripts: `tpcb-like` writes, `select-only` reads. */
export type Load = "writes" | "reads";

/** How the cluster replicates meanwhile; `none` for the bare server, which has no replica. */
export type Replication = "quorum" | "asynchronous" | "none";

/**
 * The way to a server. `bare`: a single PostgreSQL with the same settings; `direct`: the leader;
 * `pooler`: the shipped one, which leads to the leader itself; `pooler+router`: a PgBouncer of the same
 * settings, through the router; `replicas-<n>`: so many replicas, through the same; `pool-ro`: the
 * shipped read pool.
 */
export type Path =
  | "bare"
  | "direct"
  | "router"
  | "pooler"
  | "pooler+router"
  | "pool-ro"
  | `replicas-${number}`;

/** One thing to be measured, over and over. */
export interface Cell {
  readonly load: Load;
  readonly replication: Replication;
  readonly path: Path;
}

/** What pgbench said of one run, as pgbench.py prints it. Latencies in milliseconds. */
export interface Measured {
  /** Transactions a second, without the time of connecting. */
  readonly tps: number;
  readonly transactions: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** One run of pgbench. */
export interface Sample extends Cell, Measured {
  /** From 1; the warm-up is not kept. */
  readonly round: number;
  /** Of the machine, a minute's average before it; null where the Docker host is another machine. */
  readonly loadAverage: number | null;
}

/** All runs of one cell. */
export interface Row extends Cell, Readonly<Record<Figure, Spread>> {
  /** Each figure by that of `against` in the same round; null where none had it. */
  readonly ratios: Readonly<Record<Figure, Spread>> | null;
  readonly against: Path;
}

export const FIGURES = ["tps", "p50Ms", "p95Ms", "p99Ms"] as const;
export type Figure = (typeof FIGURES)[number];

/** A ratio that was promised. */
export interface Goal {
  readonly load: Load;
  readonly path: Path;
  readonly least: number;
  /** The median of the ratios; null: not measured. */
  readonly measured: number | null;
  readonly met: boolean;
}
