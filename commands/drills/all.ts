import { describeFault, Fault } from "../fault.ts";
import { Interrupted, runDrill } from "./run.ts";
import type { Drill } from "./scene.ts";
import { type Stage, untilFull } from "./stage.ts";
import type { DrillResult } from "./types.ts";

/** What several runs gave. */
export interface Runs {
  readonly results: readonly DrillResult[];
  /** Why not all have run: a person ended it, or the stack did not come back. */
  readonly ended?: Ended;
  /** The same for a person, with what is left of a fault. */
  readonly why?: string;
}

export type Ended = "interrupted" | "broken";

/**
 * Runs drills one after the other, the whole list `times` times. One that fails does not keep the
 * next from running; a stack that does not come back does.
 *
 * @param done is told of each result as it comes
 */
export async function runAll(
  drills: readonly Drill[],
  times: number,
  stage: Stage,
  signal: AbortSignal,
  done: (result: DrillResult) => void,
): Promise<Runs> {
  const results: DrillResult[] = [];
  const order = Array.from({ length: times }, () => drills).flat();
  for (const drill of order) {
    try {
      const result = await runDrill(drill, stage, signal);
      results.push(result);
      done(result);
      const missing = result.error ? await missingNow(stage, signal) : [];
      if (missing.length > 0) {
        const why = `holdfast: the stack did not come back by itself: ${missing.join("; ")}`;
        return { results, ended: "broken", why };
      }
    } catch (error) {
      if (error instanceof Interrupted) {
        return { results, ended: "interrupted", why: describeFault(error) };
      }
      throw error;
    }
  }
  return { results };
}

/** For containers that the clearing up has just started. */
const START_SECONDS = 60;

/**
 * What full redundancy lacks, once what was cleared up has had its time to start; that nobody can say
 * is a lack, too. Never throws.
 */
async function missingNow(stage: Stage, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const missing = (await stage.look()).missing;
    if (missing.length > 0) {
      await untilFull(stage, START_SECONDS, signal);
    }
    return [];
  } catch (error) {
    // Interrupted: the next drill says so.
    return signal.aborted ? [] : [(error as Error).message];
  }
}

/** Refuses a stack that has something missing already. @throws Fault that says what */
export async function needFullRedundancy(stage: Stage): Promise<void> {
  const { missing } = await stage.look();
  if (missing.length > 0) {
    const { stack } = stage.settings;
    throw new Fault(
      `stack ${stack} is not fully redundant; a drill on it would prove nothing`,
      ...missing.map((phrase) => `missing: ${phrase}`),
      `look at it: ./holdfast status --stack ${stack}`,
    );
  }
}
