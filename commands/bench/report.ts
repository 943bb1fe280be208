import { type MachineFacts, type Summary, summaryOf } from "../drills/report/json.ts";
import { goalsOf, rowsOf } from "./compare.ts";
import type { BenchOptions } from "./options.ts";
import type { Outcome } from "./run.ts";
import type { Goal, Row, Sample } from "./types.ts";

/** What the file holds and `bench --json` prints; bench/document reads it. */
export interface BenchReport {
  readonly stack: string;
  /** ISO times. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly machine: MachineFacts;
  readonly options: BenchOptions;
  /** Of the database's settings, what the figures depend on. */
  readonly database: { readonly memoryMiB: number; readonly replicas: number };
  readonly rows: readonly Row[];
  readonly goals: readonly Goal[];
  /** Of handovers and failovers, by drill. */
  readonly drills: readonly Summary[];
  readonly ended?: Outcome["ended"];
  readonly errors: readonly string[];
  /** Every single run. */
  readonly samples: readonly Sample[];
}

/** Pure. */
export function benchReport(
  about: Pick<
    BenchReport,
    "stack" | "startedAt" | "finishedAt" | "machine" | "options" | "database"
  >,
  { samples, drills, errors, ended }: Outcome,
): BenchReport {
  const rows = rowsOf(samples);
  return {
    ...about,
    rows,
    goals: goalsOf(rows),
    drills: summaryOf(drills),
    ...(ended ? { ended } : {}),
    errors,
    samples,
  };
}

/** 0 only when all was measured, every goal was met and every drill passed. Pure. */
export function exitCodeOf({ goals, drills, ended, errors }: BenchReport): number {
  if (ended === "interrupted") {
    return 130;
  }
  const good =
    ended === undefined &&
    errors.length === 0 &&
    goals.every(({ met }) => met) &&
    drills.every(({ n, passed }) => n > 0 && passed === n);
  return good ? 0 : 1;
}
