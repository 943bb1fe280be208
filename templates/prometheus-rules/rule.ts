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
   * be, if nobody acts today. info: a choice with a price, for as long as it stands.
   */
  readonly severity: "critical" | "warning" | "info" | "none";
  /** One line; may name labels as `{{ $labels.instance }}`. */
  readonly summary: string;
  /** What it means, and what to do first. */
  readonly action: string;
}

/** Facts that the thresholds derive from. */
export interface RuleFacts {
  /** Seconds between two scrapes. */
  readonly scrapeIntervalSeconds: number;
  /** The recovery point objective: what the loss of a site may cost, in seconds. */
  readonly recoveryPointSeconds: number;
  /** The recovery time objective, in seconds. */
  readonly recoveryTimeSeconds: number;
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
  /** Requests that the edge gives one application instance at a time. */
  readonly requestsPerInstance: number;
  /** Room for one member's data and WAL, in MiB. */
  readonly volumeSizeMiB: number;
  /** Where the runbooks are: a folder of the repository, or a URL; no slash at the end. */
  readonly runbookUrl: string;
  /** Whether there are public names to watch. */
  readonly publicNames: boolean;
  /** Whether there are two sites. @default false */
  readonly sites?: boolean;
}

/** Labels that name one cluster. */
export const CLUSTER = "stack, site";
/** Labels that name one container. */
export const CONTAINER = "stack, site, instance";
/** Labels that name one backup repository. */
export const REPOSITORY = "stack, site, repository";

/** `and` this: the container that a series is of leads. */
export const LEADS = `on (${CONTAINER}) patroni_primary == 1`;

/** psql as superuser in the member that the alert is of. */
export const PSQL =
  "docker exec holdfast-{{ $labels.stack }}-{{ $labels.site }}-{{ $labels.instance }} psql shop";

/** A command of the launcher for the stack that the alert is of. */
export function launcher(command: string): string {
  return `./holdfast --stack {{ $labels.stack }} ${command}`;
}

/** Docker's name of a container of the site that the alert is of. */
export function containerName(alias: string): string {
  return `holdfast-{{ $labels.stack }}-{{ $labels.site }}-${alias}`;
}

export const MINUTE = 60;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const MIB = 1024 * 1024;
