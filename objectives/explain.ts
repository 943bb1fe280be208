import {
  checkpointSeconds,
  deriveTimings,
  handoverRouterSeconds,
  layerStepSeconds,
  nodeLossBoundSeconds,
  type Objectives,
  patroniRoundSeconds,
  promotionSeconds,
  queryReserveSeconds,
  routerSeconds,
  segmentsPerRestore,
  shutdownReserveSeconds,
  tierFor,
} from "../objectives.ts";

/** One line of `explainTimings`. */
export interface Explanation {
  readonly name: string;
  readonly value: number;
  readonly unit: "s" | "ms" | "checks";
  /** Where the value comes from, as a sentence or a sum. */
  readonly from: string;
}

/** Every derived number with its reason, in the order in which a fault meets them. */
export function explainTimings(objectives: Objectives): readonly Explanation[] {
  const timings = deriveTimings(objectives);
  const { patroni, handover, routerCheck: check } = timings;
  const bound = nodeLossBoundSeconds(patroni);
  const tier = tierFor(objectives.recoveryTimeSeconds);
  const choice =
    2 * bound <= objectives.recoveryTimeSeconds
      ? "the calmest whose write gap takes at most half of objectives.recoveryTime"
      : "the quickest that Patroni allows";
  const { ttlSeconds, loopWaitSeconds, retryTimeoutSeconds } = patroni;
  const gap = [ttlSeconds, loopWaitSeconds, retryTimeoutSeconds, promotionSeconds, routerSeconds];
  const rows: readonly [string, number, Explanation["unit"], string][] = [
    [
      "longest write gap, node lost",
      bound,
      "s",
      `ttl + loop_wait + retry_timeout + promotion + router = ${gap.join(" + ")}`,
    ],
    ["patroni ttl", ttlSeconds, "s", `the ${tier.name} tier: ${choice}`],
    ["patroni loop_wait", loopWaitSeconds, "s", `the ${tier.name} tier`],
    [
      "patroni retry_timeout",
      retryTimeoutSeconds,
      "s",
      `the ${tier.name} tier; loop_wait + 2 * retry_timeout <= ttl`,
    ],
    [
      "patroni primary_start_timeout",
      patroni.primaryStartTimeoutSeconds,
      "s",
      "half of ttl: a slow start ends in a failover sooner than a lost node",
    ],
    [
      "patroni primary_stop_timeout",
      patroni.primaryStopTimeoutSeconds,
      "s",
      "half of ttl: a slow stop ends in a failover sooner than a lost node",
    ],
    [
      "postgresql archive_timeout",
      timings.archiveTimeoutSeconds,
      "s",
      `half of objectives.recoveryPoint (${objectives.recoveryPointSeconds} s); the other half is for the upload`,
    ],
    [
      "archive transport",
      timings.backup.archiveTransportSeconds,
      "s",
      `objectives.recoveryPoint - archive_timeout = ${objectives.recoveryPointSeconds} - ${timings.archiveTimeoutSeconds}: what a closed segment may take to each repository`,
    ],
    [
      "incremental base backups, every",
      timings.backup.incrementalSeconds,
      "s",
      `240 * objectives.recoveryPoint, in hours that divide a day, at most 12: a restore fetches at most ${segmentsPerRestore} segments that archive_timeout closed`,
    ],
    ["router check, server up", check.interMs, "ms", "one small request a second to each member"],
    [
      "router check, server changing",
      check.fastinterMs,
      "ms",
      "a second look at the first failure",
    ],
    ["router check, server down", check.downinterMs, "ms", "a new leader is found within one"],
    ["router check, fall", check.fall, "checks", "one lost answer is no failure"],
    ["router check, rise", check.rise, "checks", "only the leader answers 200: once is proof"],
    [
      "handover drain",
      handover.drainSeconds,
      "s",
      "what running transactions get before the handover is called off",
    ],
    [
      "handover bound",
      handover.boundSeconds,
      "s",
      `drain + one Patroni round at its calmest + promotion and router = ${handover.drainSeconds} + ${patroniRoundSeconds} + ${handoverRouterSeconds}`,
    ],
    [
      "handover stop path",
      handover.stopPathSeconds,
      "s",
      "handover bound + 3 for the lock and the choice of a candidate",
    ],
    [
      "handover pause lease",
      handover.pauseLeaseSeconds,
      "s",
      "a pause whose owner died ends by itself after this",
    ],
    [
      "postgres container stop timeout",
      timings.stopTimeoutSeconds,
      "s",
      `stop path + shutdown checkpoint + reserve = ${handover.stopPathSeconds} + ${checkpointSeconds} + ${shutdownReserveSeconds}`,
    ],
    [
      "pooler query_wait_timeout",
      timings.queryWaitTimeoutSeconds,
      "s",
      `handover bound + pause lease + ${queryReserveSeconds}: no handover fails a waiting client`,
    ],
    [
      "application worker timeout",
      timings.workerTimeoutSeconds,
      "s",
      `query_wait_timeout + ${layerStepSeconds}: the worker answers before it is killed`,
    ],
    [
      "edge timeout",
      timings.edgeTimeoutSeconds,
      "s",
      `worker timeout + ${layerStepSeconds}: the edge hears the application's own answer`,
    ],
  ];
  return rows.map(([name, value, unit, from]) => ({ name, value, unit, from }));
}
