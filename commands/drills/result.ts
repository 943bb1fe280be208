import type { Settings } from "../../settings.ts";
import {
  clientGap,
  countHung,
  curveOf,
  failedPages,
  lengthOf,
  longestWrite,
  pageGap,
  readGap,
  writeGap,
} from "./gaps.ts";
import { checkLedger, countTwoLeaders } from "./ledger.ts";
import { limitsOf, measure, withoutOrders } from "./limits.ts";
import { orderFigures } from "./orders.ts";
import { siteFigures } from "./siteFigures.ts";
import type {
  Curve,
  DrillResult,
  LedgerRow,
  LoadRecord,
  OrderRow,
  Outcome,
  Verdict,
  WriteCall,
} from "./types.ts";

/** What the runner found out beside the load's record; each is missing until it is known. */
export interface Findings {
  readonly fault?: string;
  readonly redundancySeconds?: number;
  readonly stepDownSeconds?: number | undefined;
  readonly alertSeconds?: number;
  readonly wholeAgainSeconds?: number;
  readonly noTrafficSeconds?: number;
  /** In place of the gap in the record, when the load did not live to see its end. */
  readonly writeGapSeconds?: number;
  readonly leaderBefore?: string | undefined;
  readonly leaderAfter?: string | undefined;
  readonly timelineBefore?: number | undefined;
  readonly timelineAfter?: number | undefined;
  /** Each member's rows, the leader first. */
  readonly rows?: readonly (readonly [string, readonly LedgerRow[]])[];
  /** The load's name, and each member's orders of it. */
  readonly orders?: { readonly run: string; readonly members: readonly (readonly OrderRow[])[] };
  /** The load ended before it could say what became of its last calls. */
  readonly cutShort?: boolean;
  readonly notes?: readonly string[];
  readonly errors?: readonly string[];
}

/** Which drill, when, and what it is held to. */
export interface Run {
  readonly drill: string;
  readonly startedAt: string;
  readonly settings: Settings;
}

export const emptyRecord: LoadRecord = {
  begin: 0,
  end: 0,
  writes: [],
  reads: [],
  pages: [],
  orders: [],
  marks: [],
};

const emptyCurve: Curve = {
  bucketSeconds: 1,
  acknowledged: [],
  failed: [],
  reads: [],
  pages: [],
};

const nothing = {
  acknowledged: 0,
  rejected: 0,
  unknown: 0,
  lost: 0,
  duplicated: 0,
  phantom: 0,
  reordered: 0,
  twoLeaders: 0,
  hung: 0,
  verdicts: [],
  objectives: [],
  marks: [],
  curve: emptyCurve,
  notes: [],
};

/** A drill that cannot run here. Pure. */
export function skippedResult(drill: string, startedAt: string, reason: string): DrillResult {
  return { drill, fault: "", passed: false, skipped: reason, startedAt, ...nothing };
}

/** All figures of a run, held to its limits. Without a ledger it has not passed. Pure. */
export function resultOf(run: Run, record: LoadRecord, findings: Findings): DrillResult {
  const { rows, orders, errors = [], notes = [], cutShort, ...found } = findings;
  const ordered = orderFigures(orders?.run ?? "", record, orders?.members, cutShort);
  const verdicts = (rows ?? []).map(([member, list]) =>
    checkLedger(cutShort ? withUntold(record.writes, list) : record.writes, member, list),
  );
  const worst = (what: (verdict: Verdict) => readonly string[]): number =>
    Math.max(0, ...verdicts.map((verdict) => what(verdict).length));
  const ofSite = siteFigures(record, verdicts);
  const count = (outcome: Outcome) =>
    record.writes.filter((write) => write.outcome === outcome).length;
  const figures = {
    acknowledged: count("acknowledged"),
    rejected: count("rejected"),
    unknown: count("unknown"),
    lost: worst(({ lost }) => lost),
    duplicated: worst(({ duplicated }) => duplicated),
    phantom: worst(({ phantom }) => phantom),
    reordered: worst(({ reordered }) => reordered),
    twoLeaders: countTwoLeaders(record.writes),
    hung: countHung(record),
    ...defined({
      writeGapSeconds: found.writeGapSeconds ?? lengthOf(writeGap(record)),
      // A record that was cut short does not say when reads came back.
      ...(cutShort
        ? {}
        : {
            clientGapSeconds: clientGap(record),
            readGapSeconds: lengthOf(readGap(record)),
            pageGapSeconds: lengthOf(pageGap(record)),
            pagesFailed: failedPages(record),
          }),
      ...ordered,
      longestWriteSeconds: longestWrite(record),
      redundancySeconds: found.redundancySeconds,
      stepDownSeconds: found.stepDownSeconds,
      alertSeconds: found.alertSeconds,
      wholeAgainSeconds: found.wholeAgainSeconds,
      noTrafficSeconds: found.noTrafficSeconds,
      ...ofSite,
    }),
  };
  // What nobody compared is not zero: it was not measured.
  const unchecked = { lost: undefined, duplicated: undefined, phantom: undefined };
  const measurable = rows ? figures : { ...figures, ...unchecked, reordered: undefined };
  const limits = limitsOf(run.drill, run.settings);
  const objectives = measure(ordered ? limits : withoutOrders(limits), measurable);
  return {
    drill: run.drill,
    fault: found.fault ?? "",
    passed: errors.length === 0 && objectives.every(({ met }) => met),
    ...(errors.length > 0 ? { error: errors.join("; ") } : {}),
    startedAt: run.startedAt,
    ...figures,
    ...defined({
      leaderBefore: found.leaderBefore,
      leaderAfter: found.leaderAfter,
      timelineBefore: found.timelineBefore,
      timelineAfter: found.timelineAfter,
    }),
    verdicts,
    objectives,
    marks: record.marks,
    curve: record.writes.length > 0 ? curveOf(record) : emptyCurve,
    notes,
  };
}

/**
 * With an unknown outcome for each row that its client had not told of yet when the load was cut
 * short. Pure.
 */
export function withUntold(
  writes: readonly WriteCall[],
  rows: readonly LedgerRow[],
): readonly WriteCall[] {
  const told = new Map<number, WriteCall>();
  for (const write of writes) {
    if (write.sequence > (told.get(write.client)?.sequence ?? 0)) {
      told.set(write.client, write);
    }
  }
  const untold = rows.flatMap(({ client, sequence }): WriteCall[] => {
    const last = told.get(client);
    const at = last?.end ?? 0;
    return sequence > (last?.sequence ?? 0)
      ? [{ client, sequence, begin: at, end: at, outcome: "unknown" }]
      : [];
  });
  return [...writes, ...untold];
}

/** Without the fields that nobody knows. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as never;
}
