import { alignedTable } from "../../ui.ts";
import type { DrillResult } from "../types.ts";
import { missesOf, outcomeOf, shown, shownLimit } from "./figures.ts";
import { shopTable } from "./shop.ts";

const HEAD = [
  ...["drill", "result", "acknowledged", "lost", "dup", "phantom", "hung", "unknown", "rejected"],
  ...["write gap", "limit", "read gap", "page gap", "redundancy", "timeline"],
];

/** What a person reads at the end of a run: one line a drill, then what was missed in words. Pure. */
export function drillTable(results: readonly DrillResult[]): string {
  const remarks = results.flatMap(remarksOf);
  const table = alignedTable([HEAD, ...results.map(rowOf)]);
  const shop = shopTable(results);
  const parts = [
    table,
    ...(shop === "" ? [] : ["", shop]),
    ...(remarks.length === 0 ? [] : ["", ...remarks]),
    "",
    totalOf(results),
  ];
  return parts.join("\n");
}

/** How many passed, in one sentence. Pure. */
export function totalOf(results: readonly DrillResult[]): string {
  const count = (word: string) => results.filter((result) => outcomeOf(result) === word).length;
  const [missed, skipped] = [count("MISSED"), count("skipped")];
  const others = [
    ...(missed > 0 ? [`${missed} missed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ];
  const total = `${count("passed")} of ${results.length} drills passed`;
  return [total, ...others].join(", ");
}

function rowOf(result: DrillResult): string[] {
  if (result.skipped !== undefined) {
    return [result.drill, "skipped", ...HEAD.slice(2).map(() => "-")];
  }
  const { lost, duplicated, phantom, hung, unknown, rejected } = result;
  const limit = result.objectives.find(({ name }) => name === "writeGapSeconds")?.limit;
  const { writeGapSeconds, readGapSeconds, pageGapSeconds, redundancySeconds } = result;
  return [
    result.drill,
    outcomeOf(result),
    String(result.acknowledged),
    ...[lost, duplicated, phantom, hung, unknown, rejected].map(String),
    shown(writeGapSeconds, "s"),
    limit === undefined ? "-" : shownLimit(limit, "s"),
    shown(readGapSeconds, "s"),
    shown(pageGapSeconds, "s"),
    shown(redundancySeconds, "s"),
    timelineOf(result),
  ];
}

/** `3→4`, or the one that stayed. Pure. */
export function timelineOf({ timelineBefore, timelineAfter }: DrillResult): string {
  const [before, after] = [timelineBefore ?? "?", timelineAfter ?? "?"];
  return before === after ? String(before) : `${before}→${after}`;
}

function remarksOf(result: DrillResult): string[] {
  if (result.skipped !== undefined) {
    return [`  ${result.drill} was skipped: ${result.skipped}`];
  }
  const misses = missesOf(result).map((miss) => `  ${result.drill} missed: ${miss}`);
  const { alertSeconds, wholeAgainSeconds } = result;
  if (wholeAgainSeconds === undefined) {
    return misses;
  }
  const alert = alertSeconds === undefined ? "" : `alert after ${shown(alertSeconds, "s")}, `;
  const whole = `whole again after ${shown(wholeAgainSeconds, "s")}`;
  return [`  ${result.drill}: ${alert}${whole}`, ...misses];
}
