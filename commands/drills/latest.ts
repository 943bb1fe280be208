import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Objectives } from "../../objectives.ts";
import { PRIVATE, privatePath } from "../paths.ts";
import { FIGURES } from "./report/figures.ts";
import type { DrillResult } from "./types.ts";

/** What one drill measured when it ran last, the runs of one command together. */
export interface LatestDrill {
  /** ISO time of the newest of these runs' begin. */
  readonly at: string;
  /** How many runs. */
  readonly n: number;
  /** Figure → the worst of these runs; without those that none measured. */
  readonly figures: Readonly<Record<string, number>>;
  /** Names of the objectives that a run missed, or what went wrong. */
  readonly missed: readonly string[];
  /** Those in force then: other ones derive other timings. */
  readonly objectives: Objectives;
}

/** By the drill's name. */
export type Latest = Readonly<Record<string, LatestDrill>>;

/** With what just ran in place of what ran before; a skipped drill has measured nothing. Pure. */
export function withResults(
  before: Latest,
  results: readonly DrillResult[],
  objectives: Objectives,
): Latest {
  const ran = results.filter(({ skipped }) => skipped === undefined);
  const names = [...new Set(ran.map(({ drill }) => drill))];
  const found = names.map((name): [string, LatestDrill] => {
    const runs = ran.filter(({ drill }) => drill === name);
    return [name, latestOf(runs, objectives)];
  });
  return { ...before, ...Object.fromEntries(found) };
}

function latestOf(runs: readonly DrillResult[], objectives: Objectives): LatestDrill {
  // What nobody compared is 0 in a result, and its objective says that it was not measured.
  const isMeasured = (run: DrillResult, name: string) =>
    run.objectives.every((one) => one.name !== name || one.measured !== undefined);
  const figures = FIGURES.flatMap(({ name }): [string, number][] => {
    const values = runs.flatMap((run) => {
      const value = run[name];
      return typeof value === "number" && isMeasured(run, name) ? [value] : [];
    });
    return values.length === 0 ? [] : [[name, Math.max(...values)]];
  });
  const missed = runs.flatMap(({ objectives: held, error }) => [
    ...held.filter(({ met }) => !met).map(({ name }) => name),
    ...(error === undefined ? [] : [error]),
  ]);
  return {
    at:
      runs
        .map(({ startedAt }) => startedAt)
        .toSorted()
        .at(-1) ?? "",
    n: runs.length,
    figures: Object.fromEntries(figures),
    missed: [...new Set(missed)],
    objectives,
  };
}

export function recordLatest(
  { stack, objectives }: { readonly stack: string; readonly objectives: Objectives },
  results: readonly DrillResult[],
): void {
  const { recoveryPointSeconds, recoveryTimeSeconds } = objectives;
  const then = { recoveryPointSeconds, recoveryTimeSeconds };
  const latest = withResults(readLatest(stack), results, then);
  writeFileSync(
    privatePath("drills", stack, "latest.json"),
    `${JSON.stringify(latest, null, 1)}\n`,
  );
}

/** Nothing when no drill ever ran here, or nobody can read it. Makes no folder. */
export function readLatest(stack: string): Latest {
  try {
    return JSON.parse(readFileSync(join(PRIVATE, "drills", stack, "latest.json"), "utf8"));
  } catch {
    return {};
  }
}
