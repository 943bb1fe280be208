/** What only the loss of a site is measured by. Times are the load's clock. Pure. */
import { longestGap } from "./gaps.ts";
import type { LoadRecord, Verdict } from "./types.ts";

/** Of the runner's marks (run.ts). */
const FAULT = "fault: site";
const UNDONE = "undone: ";

export interface SiteFigures {
  /**
   * From the oldest acknowledged write that is gone to the last one before writes stood still; 0 when
   * none is gone. Not from the fault's mark: a site's containers end one after the other, and some
   * writes are acknowledged after it.
   */
  readonly recoveryPointSeconds: number;
  /** The longest time without a write after the lost site was there again: its switchover. */
  readonly failbackGapSeconds?: number;
}

/** Undefined for other drills, and where nobody compared a ledger. */
export function siteFigures(
  { begin, end, marks, writes }: LoadRecord,
  verdicts: readonly Verdict[],
): SiteFigures | undefined {
  const fault = marks.find(({ text }) => text === FAULT);
  if (fault === undefined || verdicts.length === 0) {
    return undefined;
  }
  const lost = new Set(verdicts.flatMap((verdict) => verdict.lost));
  const ends = writes
    .filter(({ client, sequence }) => lost.has(`${client}/${sequence}`))
    .map((write) => write.end);
  const undone = marks.find(({ text }) => text.startsWith(UNDONE));
  const acknowledged = writes.filter(({ outcome }) => outcome === "acknowledged");
  const times = acknowledged.map((write) => write.end);
  const gap =
    undone === undefined
      ? undefined
      : longestGap({ begin: Math.max(begin, undone.at), end }, times);
  const stood = longestGap({ begin: fault.at, end: undone?.at ?? end }, times)?.begin ?? fault.at;
  return {
    recoveryPointSeconds: ends.length === 0 ? 0 : Math.max(0, stood - Math.min(...ends)),
    ...(gap === undefined ? {} : { failbackGapSeconds: gap.end - gap.begin }),
  };
}
