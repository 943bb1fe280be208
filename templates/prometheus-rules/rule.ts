/** What every alert has. One group is one array of these; prometheus-rules.ts puts them together. */

/** An alert as its author writes it. */
export interface AlertRule {
  /** CamelCase, what is wrong: also the name of its runbook. */
  readonly alert: string;
  /** PromQL; the alert holds for each series that is left. */
  readonly expr: string;
  /** How long the expression must hold without a gap, in seconds. */
  readonly forSeconds: number;
  /**
   * critical: data or service is being lost, or nothing would stand the next fault. warning: it will
   * be, if nobody acts today.
   */
  readonly severity: "critical" | "warning" | "none";
  /** One line; may name labels as `{{ $labels.instance }}`. */
  readonly summary: string;
  /** What it means, and what to do first. */
  readonly action: string;
}

/** Facts that the thresholds derive from. */
export interface RuleFacts {
  /** Seconds between two scrapes. */
  readonly scrapeIntervalSeconds: number;
  /** PostgreSQL's archive_timeout, in seconds. */
  readonly archiveTimeoutSeconds: number;
  /** Patroni's timings, in seconds. */
  readonly patroni: {
    readonly ttlSeconds: number;
    readonly loopWaitSeconds: number;
    readonly retryTimeoutSeconds: number;
  };
  /** The longest planned handover, in seconds: clients of the pooler wait so long without harm. */
  readonly handoverBoundSeconds: number;
  /** A replica further behind serves no reads, in MiB. */
  readonly readLagLimitMiB: number;
  /** Application instances that must always run. */
  readonly minimumInstances: number;
}

/** Labels that name one cluster. */
export const CLUSTER = "stack, site";
/** Labels that name one container. */
export const CONTAINER = "stack, site, instance";

export const MINUTE = 60;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const MIB = 1024 * 1024;
