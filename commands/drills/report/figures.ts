import type { DrillResult } from "../types.ts";

/** A figure of a result: what it is called, and in which unit it is given. */
export interface Figure {
  readonly name: keyof DrillResult;
  readonly words: string;
  readonly unit: "s" | "count";
}

/** Every figure of a result that is compared over runs, in the order in which people ask for them. */
export const FIGURES: readonly Figure[] = [
  { name: "acknowledged", words: "acknowledged writes", unit: "count" },
  { name: "lost", words: "acknowledged writes lost", unit: "count" },
  { name: "duplicated", words: "writes there twice", unit: "count" },
  { name: "phantom", words: "writes there that were rejected or never sent", unit: "count" },
  { name: "reordered", words: "writes out of order", unit: "count" },
  { name: "twoLeaders", words: "writes that prove two leaders at once", unit: "count" },
  { name: "hung", words: "calls that hung", unit: "count" },
  { name: "rejected", words: "rejected writes", unit: "count" },
  { name: "unknown", words: "writes without an answer", unit: "count" },
  { name: "writeGapSeconds", words: "longest time without a write", unit: "s" },
  { name: "clientGapSeconds", words: "longest time one client got no write", unit: "s" },
  { name: "readGapSeconds", words: "longest time without a read", unit: "s" },
  { name: "pageGapSeconds", words: "longest time without a page", unit: "s" },
  { name: "pagesFailed", words: "pages that failed", unit: "count" },
  { name: "ordersConfirmed", words: "confirmed orders", unit: "count" },
  { name: "ordersLost", words: "confirmed orders lost", unit: "count" },
  { name: "ordersDuplicated", words: "orders there twice", unit: "count" },
  { name: "ordersPutOff", words: "orders put off with 503 and Retry-After", unit: "count" },
  {
    name: "ordersBroken",
    words: "orders answered with another error, or with none",
    unit: "count",
  },
  { name: "longestOrderSeconds", words: "longest wait for an order", unit: "s" },
  { name: "noTrafficSeconds", words: "time until faulty instances got no request", unit: "s" },
  { name: "longestWriteSeconds", words: "slowest acknowledged write", unit: "s" },
  { name: "stepDownSeconds", words: "time until the cut-off leader stepped down", unit: "s" },
  { name: "alertSeconds", words: "time until the alert fired", unit: "s" },
  { name: "redundancySeconds", words: "time to full redundancy", unit: "s" },
  { name: "recoveryPointSeconds", words: "how far back acknowledged writes are gone", unit: "s" },
  { name: "failbackGapSeconds", words: "longest time without a write on the way back", unit: "s" },
  { name: "wholeAgainSeconds", words: "time until what was harmed was whole again", unit: "s" },
];

/** A figure by its name in a result or an objective; one that is not known is called by that name. Pure. */
export function figureOf(name: string): Pick<Figure, "words" | "unit"> {
  const unit = name.endsWith("Seconds") ? "s" : "count";
  return FIGURES.find((figure) => figure.name === name) ?? { words: name, unit };
}

/** A number with its unit, e.g. `2.31 s`; `-` for one that is not there. Pure. */
export function shown(value: number | undefined, unit: Figure["unit"]): string {
  if (value === undefined) {
    return "-";
  }
  return unit === "count" ? String(value) : seconds(value);
}

/** Seconds with three digits or so: `0.09 s`, `2.31 s`, `23.4 s`, `120 s`. Pure. */
export function seconds(value: number): string {
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return `${value.toFixed(digits)} s`;
}

/** A limit, as it was set: `3 s`, `0`. Pure. */
export function shownLimit(limit: number, unit: Figure["unit"]): string {
  return unit === "count" ? String(limit) : `${Number(limit.toFixed(2))} s`;
}

/** What a drill came to, in one word. Pure. */
export function outcomeOf({ passed, skipped }: DrillResult): "passed" | "MISSED" | "skipped" {
  return skipped !== undefined ? "skipped" : passed ? "passed" : "MISSED";
}

/** What was missed, a sentence each; nothing for a drill that passed or did not run. Pure. */
export function missesOf({ objectives, error }: DrillResult): string[] {
  const missed = objectives
    .filter(({ met }) => !met)
    .map(({ name, limit, measured }) => {
      const { words, unit } = figureOf(name);
      const found = measured === undefined ? "not measured" : shown(measured, unit);
      return `${words}: ${found}, limit ${shownLimit(limit, unit)}`;
    });
  return error === undefined ? missed : [error, ...missed];
}
