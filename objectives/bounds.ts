/** What the objectives promise, fault by fault, and which part takes how much of it. Pure. */
import {
  deriveTimings,
  handoverRouterSeconds,
  nodeLossBoundSeconds,
  type Objectives,
  patroniRoundSeconds,
  promotionSeconds,
  queryReserveSeconds,
  routerSeconds,
} from "../objectives.ts";

/** A share of a bound, and who holds to it. */
export interface BoundPart {
  readonly name: string;
  readonly amount: number;
  readonly from: string;
}

/** A bound is measured by drills (a figure of `DrillResult`), or by what restore drills and archives say. */
export type MeasuredBy =
  | {
      readonly kind: "drills";
      /** Names; empty for all that there are. */
      readonly drills: readonly string[];
      readonly figure: "writeGapSeconds" | "clientGapSeconds" | "lost";
    }
  | { readonly kind: "archive" }
  | { readonly kind: "restore"; readonly figure: "rtoSeconds" | "rpoSeconds" };

/** What is promised for one kind of fault. */
export interface Bound {
  readonly name: string;
  readonly objective: keyof Objectives;
  /** What happened, and what is promised of it. */
  readonly promise: string;
  readonly limit: number;
  readonly unit: "s" | "writes";
  /** They add up to the limit. */
  readonly parts: readonly BoundPart[];
  readonly measuredBy: MeasuredBy;
}

/** Every bound, in the order in which faults get worse. */
export function boundsOf(objectives: Objectives): readonly Bound[] {
  return [...recoveryTimeBounds(objectives), ...recoveryPointBounds(objectives)];
}

function recoveryTimeBounds(objectives: Objectives): Bound[] {
  const { patroni, handover, routerCheck, queryWaitTimeoutSeconds } = deriveTimings(objectives);
  const objective = "recoveryTimeSeconds";
  const promotion = part(
    "promotion",
    promotionSeconds,
    "Patroni's leader race, PostgreSQL's promotion",
  );
  const router = part(
    "router and pooler",
    routerSeconds,
    `HAProxy looks every ${routerCheck.downinterMs} ms while a server is down (rise ${routerCheck.rise}), the pooler's agent ten times a second when in doubt; a login takes up to 1 s; rounded up`,
  );
  const loop = part("loop_wait", patroni.loopWaitSeconds, "a replica's next Patroni round");
  return [
    bound(
      objective,
      "planned handover",
      "clients wait, none fails",
      [
        part("drain", handover.drainSeconds, "what open transactions get"),
        part("switchover", patroniRoundSeconds, "one Patroni round at its calmest"),
        part(
          "promotion and pooler",
          handoverRouterSeconds,
          "the candidate promotes, the poolers follow it",
        ),
      ],
      by(["switchover", "leader-stopped", "restart", "handover-twice"], "clientGapSeconds"),
    ),
    bound(
      objective,
      "handover whose owner died",
      "clients wait, none fails",
      [
        part("handover", handover.boundSeconds, "as above"),
        part("pause lease", handover.pauseLeaseSeconds, "the poolers resume by themselves"),
        part(
          "reserve",
          queryReserveSeconds,
          `query_wait_timeout is all three: ${queryWaitTimeoutSeconds} s`,
        ),
      ],
      by(["handover-interrupted"], "clientGapSeconds"),
    ),
    bound(
      objective,
      "leader slow to start or to stop",
      "another one leads",
      [
        part(
          "primary_start_timeout",
          patroni.primaryStartTimeoutSeconds,
          "half of ttl; as primary_stop_timeout",
        ),
        ...[loop, promotion, router],
      ],
      by(["disk-full"], "writeGapSeconds"),
    ),
    bound(
      objective,
      "node lost without a word",
      "another one leads",
      [
        part("ttl", patroni.ttlSeconds, "the lease, renewed just before the loss"),
        loop,
        part("retry_timeout", patroni.retryTimeoutSeconds, "one call to etcd, repeated"),
        ...[promotion, router],
      ],
      by(["network-cut", "container-paused"], "writeGapSeconds"),
    ),
    bound(
      objective,
      "any single fault",
      "writes are back",
      [
        part("node lost without a word", nodeLossBoundSeconds(patroni), "as above"),
        part(
          "what comes after it",
          objectives.recoveryTimeSeconds - nodeLossBoundSeconds(patroni),
          "crash recovery where the whole host died, a second candidate, the application's reconnect",
        ),
      ],
      by([], "writeGapSeconds"),
    ),
    bound(
      objective,
      "restore of a backup",
      "a server that takes connections",
      [
        part(
          "restore",
          objectives.recoveryTimeSeconds,
          "grows with the database, not with the objective: base backup, then the WAL since; incremental base backups bound that",
        ),
      ],
      { kind: "restore", figure: "rtoSeconds" },
    ),
  ];
}

function recoveryPointBounds(objectives: Objectives): Bound[] {
  const { archiveTimeoutSeconds, backup } = deriveTimings(objectives);
  const objective = "recoveryPointSeconds";
  const archive = [
    part("archive_timeout", archiveTimeoutSeconds, "PostgreSQL closes a segment at least so often"),
    part(
      "archive transport",
      backup.archiveTransportSeconds,
      "pgBackRest to the local repository, the backup container to the cloud",
    ),
  ];
  const quorum = part(
    "synchronous_mode quorum",
    0,
    "COMMIT returns when the leader and a replica have flushed it, and only such a replica is promoted",
  );
  const node: Bound = {
    ...bound(objective, "single fault", "no acknowledged write is lost", [quorum], by([], "lost")),
    unit: "writes",
  };
  return [
    node,
    bound(objective, "site lost, now", "what the archive lacks", archive, { kind: "archive" }),
    bound(objective, "site lost, proven", "what a restore brings back", archive, {
      kind: "restore",
      figure: "rpoSeconds",
    }),
  ];
}

const part = (name: string, amount: number, from: string): BoundPart => ({ name, amount, from });

const by = (
  drills: readonly string[],
  figure: "writeGapSeconds" | "clientGapSeconds" | "lost",
): MeasuredBy => ({ kind: "drills", drills, figure });

function bound(
  objective: keyof Objectives,
  name: string,
  promise: string,
  parts: readonly BoundPart[],
  measuredBy: MeasuredBy,
): Bound {
  const limit = parts.reduce((sum, { amount }) => sum + amount, 0);
  return { name, objective, promise, limit, unit: "s", parts, measuredBy };
}
