import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../../settings.ts";
import { PRIVATE, privatePath } from "../paths.ts";
import { recordLatest } from "./latest.ts";
import type { DrillResult } from "./types.ts";

/** The last drills of a stack, as `status` shows them. */
export interface LastDrills {
  /** ISO time of the end. */
  readonly at: string;
  readonly passed: number;
  readonly missed: number;
  readonly skipped: number;
  /** The worst of all, null when none was measured. */
  readonly writeGapSeconds: number | null;
  /** Names of the drills that missed an objective or failed. */
  readonly failed: readonly string[];
}

/** Pure. */
export function summaryOf(results: readonly DrillResult[], at: string): LastDrills {
  const ran = results.filter(({ skipped }) => skipped === undefined);
  const gaps = ran.flatMap(({ writeGapSeconds }) => writeGapSeconds ?? []);
  const failed = ran.filter(({ passed }) => !passed);
  return {
    at,
    passed: ran.length - failed.length,
    missed: failed.length,
    skipped: results.length - ran.length,
    writeGapSeconds: gaps.length > 0 ? Math.max(...gaps) : null,
    failed: [...new Set(failed.map(({ drill }) => drill))],
  };
}

/** Writes down what `status` shows, and for `objectives` what each drill measured. */
export function recordLast(
  settings: Pick<Settings, "stack" | "objectives">,
  results: readonly DrillResult[],
): void {
  const { stack } = settings;
  const summary = summaryOf(results, new Date().toISOString());
  writeFileSync(privatePath("drills", stack, "last.json"), `${JSON.stringify(summary)}\n`);
  recordLatest(settings, results);
}

/** Null when no drill ever ran here. Makes no folder. */
export function readLast(stack: string): LastDrills | null {
  const file = join(PRIVATE, "drills", stack, "last.json");
  try {
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as LastDrills) : null;
  } catch {
    return null;
  }
}
