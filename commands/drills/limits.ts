import { nodeLossBoundSeconds } from "../../objectives.ts";
import type { Settings } from "../../settings.ts";
import type { Objective } from "./types.ts";

/** The figures that a limit can be set on. */
export type Figure =
  | "lost"
  | "duplicated"
  | "phantom"
  | "reordered"
  | "twoLeaders"
  | "hung"
  | "rejected"
  | "unknown"
  | "writeGapSeconds"
  | "clientGapSeconds"
  | "alertSeconds"
  | "pageGapSeconds"
  | "pagesFailed"
  | "ordersLost"
  | "ordersDuplicated"
  | "ordersBroken"
  | "noTrafficSeconds"
  | "redundancySeconds"
  | "wholeAgainSeconds"
  | "recoveryPointSeconds"
  | "failbackGapSeconds"
  | "stepDownSeconds";

export type Limits = Partial<Record<Figure, number>>;

/** Seconds that faults last before they are undone; limits count from their begin. */
export const HOLD_SECONDS = {
  /** Longer than a lease (ttl 20) and the promotion after it. */
  networkCut: 35,
  paused: 30,
  stopped: 10,
  etcdMember: 10,
  hungProxy: 5,
  /** Above its limit: what ends it must be the watchdog, not the drill. */
  hungPooler: 12,
  hungGuard: 10,
  /** Its supervisor replaces it after 8 s without an answer. */
  hungPatroni: 12,
  replica: 5,
  /** Longer than the alert on it takes. */
  slowDisk: 45,
  /** Above the limit: what ends it must be who restarts it, not the drill. */
  hungInstance: 45,
  /** Long enough to see that it gets nothing. */
  failingInstance: 10,
  /** Longer than the alert on a missing synchronous standby takes. */
  noReplica: 15,
} as const;

/** How long a full disk stays full: until somebody else must have taken over. Seconds. */
export function diskFullHoldSeconds(settings: Settings): number {
  return settings.timings.patroni.primaryStartTimeoutSeconds + 20;
}

/** Promised in every drill (M16). */
const ALWAYS: Limits = {
  lost: 0,
  duplicated: 0,
  phantom: 0,
  reordered: 0,
  twoLeaders: 0,
  hung: 0,
  ordersLost: 0,
  ordersDuplicated: 0,
};
/** Planned work: no client sees an error, none is left without an answer. */
const PLANNED: Limits = {
  rejected: 0,
  unknown: 0,
  writeGapSeconds: 3,
  clientGapSeconds: 3,
  ordersBroken: 0,
};
/**
 * An instance that dies, hangs or fails is nobody's business: the database's clients do not notice, and
 * the edge repeats elsewhere what it had. Pages come every 0.1 s; an order may wait for a hung one's end.
 */
const INSTANCE: Limits = {
  rejected: 0,
  unknown: 0,
  writeGapSeconds: 2,
  pagesFailed: 0,
  pageGapSeconds: 2,
  ordersBroken: 0,
  noTrafficSeconds: 2,
  wholeAgainSeconds: 40,
};
/** What had begun to answer when it was killed is broken off there, and nobody can repeat it unseen. */
const KILLED_INSTANCE: Limits = { ...INSTANCE, pagesFailed: 1, ordersBroken: 1 };
const REDUNDANCY_SECONDS = 60;
/** Where members start from nothing, or all at once. */
const LONG_REDUNDANCY_SECONDS = 120;
/** The target for a node lost on the fastest tier, whose bound is 29 s. */
const NODE_LOSS_TARGET_SECONDS = 25;
const FASTEST_BOUND_SECONDS = 29;

/**
 * The loss of a site, whose data is copied asynchronously: what it may cost is an objective of its own,
 * writes and orders alike, and a call may wait for a site that is gone until its own timeout. The issue's
 * two minutes for the change; a planned one back, with DNS' time to live (30 s) and the drain.
 */
function siteLoss({ objectives }: Settings): Limits {
  return {
    duplicated: 0,
    phantom: 0,
    reordered: 0,
    twoLeaders: 0,
    ordersDuplicated: 0,
    writeGapSeconds: 120,
    recoveryPointSeconds: objectives.recoveryPointSeconds,
    failbackGapSeconds: 60,
    redundancySeconds: LONG_REDUNDANCY_SECONDS,
    // A standby that has to be copied anew included.
    wholeAgainSeconds: 600,
  };
}

/** The limits of one drill; a name that is not known gets those of every drill. Pure. */
export function limitsOf(drill: string, settings: Settings): Limits {
  if (drill === "site") {
    return siteLoss(settings);
  }
  return { ...ALWAYS, redundancySeconds: REDUNDANCY_SECONDS, ...own(drill, settings) };
}

/** Backups' faults are nobody's business who writes: no error, no wait. */
const UNNOTICED: Limits = { rejected: 0, unknown: 0, writeGapSeconds: 5 };

