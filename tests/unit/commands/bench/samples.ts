import type { Cell, Sample } from "../../../../commands/bench/types.ts";

/** One run of pgbench; latencies follow from the TPS alone. */
export function sample(
  round: number,
  path: Cell["path"],
  tps: number,
  change: Partial<Sample> = {},
): Sample {
  return {
    round,
    load: "writes",
    replication: path === "bare" ? "none" : "quorum",
    path,
    tps,
    transactions: tps * 10,
    p50Ms: 8000 / tps,
    p95Ms: 16_000 / tps,
    p99Ms: 32_000 / tps,
    loadAverage: 2,
    ...change,
  };
}
