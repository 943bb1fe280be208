import type { Runs } from "../drills/all.ts";
import type { DrillResult } from "../drills/types.ts";
import { Undoing } from "../drills/undoing.ts";
import { Fault } from "../fault.ts";
import { type Bench, measureAll } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import { cellsOf } from "./plan.ts";
import type { Part, Sample } from "./types.ts";

/** What a bench came to, whatever ended it. */
export interface Outcome {
  readonly samples: readonly Sample[];
  readonly drills: readonly DrillResult[];
  /** Why not all was measured. */
  readonly ended?: "interrupted" | "failed";
  /** What went wrong, and what could not be undone; a sentence each. */
  readonly errors: readonly string[];
}

/** What a bench works with; a test has its own. */
export interface Tools {
  /** How many replicas stream. */
  readonly replicas: number;
  /** @param undoing gets what has to be undone, before it is done */
  setUp(undoing: Undoing, signal: AbortSignal): Promise<Bench>;
  drill(names: readonly string[], times: number, signal: AbortSignal): Promise<Runs>;
  say(text: string): void;
}

/**
 * The drills whose gaps stand for a part: planned work; a leader that Docker says is dead; a leader
 * that vanished without a word, whose lease has to run out.
 */
const DRILLS: Readonly<Partial<Record<Part, readonly string[]>>> = {
  handover: ["switchover"],
  failover: ["container-stopped", "network-cut"],
};

/** Throughput first, with everything undone again; then handovers and failovers. Never throws. */
export async function runBench(
  options: Pick<BenchOptions, "parts" | "rounds" | "seconds" | "times">,
  tools: Tools,
  signal: AbortSignal,
): Promise<Outcome> {
  const samples: Sample[] = [];
  const cells = cellsOf(options.parts, tools.replicas);
  const errors = cells.length === 0 ? [] : await throughput();
  let drills: readonly DrillResult[] = [];
  let isBroken = false;
  const names = options.parts.flatMap((part) => DRILLS[part] ?? []);
  if (names.length > 0 && errors.length === 0 && !signal.aborted) {
    try {
      const runs = await tools.drill(names, options.times, signal);
      drills = runs.results;
      isBroken = runs.ended === "broken";
      errors.push(...(runs.why === undefined ? [] : [runs.why]));
    } catch (error) {
      errors.push(words(error));
    }
  }
  const ended = signal.aborted
    ? "interrupted"
    : errors.length > 0 || isBroken
      ? "failed"
      : undefined;
  return { samples, drills, errors, ...(ended ? { ended } : {}) };

  /** @returns what went wrong */
  async function throughput(): Promise<string[]> {
    const undoing = new Undoing();
    const wrong: string[] = [];
    try {
      const bench = await tools.setUp(undoing, signal);
      await measureAll(bench, cells, options, (sample) => samples.push(sample));
    } catch (error) {
      // Whoever interrupts knows; what that did to a program is no news.
      wrong.push(...(signal.aborted ? [] : [words(error)]));
    }
    tools.say(`undoing: ${undoing.pending.join(", ") || "nothing"}`);
    return [...wrong, ...(await undoing.run())];
  }
}

function words(error: unknown): string {
  return error instanceof Fault
    ? [error.message, ...error.advice].join("; ")
    : (error as Error).message;
}
