/**
 * Recovery objectives in, timings out.
 *
 * A user states two numbers: how much may be lost when a whole site is lost (recovery point, RPO)
 * and how long writes may be away when a node is lost (recovery time, RTO). Everything below them
 * follows by arithmetic, so no combination of settings contradicts another: `deriveTimings` is the
 * only source of `Settings.timings`. Each number with its reason: objectives/explain.ts; what they add
 * up to: objectives/bounds.ts.
 *
 * All functions here are pure.
 */

/** What `settings.objectives` holds. */
export interface Objectives {
  /**
   * RPO: the longest stretch of acknowledged writes that the loss of the site may take, in seconds.
   */
  readonly recoveryPointSeconds: number;
  /** RTO: the longest time without writes after the loss of one node, in seconds. */
  readonly recoveryTimeSeconds: number;
}

/** Every waiting time of the environment, derived; none is a setting of its own. */
export interface Timings {
  /**
   * Patroni's dynamic configuration. ttl >= 20, retry >= 3 and loop + 2 * retry <= ttl always hold.
   */
  readonly patroni: {
    readonly ttlSeconds: number;
    readonly loopWaitSeconds: number;
    readonly retryTimeoutSeconds: number;
    readonly primaryStartTimeoutSeconds: number;
    readonly primaryStopTimeoutSeconds: number;
  };
  /** PostgreSQL's archive_timeout: a WAL segment is closed and archived at least this often. */
  readonly archiveTimeoutSeconds: number;
  /** HAProxy's checks of Patroni's REST API. */
  readonly routerCheck: {
    readonly interMs: number;
    readonly fastinterMs: number;
    readonly downinterMs: number;
    readonly fall: number;
    readonly rise: number;
  };
  /** The planned handover: PAUSE, switchover, RESUME. */
  readonly handover: {
    /** How long PAUSE waits for running transactions before the handover is called off. */
    readonly drainSeconds: number;
    /** From PAUSE to RESUME at most; past it the handover is called off and the clients go on. */
    readonly boundSeconds: number;
    /** How long a stopping leader tries for a handover before it stops without one. */
    readonly stopPathSeconds: number;
    /**
     * How long a PAUSE holds without renewal: its owner may die, the clients wait no longer than
     * this.
     */
    readonly pauseLeaseSeconds: number;
  };
  /** Docker's stop timeout of a postgres container: handover, shutdown checkpoint and a reserve. */
  readonly stopTimeoutSeconds: number;
  /** PgBouncer's query_wait_timeout. */
  readonly queryWaitTimeoutSeconds: number;
  readonly backup: {
    /** Between two base backups that a restore may begin with, at most. */
    readonly incrementalSeconds: number;
    /**
     * What a closed WAL segment may take to reach a repository. Longer, and the recovery point is in
     * danger; an archive that is older than the recovery point itself has missed it.
     */
    readonly archiveTransportSeconds: number;
  };
  /** gunicorn's worker timeout. */
  readonly workerTimeoutSeconds: number;
  /** The edge's `timeout server`. */
  readonly edgeTimeoutSeconds: number;
}

/** Ranges of the two objectives that this version can hold, in seconds. */
export const objectiveLimits = {
  /** Half of it is archive_timeout, which must not go below 15 s (`archiveTimeoutFloorSeconds`). */
  recoveryPointMinSeconds: 30,
  /** The fastest tier's bound (29 s), rounded up to a number people can remember. */
  recoveryTimeMinSeconds: 30,
  /** Both: beyond an hour no timing changes any more, and the alerts would say nothing. */
  maxSeconds: 3600,
} as const;

/** Below this PostgreSQL archives mostly empty 16 MiB segments all day, over four a minute. */
export const archiveTimeoutFloorSeconds = 15;

/**
 * Patroni's timings, fastest first. ttl 20, loop 1 and retry 3 are Patroni's own floors: it clamps
 * lower values with nothing but a log line. Calmer ones bear longer pauses of etcd or of the
 * machine without a needless failover, at the price of noticing a real loss later, so they are
 * taken as soon as the objective leaves the room.
 */
export const patroniTiers = [
  { name: "fast", ttlSeconds: 20, loopWaitSeconds: 1, retryTimeoutSeconds: 3 },
  { name: "balanced", ttlSeconds: 25, loopWaitSeconds: 3, retryTimeoutSeconds: 8 },
  { name: "calm", ttlSeconds: 30, loopWaitSeconds: 5, retryTimeoutSeconds: 10 },
] as const;

type PatroniTier = (typeof patroniTiers)[number];

/**
 * From the leader race to a server that accepts writes; measured 1.9 to 2.5 s, doubled checks
 * included.
 */
export const promotionSeconds = 3;
/**
 * The router's next check (0.25 s while a server is down) and the pooler's next login (1 s),
 * rounded up.
 */
export const routerSeconds = 2;
/** One of Patroni's rounds at its calmest tier, in a planned handover. */
export const patroniRoundSeconds = 5;
/** Promotion and router in a planned handover, in which nobody waits for a lease. */
export const handoverRouterSeconds = 2;
/** What a client may wait beyond a handover whose owner died at its end, and the lease after it. */
export const queryReserveSeconds = 3;
/** A shutdown checkpoint of a busy lab database; a clean stop must not end in SIGKILL. */
export const checkpointSeconds = 30;
/**
 * For the fast shutdown itself: clients are closed, the last segment is archived, replicas catch
 * up.
 */
