/** backup.json: what the backup container backs up, when, and what it keeps. A live file. */

/** Facts that {@link renderBackupSchedule} needs. */
export interface BackupScheduleArgs {
  /** pgBackRest's name for the cluster, `<stack>-<site>`. */
  readonly stanza: string;
  /** Addresses of the whole reserved range of nodes; those that exist are asked of Patroni. */
  readonly nodes: readonly string[];
  /** Databases that pg_dump covers. */
  readonly databases: readonly string[];
  /** Cron line (UTC) of base backups. */
  readonly physical: string;
  /** Cron line (UTC) of dumps. */
  readonly logical: string;
  /** Dumps kept. */
  readonly keepDumps: number;
  /**
   * A base backup is full when the newest full one is at least this old, incremental otherwise.
   * @default 7
   */
  readonly fullEveryDays?: number;
  /** PostgreSQL's data directory on the nodes. @default "/var/lib/postgresql/17/main" */
  readonly dataDirectory?: string;
}

/** Renders backup.json. JSON has no comments, so the usual first line is missing. */
export function renderBackupSchedule(args: BackupScheduleArgs): string {
  const body = {
    stanza: args.stanza,
    nodes: args.nodes,
    databases: args.databases,
    dataDirectory: args.dataDirectory ?? "/var/lib/postgresql/17/main",
    schedule: { physical: args.physical, logical: args.logical },
    fullEveryDays: args.fullEveryDays ?? 7,
    keepDumps: args.keepDumps,
  };
  return `${JSON.stringify(body, undefined, 2)}\n`;
}
