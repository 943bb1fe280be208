/** The words that load, faults, runner and report share. Times are seconds unless a name says otherwise. */

/**
 * How one call ended. `acknowledged`: the server confirmed it. `rejected`: the server answered an
 * error, or the transaction never came to its COMMIT, so nothing may be there. `unknown`: COMMIT was
 * sent and no answer came; both outcomes are allowed.
 */
export type Outcome = "acknowledged" | "rejected" | "unknown";

/** One write transaction of the load: one row, named by client and sequence number. */
export interface WriteCall {
  readonly client: number;
  /** Counts up from 1 for each client; every transaction has its own, whatever became of it. */
  readonly sequence: number;
  /** When it was begun and when its answer came, by the load's clock, seconds since 1970. */
  readonly begin: number;
  readonly end: number;
  readonly outcome: Outcome;
  /** PostgreSQL's timeline that took the row, of acknowledged ones. */
  readonly timeline?: number;
  /** Address of the server that took it, of acknowledged ones. */
  readonly server?: string;
  /** What the server, the pooler or libpq said, shortened; absent when acknowledged. */
  readonly error?: string;
  /** It came back later than its own timeout. */
  readonly hung?: boolean;
}

/** One read, of the read pool or of a page through the edge. */
export interface ReadCall {
  readonly client: number;
  readonly begin: number;
  readonly end: number;
  readonly ok: boolean;
  readonly error?: string;
  readonly hung?: boolean;
}

/** One try of an order of the shop, through the edge; `client` and `number` name the order and its key. */
export interface OrderTry {
  readonly client: number;
  readonly number: number;
  readonly begin: number;
  readonly end: number;
  /** HTTP status; 0 when there was no whole answer. */
  readonly status: number;
  /** The answer says when to come again. */
  readonly retryAfter: boolean;
  readonly error?: string;
  readonly hung?: boolean;
}

/** An order as a member has it. */
export interface OrderRow {
  /** Its idempotency key; empty without one. */
  readonly key: string;
  readonly lines: number;
}

/** A row as a member has it, in the order of its `id`. */
export interface LedgerRow {
  readonly client: number;
  readonly sequence: number;
}

/** What one member has, compared with what was acknowledged. Each list names `client/sequence`. */
export interface Verdict {
  readonly member: string;
  readonly lost: readonly string[];
  readonly duplicated: readonly string[];
  /** There, although it was rejected or never sent. */
  readonly phantom: readonly string[];
  /** Later in the table than a row that its client sent after it. */
  readonly reordered: readonly string[];
  readonly rows: number;
}

/** Something that happened during a drill, for the curve. `at` is by the load's clock. */
export interface Mark {
  readonly at: number;
  readonly text: string;
}

/** All that a load recorded. */
export interface LoadRecord {
  readonly begin: number;
  readonly end: number;
  readonly writes: readonly WriteCall[];
  /** Reads of the read pool. */
  readonly reads: readonly ReadCall[];
  /** Pages of the application through the edge. */
  readonly pages: readonly ReadCall[];
  /** Tries of orders; none where the application takes no orders. */
  readonly orders: readonly OrderTry[];
  readonly marks: readonly Mark[];
}

/** One limit that a drill is held to. */
export interface Objective {
  /** The name of the figure in the result, e.g. `writeGapSeconds`. */
  readonly name: string;
  readonly limit: number;
  /** Undefined when it could not be measured, which is a miss. */
  readonly measured: number | undefined;
  readonly met: boolean;
}

/** Calls per bucket of time, from the load's begin. */
export interface Curve {
  readonly bucketSeconds: number;
  readonly acknowledged: readonly number[];
  /** Rejected and unknown. */
  readonly failed: readonly number[];
  readonly reads: readonly number[];
  readonly pages: readonly number[];
  /** The load's begin by its own clock: bucket 0 begins there, and marks are placed by it. */
  readonly begin?: number;
  /** The longest time without an acknowledged write, by the load's clock. */
  readonly writeGap?: { readonly begin: number; readonly end: number };
}

/** What `drill --json` prints for each run; others script against it. */
export interface DrillResult {
  readonly drill: string;
  /** One sentence: what was done to what. */
  readonly fault: string;
  /** Every objective met. False for a skipped one. */
  readonly passed: boolean;
  /** Why it could not run here; then everything else is empty. */
  readonly skipped?: string;
  /** What went wrong beside the objectives, e.g. no recovery in time. */
  readonly error?: string;
  /** ISO time. */
  readonly startedAt: string;
  readonly acknowledged: number;
  readonly rejected: number;
  readonly unknown: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly phantom: number;
  readonly reordered: number;
  /** Writes acknowledged on an older timeline after a newer one had acknowledged one. */
  readonly twoLeaders: number;
  /** Calls of any kind that did not return within their own timeout. */
  readonly hung: number;
  readonly writeGapSeconds?: number;
  /** The longest time in which one and the same client got no acknowledgement. */
  readonly clientGapSeconds?: number;
  readonly readGapSeconds?: number;
  readonly pageGapSeconds?: number;
  /** Pages that were not answered with 200, or not in time. */
  readonly pagesFailed?: number;
  /** Orders of the shop that a client was told to be placed. These five are missing where none are taken. */
  readonly ordersConfirmed?: number;
  /** Confirmed and not there, or not whole. */
  readonly ordersLost?: number;
  /** There twice for one key, or with a key that nobody sent. */
  readonly ordersDuplicated?: number;
  /** Tries that were answered 503 with Retry-After. */
  readonly ordersPutOff?: number;
  /** Tries that failed in any other way: another error, or no whole answer. */
  readonly ordersBroken?: number;
  /** From the first try of an order to its confirmation; the longest. */
  readonly longestOrderSeconds?: number;
  /** From the fault until the edge sent nothing more to the faulty instances. */
  readonly noTrafficSeconds?: number;
  /** The slowest acknowledged write. */
  readonly longestWriteSeconds?: number;
  /** From the fault (or its end, when it lasts by itself) until every member streams again. */
  readonly redundancySeconds?: number;
  /** From the cut until the cut-off leader takes no writes any more. */
  readonly stepDownSeconds?: number;
  /** From the fault until the alert on it was with Alertmanager, of drills that name one. */
  readonly alertSeconds?: number;
  /** From the end of the fault until what it harmed beside redundancy was whole again. */
  readonly wholeAgainSeconds?: number;
  /** Of the loss of a site: how far back acknowledged writes are gone; 0 when none is. */
  readonly recoveryPointSeconds?: number;
  /** Of the loss of a site: the longest time without a write on the way back. */
  readonly failbackGapSeconds?: number;
  readonly leaderBefore?: string;
  readonly leaderAfter?: string;
  readonly timelineBefore?: number;
  readonly timelineAfter?: number;
  readonly verdicts: readonly Verdict[];
  readonly objectives: readonly Objective[];
  readonly marks: readonly Mark[];
  readonly curve: Curve;
  /** Observations worth a line, e.g. the alert that fired, the handover's own steps. */
  readonly notes: readonly string[];
}