/** Family backup: within how many seconds an alert names the fault, and the backups are whole again. */
const BACKUPS: Readonly<Record<string, Limits>> = {
  "s3-unavailable": { alertSeconds: 60, wholeAgainSeconds: 60 },
  // A call that is never answered is given up first.
  "s3-hung": { alertSeconds: 90, wholeAgainSeconds: 60 },
  "bucket-gone": { alertSeconds: 60, wholeAgainSeconds: 60 },
  "bucket-emptied": { wholeAgainSeconds: 120 },
  "credentials-revoked": { alertSeconds: 60, wholeAgainSeconds: 60 },
  "backup-killed": { alertSeconds: 60, wholeAgainSeconds: 60 },
  "backup-paused": { alertSeconds: 60, wholeAgainSeconds: 60 },
  "clock-skew": { alertSeconds: 120, wholeAgainSeconds: 60 },
  "wal-deleted": { wholeAgainSeconds: 30 },
  // Its listing comes every ten minutes.
  "wal-deleted-cloud": { wholeAgainSeconds: 660 },
  // With a base backup of each repository.
  "wal-lost": { wholeAgainSeconds: 120 },
  "bit-flip": { alertSeconds: 60, wholeAgainSeconds: 60 },
  "dump-truncated": { alertSeconds: 60, wholeAgainSeconds: 60 },
  "stanza-mismatch": { alertSeconds: 90, wholeAgainSeconds: 120 },
  // Some room is left: the load fills it first.
  "repository-full": { alertSeconds: 150, wholeAgainSeconds: 90 },
};

/** Where the application takes no orders, nothing is promised of them. Pure. */
export function withoutOrders(limits: Limits): Limits {
  return Object.fromEntries(Object.entries(limits).filter(([name]) => !name.startsWith("orders")));
}

function own(drill: string, settings: Settings): Limits {
  const { timings } = settings;
  const backup = BACKUPS[drill];
  if (backup) {
    return { ...UNNOTICED, ...backup };
  }
  switch (drill) {
    case "switchover":
    case "leader-stopped":
    case "restart":
    case "handover-twice":
    case "replica-stopped":
      return PLANNED;
    case "handover-interrupted":
      // A pause whose owner died holds until its lease ends.
      return {
        ...PLANNED,
        writeGapSeconds: timings.handover.pauseLeaseSeconds + 5,
        clientGapSeconds: timings.handover.pauseLeaseSeconds + 5,
      };
    case "pooler-killed":
    case "pooler-hung":
      // The clients of one pooler are half of all: the others would hide them.
      return { writeGapSeconds: 5, clientGapSeconds: 5 };
    case "app-killed":
    case "app-all-but-one-killed":
      return KILLED_INSTANCE;
    case "app-hung":
    case "app-failing":
      return INSTANCE;
    case "replicas-stopped":
      // M16: who runs without a synchronous standby is told within 10 s.
      return { writeGapSeconds: 5, alertSeconds: 10 };
    case "network-cut":
      return { writeGapSeconds: nodeLossLimit(settings), stepDownSeconds: stepDownLimit(settings) };
    case "container-paused":
      return { writeGapSeconds: nodeLossLimit(settings) };
    case "disk-full":
      return {
        writeGapSeconds: timings.patroni.primaryStartTimeoutSeconds + 15,
        redundancySeconds: LONG_REDUNDANCY_SECONDS,
      };
    case "slow-disk":
      return { alertSeconds: HOLD_SECONDS.slowDisk };
    case "etcd-all-killed":
      return { writeGapSeconds: 8 };
    case "etcd-all-lost":
      return { writeGapSeconds: 8, redundancySeconds: LONG_REDUNDANCY_SECONDS };
    case "router-killed":
    case "router-hung":
    case "guard-killed":
    case "guard-hung":
      return { writeGapSeconds: 2 };
    case "edge-killed":
      return { writeGapSeconds: 5, pageGapSeconds: 5 };
    case "edge-hung":
      return { writeGapSeconds: 5, pageGapSeconds: HOLD_SECONDS.hungProxy + 2 };
    case "host-killed":
    case "daemon-killed":
      return { writeGapSeconds: 60, redundancySeconds: LONG_REDUNDANCY_SECONDS };
    default:
      // A process or a container that crashed, or that Docker says is gone.
      return { writeGapSeconds: 5 };
  }
}

/**
 * A cut-off leader gives up after its calls to etcd have failed for retry_timeout, twice at worst, and
 * its PostgreSQL has stopped: 8 s on the fastest tier, 6.0 to 6.8 s measured by hand.
 */
function stepDownLimit({ timings }: Settings): number {
  return 2 * timings.patroni.retryTimeoutSeconds + 2;
}

/** After a node vanished without a word. */
function nodeLossLimit(settings: Settings): number {
  const bound = nodeLossBoundSeconds(settings.timings.patroni);
  return bound <= FASTEST_BOUND_SECONDS ? NODE_LOSS_TARGET_SECONDS : bound;
}

/** Compares figures with limits. What could not be measured is a miss. Pure. */
export function measure(
  limits: Limits,
  figures: Partial<Record<Figure, number | undefined>>,
): Objective[] {
  return Object.entries(limits).map(([name, limit]) => {
    const measured = figures[name as Figure];
    return { name, limit, measured, met: measured !== undefined && measured <= limit };
  });
}
