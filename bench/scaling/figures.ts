/** What a run means: a line a second, and the figures of the table. Pure. */
import { percentile } from "../../commands/statistics.ts";
import type { Answer } from "./load.ts";
import type { Seen } from "./watch.ts";

export interface Run {
  readonly name: string;
  readonly answers: readonly Answer[];
  readonly seen: readonly Seen[];
}

/** When the step begins and ends, and when the run does; in seconds. */
export interface Times {
  readonly step: number;
  readonly calm: number;
  readonly end: number;
}

export interface Second {
  readonly at: number;
  /** Requests that were due. */
  readonly offered: number;
  /** Of those due in the last five seconds, in seconds; null when there were none. */
  readonly p95: number | null;
  readonly failed: number;
  readonly ready: number | null;
}

export interface Figures {
  readonly run: string;
  readonly requests: number;
  readonly failed: number;
  /** From the step's begin until `max` instances served; null when they never did. */
  readonly secondsToMaximum: number | null;
  /** From the step's end until only `min` served; null when it never came to that. */
  readonly secondsBack: number | null;
  /** Of requests due in the step, and in its last third alone; in seconds. */
  readonly p95Step: number | null;
  readonly p95Settled: number | null;
}

const WINDOW_SECONDS = 5;

/** Null of none. */
const p95 = (values: readonly number[]): number | null => percentile(values, 95) ?? null;

const isGood = ({ status }: Answer): boolean => status >= 200 && status < 400;

/** One line for each second. */
export function seconds({ answers, seen }: Run, end: number): Second[] {
  return Array.from({ length: Math.ceil(end) }, (_, at) => {
    const due = answers.filter((one) => Math.floor(one.due) === at);
    const recent = answers.filter((one) => one.due > at + 1 - WINDOW_SECONDS && one.due < at + 1);
    return {
      at,
      offered: due.length,
      p95: p95(recent.map(({ latency }) => latency)),
      failed: due.filter((one) => !isGood(one)).length,
      ready: seen.filter((one) => one.at <= at + 1).at(-1)?.ready ?? null,
    };
  });
}

/** The row of the table. */
export function figures(run: Run, times: Times, bounds: { min: number; max: number }): Figures {
  const { step, calm } = times;
  const latencies = (from: number) =>
    run.answers.filter(({ due }) => due >= from && due < calm).map(({ latency }) => latency);
  const after = (begin: number, wanted: (ready: number) => boolean): number | null => {
    const found = run.seen.find(({ at, ready }) => at >= begin && wanted(ready));
    return found === undefined ? null : found.at - begin;
  };
  const reached = after(step, (ready) => ready >= bounds.max);
  return {
    run: run.name,
    requests: run.answers.length,
    failed: run.answers.filter((one) => !isGood(one)).length,
    secondsToMaximum: reached,
    secondsBack: reached === null ? null : after(calm, (ready) => ready <= bounds.min),
    p95Step: p95(latencies(step)),
    p95Settled: p95(latencies(calm - (calm - step) / 3)),
  };
}
