/** What the thresholds of panels derive from. */

/** Facts of the settings; none depends on how many nodes or instances there are (M13). */
export interface DashboardFacts {
  /** The recovery point objective: what the loss of a site may cost, in seconds. */
  readonly recoveryPointSeconds: number;
  /** The recovery time objective, in seconds. */
  readonly recoveryTimeSeconds: number;
  /** PostgreSQL's archive_timeout, in seconds. */
  readonly archiveTimeoutSeconds: number;
  /** The longest planned handover, in seconds: clients of the pooler wait so long without harm. */
  readonly handoverBoundSeconds: number;
  /** Patroni's lease, in seconds: the largest part of an unplanned failover. */
  readonly leaseSeconds: number;
  /** A replica further behind serves no reads, in MiB. */
  readonly readLagLimitMiB: number;
  /** Seconds between two scrapes. */
  readonly scrapeIntervalSeconds: number;
}
