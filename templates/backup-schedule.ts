/** backup.json: what the backup container backs up, when, to where, and what it keeps. A live file. */

/** Facts that {@link renderBackupSchedule} needs. */
export interface BackupScheduleArgs {
  /** pgBackRest's name for the cluster, `<stack>-<site>`. */
  readonly stanza: string;
  /** Addresses of the whole reserved range of nodes; those that exist are asked of Patroni. */
  readonly nodes: readonly string[];
  /** Databases that pg_dump covers. */
  readonly databases: readonly string[];
  /** Cron lines (UTC). */
  readonly schedule: {
    /** Full or differential base backups. */
    readonly physical: string;
    /** Incremental ones between them. */
    readonly incremental: string;
    readonly logical: string;
    /** Restore drills. */
    readonly drill: string;
  };
  /** Tables that are dumped by themselves too. */
  readonly tables: readonly string[];
  /** Dumps kept in the local repository. */
  readonly keepDumps: number;
  /** A new member is seeded from a base backup that is younger than this. */
  readonly seedMaxAgeSeconds: number;
  /** Segments that may wait on a member for the archive before any is dropped. */
  readonly queueLimitSegments: number;
  /** What lateness is measured by. */
  readonly objectives: {
    readonly recoveryPointSeconds: number;
    readonly recoveryTimeSeconds: number;
    readonly archiveTimeoutSeconds: number;
  };
  /** The second repository, without its keys. @default none */
  readonly cloud?: {
    /** `https://host[:port]`. */
    readonly endpoint: string;
    readonly region: string;
    readonly bucket: string;
    /** Absolute path inside the bucket. */
    readonly path: string;
    readonly pathStyle: boolean;
    /** File of the endpoint's authority in the container. @default the system's authorities */
    readonly caFile?: string;
    /** Dumps kept there. */
    readonly keepDumps: number;
  };
  /**
   * The day's base backup is full when the newest full one is at least this old, differential
   * otherwise. @default 7
   */
  readonly fullEveryDays?: number;
  /** PostgreSQL's data directory on the nodes. @default "/var/lib/postgresql/17/main" */
  readonly dataDirectory?: string;
}

/** Renders backup.json. JSON has no comments, so the usual first line is missing. */
export function renderBackupSchedule(args: BackupScheduleArgs): string {
  const { schedule, objectives, cloud } = args;
  const body = {
    stanza: args.stanza,
    nodes: args.nodes,
    databases: args.databases,
    dataDirectory: args.dataDirectory ?? "/var/lib/postgresql/17/main",
    schedule: {
      physical: schedule.physical,
      incremental: schedule.incremental,
      logical: schedule.logical,
      drill: schedule.drill,
    },
    fullEveryDays: args.fullEveryDays ?? 7,
    keepDumps: args.keepDumps,
    tables: args.tables,
    seedMaxAgeSeconds: args.seedMaxAgeSeconds,
    queueLimitSegments: args.queueLimitSegments,
    objectives: {
      recoveryPointSeconds: objectives.recoveryPointSeconds,
      recoveryTimeSeconds: objectives.recoveryTimeSeconds,
      archiveTimeoutSeconds: objectives.archiveTimeoutSeconds,
    },
    cloud: cloud === undefined ? null : cloudOf(cloud),
  };
  return `${JSON.stringify(body, undefined, 2)}\n`;
}

function cloudOf(cloud: NonNullable<BackupScheduleArgs["cloud"]>) {
  return {
    endpoint: cloud.endpoint,
    region: cloud.region,
    bucket: cloud.bucket,
    path: cloud.path,
    pathStyle: cloud.pathStyle,
    caFile: cloud.caFile ?? null,
    keepDumps: cloud.keepDumps,
  };
}
