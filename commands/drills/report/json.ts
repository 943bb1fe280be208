import { type Spread, spreadOf } from "../../statistics.ts";
import type { Ended } from "../all.ts";
import type { DrillResult } from "../types.ts";
import { FIGURES, outcomeOf } from "./figures.ts";

/** What the drills ran on: figures of another machine are other figures. */
export interface MachineFacts {
  readonly cores: number;
  readonly memoryMiB: number;
  /** The Docker engine's. */
  readonly docker: string;
  /** Program → version, e.g. `postgresql` → `17.6`. */
  readonly versions: Readonly<Record<string, string>>;
}

/** All runs of one drill. */
export interface Summary {
  readonly drill: string;
  /** Runs that took place. */
  readonly n: number;
  readonly passed: number;
  readonly skipped: number;
  /** Figure → its spread; without those that no run measured. */
  readonly figures: Readonly<Record<string, Spread>>;
}

/** What `results.json` holds. `drill --json` prints `runs` alone, a bare array. */
export interface DrillReport {
  readonly stack: string;
  /** ISO time. */
  readonly startedAt: string;
  readonly machine: MachineFacts;
  /** How many runs were asked for. */
  readonly planned: number;
  /** Why not all of them took place. */
  readonly ended?: Ended;
  /**
   * All ran that were asked for, none missed its objectives, and at least one passed: a drill that
   * was skipped has done neither.
   */
  readonly passed: boolean;
  readonly summary: readonly Summary[];
  readonly runs: readonly DrillResult[];
}

/** The whole run as one object. Pure. */
export function drillReport(
  about: Pick<DrillReport, "stack" | "startedAt" | "machine" | "planned" | "ended">,
  runs: readonly DrillResult[],
): DrillReport {
  const outcomes = runs.map(outcomeOf);
  const good = outcomes.includes("passed") && !outcomes.includes("MISSED");
  const passed = good && about.ended === undefined;
  return { ...about, passed, summary: summaryOf(runs), runs };
}

/** A summary for each drill, in the order in which they first ran. Pure. */
export function summaryOf(runs: readonly DrillResult[]): Summary[] {
  return [...new Set(runs.map(({ drill }) => drill))].map((drill) => {
    const all = runs.filter((run) => run.drill === drill);
    const done = all.filter(({ skipped }) => skipped === undefined);
    const figures = FIGURES.flatMap(({ name }): [string, Spread][] => {
      const spread = spreadOf(done.map((run) => run[name]).filter(isNumber));
      return spread === undefined ? [] : [[name, spread]];
    });
    return {
      drill,
      n: done.length,
      passed: done.filter(({ passed }) => passed).length,
      skipped: all.length - done.length,
      figures: Object.fromEntries(figures),
    };
  });
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}
