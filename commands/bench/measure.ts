import { roundsOf, WARM_UP_SECONDS } from "./plan.ts";
import type { Cell, Measured, Replication, Sample } from "./types.ts";

/** What the measuring touches; a test has one of its own. */
export interface Bench {
  measure(cell: Cell, seconds: number): Promise<Measured>;
  /** Lets the live cluster replicate so; resolves when it does. */
  replicate(mode: Exclude<Replication, "none">): Promise<void>;
  /** Makes conditions equal before a round. */
  tidy(): Promise<void>;
  /** Of the machine; null where nobody knows. */
  loadAverage(): number | null;
  say(text: string): void;
}

/**
 * Measures every cell once a round, after one warm-up.
 *
 * @param keep is told of each sample as it comes: what was measured before an interruption counts
 */
export async function measureAll(
  bench: Bench,
  cells: readonly Cell[],
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
  keep: (sample: Sample) => void,
): Promise<void> {
  bench.say("warming up");
  for (const cell of roundsOf(cells, 1).flat()) {
    await measureOne(bench, cell, WARM_UP_SECONDS);
  }
  for (const [index, order] of roundsOf(cells, rounds).entries()) {
    const round = index + 1;
    await bench.tidy();
    for (const cell of order) {
      const loadAverage = bench.loadAverage();
      const measured = await measureOne(bench, cell, seconds);
      keep({ ...cell, ...measured, round, loadAverage });
      const { load, replication, path } = cell;
      const tps = Math.round(measured.tps);
      bench.say(`round ${round} of ${rounds}: ${load}, ${replication}, ${path}: ${tps}/s`);
    }
  }
}

/** The bare server has nobody to replicate to: it is measured in whichever mode there is. */
async function measureOne(bench: Bench, cell: Cell, seconds: number): Promise<Measured> {
  if (cell.replication !== "none") {
    await bench.replicate(cell.replication);
  }
  return bench.measure(cell, seconds);
}
