/** status.json: what the status page measures against. JSON has no comments. */

/** Facts that {@link renderStatusJson} needs. */
export interface StatusJsonArgs {
  /** The recovery point objective, in seconds. */
  readonly recoveryPointSeconds: number;
  /** The recovery time objective, in seconds. */
  readonly recoveryTimeSeconds: number;
  /** A replica further behind serves no reads, in MiB. */
  readonly readLagLimitMiB: number;
  /** Seconds between two scrapes: a rate needs several of them. */
  readonly scrapeIntervalSeconds: number;
}

/** Renders status.json. Pure; independent of how many nodes or instances there are. */
export function renderStatusJson(args: StatusJsonArgs): string {
  const facts = {
    recoveryPointSeconds: args.recoveryPointSeconds,
    recoveryTimeSeconds: args.recoveryTimeSeconds,
    readLagLimitBytes: args.readLagLimitMiB * 1024 * 1024,
    scrapeIntervalSeconds: args.scrapeIntervalSeconds,
  };
  return `${JSON.stringify(facts, undefined, 2)}\n`;
}