export const shutdownReserveSeconds = 15;
/** WAL segments that a restore has to fetch and replay at most, beside those of a busy database. */
export const segmentsPerRestore = 480;
/** Hours that divide the day, so that the distance from the day's last run to its first is the same. */
const incrementalHours = [2, 3, 4, 6, 8, 12] as const;
/** Between two layers that wait for each other: the inner one needs time to fail and to say so. */
export const layerStepSeconds = 5;

/**
 * The longest write gap after a node is lost without a word (power, kernel, cut cable): the lease
 * may have been renewed just before (ttl), a replica sees that at its next round (loop) and may
 * have to repeat one etcd call (retry), then it is promoted and found by router and pooler. Fast
 * tier: 20 + 1 + 3 + 3 + 2 = 29 s (measured 20.1 to 22.9 s).
 */
export function nodeLossBoundSeconds(patroni: {
  readonly ttlSeconds: number;
  readonly loopWaitSeconds: number;
  readonly retryTimeoutSeconds: number;
}): number {
  return (
    patroni.ttlSeconds +
    patroni.loopWaitSeconds +
    patroni.retryTimeoutSeconds +
    promotionSeconds +
    routerSeconds
  );
}

/**
 * The calmest tier whose bound takes at most half of the recovery time: the other half is for what
 * comes after it (the application's own reconnect, a second candidate). When none is that quick,
 * the fastest.
 */
export function tierFor(recoveryTimeSeconds: number): PatroniTier {
  const roomy = patroniTiers.filter((t) => 2 * nodeLossBoundSeconds(t) <= recoveryTimeSeconds);
  return roomy.at(-1) ?? patroniTiers[0];
}

/**
 * Seconds between incremental base backups. A segment is closed at least every half recovery point,
 * so 240 recovery points bound what a restore fetches beside a busy database's own segments to 480;
 * at most 12 h (a full or differential one runs once a day anyway), and never below 2 h, because no
 * recovery point is below 30 s.
 */
export function incrementalSeconds(recoveryPointSeconds: number): number {
  const wanted = (recoveryPointSeconds * segmentsPerRestore) / 2;
  const hours = incrementalHours.filter((each) => each * 3600 <= wanted).at(-1) ?? 2;
  return hours * 3600;
}

/** The same as a cron line; at minute 5, away from the day's base backup, dump and drill. */
export function incrementalCron(recoveryPointSeconds: number): string {
  return `5 */${incrementalSeconds(recoveryPointSeconds) / 3600} * * *`;
}

/**
 * Every timing that the objectives imply.
 *
 * @throws RangeError when an objective is outside `objectiveLimits`; the settings report that by config key before.
 */
export function deriveTimings(objectives: Objectives): Timings {
  const { recoveryPointSeconds, recoveryTimeSeconds } = objectives;
  const limits = objectiveLimits;
  if (!(recoveryPointSeconds >= limits.recoveryPointMinSeconds)) {
    throw new RangeError(`recoveryPointSeconds = ${recoveryPointSeconds}: below 30`);
  }
  if (!(recoveryTimeSeconds >= limits.recoveryTimeMinSeconds)) {
    throw new RangeError(`recoveryTimeSeconds = ${recoveryTimeSeconds}: below 30`);
  }
  const tier = tierFor(recoveryTimeSeconds);
  // A leader that is slow to start or to stop holds its key: half a ttl keeps that path shorter
  // than a lost node's.
  const patience = Math.floor(tier.ttlSeconds / 2);
  const drainSeconds = 5;
  const handover = {
    drainSeconds,
    // Measured 2.3 s in all.
    boundSeconds: drainSeconds + patroniRoundSeconds + handoverRouterSeconds,
    // The handover, and 3 s to get the lock and to choose a candidate.
    stopPathSeconds: 15,
    pauseLeaseSeconds: 10,
  };
  // A handover whose owner dies at its very end is undone by the lease: even then no waiting client
  // has failed.
  const queryWait = handover.boundSeconds + handover.pauseLeaseSeconds + queryReserveSeconds;
  const archiveTimeoutSeconds = Math.max(
    archiveTimeoutFloorSeconds,
    Math.floor(recoveryPointSeconds / 2),
  );
  return {
    patroni: {
      ttlSeconds: tier.ttlSeconds,
      loopWaitSeconds: tier.loopWaitSeconds,
      retryTimeoutSeconds: tier.retryTimeoutSeconds,
      primaryStartTimeoutSeconds: patience,
      primaryStopTimeoutSeconds: patience,
    },
    archiveTimeoutSeconds,
    // 2s/fall 3/rise 2, HAProxy's own defaults, double the gap of a switchover: 4.7 instead of 2.2
    // s.
    routerCheck: { interMs: 1000, fastinterMs: 250, downinterMs: 250, fall: 2, rise: 1 },
    handover,
    stopTimeoutSeconds: handover.stopPathSeconds + checkpointSeconds + shutdownReserveSeconds,
    queryWaitTimeoutSeconds: queryWait,
    backup: {
      incrementalSeconds: incrementalSeconds(recoveryPointSeconds),
      archiveTransportSeconds: recoveryPointSeconds - archiveTimeoutSeconds,
    },
    workerTimeoutSeconds: queryWait + layerStepSeconds,
    edgeTimeoutSeconds: queryWait + 2 * layerStepSeconds,
  };
}
