/** postgresql.conf: every parameter that differs from PostgreSQL's default, with its reason. */

/** Facts that {@link renderPostgresqlConf} needs. None depends on the number of replicas (M13). */
export interface PostgresqlConfArgs {
  /** Memory of one PostgreSQL container, MiB. */
  readonly memoryMiB: number;
  /** Size of one data volume, MiB: bounds the WAL that is kept for absent replicas. */
  readonly volumeSizeMiB: number;
  /** Server connections, for clients and poolers together. */
  readonly maxConnections: number;
  /** Seconds after which a segment is archived even if it is not full. */
  readonly archiveTimeoutSeconds: number;
  /** The archiver's command line, e.g. `pgbackrest --stanza=dev-a archive-push %p`. */
  readonly archiveCommand: string;
  /** How new passwords are stored: the method that pg_hba.conf asks for. */
  readonly authentication: "scram-sha-256" | "md5";
  /** The user's own parameters; one of these wins over the line of the same name here. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
}

type Value = string | number | boolean;

interface Section {
  readonly title: string;
  readonly values: Readonly<Record<string, Value>>;
}

/** Ten replicas at most (M13) and as many connections again for base backups and pg_receivewal. */
const WAL_SENDERS = 20;

/** The text of postgresql.conf, in sections, the user's parameters last. */
export function renderPostgresqlConf(args: PostgresqlConfArgs): string {
  const own = new Map<string, Value>();
  for (const [name, value] of Object.entries(args.parameters)) {
    own.set(name.toLowerCase(), value);
  }
  const lines = [
    "# Rendered by Holdfast from templates/postgresql.conf.ts. Edit the settings, not this file.",
    "# It reaches PostgreSQL through Patroni: holdfast-apply-settings reloads or restarts as needed.",
  ];
  for (const section of sections(args)) {
    const kept = Object.entries(section.values).filter(([name]) => !own.has(name));
    if (kept.length > 0) {
      lines.push("", ...section.title.split("\n").map((text) => `# ${text}`), ...kept.map(line));
    }
  }
  if (own.size > 0) {
    lines.push("", "# holdfast:database.parameters", ...[...own].sort(byName).map(line));
  }
  return `${lines.join("\n")}\n`;
}

function sections(args: PostgresqlConfArgs): readonly Section[] {
  return [
    {
      title: "Connections. Dead peers are noticed after 30 s, not after the kernel's two hours.",
      values: {
        listen_addresses: "*",
        max_connections: args.maxConnections,
        password_encryption: args.authentication,
        tcp_keepalives_idle: 15,
        tcp_keepalives_interval: 5,
        tcp_keepalives_count: 3,
        tcp_user_timeout: "30s",
        // A forgotten transaction holds back vacuum on the leader and, by feedback, from replicas.
        idle_in_transaction_session_timeout: "5min",
      },
    },
    { title: memoryTitle(args), values: memory(args) },
    {
      title:
        "Replication. Counts are for the whole range of replicas (10), so scaling changes no line.\n" +
        "max_slot_wal_keep_size is 30 % of the volume: an absent replica never fills the disk.",
      values: {
        wal_level: "replica",
        max_wal_senders: WAL_SENDERS,
        max_replication_slots: WAL_SENDERS,
        wal_keep_size: "128MB",
        max_slot_wal_keep_size: mebibytes(args.volumeSizeMiB * 0.3),
        hot_standby: true,
        // A long read on a replica delays vacuum instead of being cancelled.
        hot_standby_feedback: true,
        // pg_rewind needs it (checksums would do as well; Patroni insists on the parameter).
        wal_log_hints: true,
        synchronous_commit: true,
        wal_sender_timeout: "15s",
        wal_receiver_timeout: "15s",
      },
    },
    {
      title: "Archive. archive_timeout is half of the recovery point objective.",
      values: {
        archive_mode: true,
        archive_command: args.archiveCommand,
        archive_timeout: `${args.archiveTimeoutSeconds}s`,
      },
    },
    {
      title:
        "WAL and checkpoints. A tenth of the volume for WAL; five minutes keep crash recovery short.",
      values: {
        checkpoint_timeout: "5min",
        checkpoint_completion_target: 0.9,
        max_wal_size: mebibytes(clamp(args.volumeSizeMiB * 0.1, 256, 16384)),
        min_wal_size: "128MB",
        wal_compression: "lz4",
      },
    },
    {
      title: "Log, to the container's standard error. Statements that change roles are not logged.",
      values: {
        log_destination: "stderr",
        logging_collector: false,
        log_line_prefix: "%m [%p] %q%u@%d %a ",
        log_checkpoints: true,
        log_lock_waits: true,
        log_autovacuum_min_duration: "10s",
        log_temp_files: "16MB",
        log_min_duration_statement: "1s",
        log_statement: "none",
        log_timezone: "UTC",
      },
    },
    {
      title: "Observation and locale.",
      values: {
        shared_preload_libraries: "pg_stat_statements",
        "pg_stat_statements.max": 5000,
        // Utility statements are kept as they were written: CREATE ROLE with its password.
        "pg_stat_statements.track_utility": false,
        track_io_timing: true,
        timezone: "UTC",
        // Compiling costs more than it saves on short statements, and tens of MiB in each backend.
        jit: false,
      },
    },
  ];
}

function memoryTitle(args: PostgresqlConfArgs): string {
  return (
    `Memory, from ${args.memoryMiB} MiB: a quarter for shared_buffers; the planner counts on three\n` +
    "quarters, the page cache included; work_mem lets a quarter of the connections sort at once\n" +
    "in another quarter; maintenance_work_mem is a sixteenth, three autovacuum workers share it."
  );
}

function memory(args: PostgresqlConfArgs): Readonly<Record<string, Value>> {
  const { memoryMiB, maxConnections } = args;
  return {
    shared_buffers: mebibytes(memoryMiB / 4),
    effective_cache_size: mebibytes((memoryMiB * 3) / 4),
    work_mem: mebibytes(clamp(memoryMiB / 4 / Math.max(1, maxConnections / 4), 1, 256)),
    maintenance_work_mem: mebibytes(clamp(memoryMiB / 16, 16, 1024)),
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

function mebibytes(value: number): string {
  return `${Math.floor(value)}MB`;
}

function byName(left: readonly [string, Value], right: readonly [string, Value]): number {
  return left[0] < right[0] ? -1 : 1;
}

/** One `name = value` line; text is quoted, a quote in it is doubled, a backslash too. */
function line([name, value]: readonly [string, Value]): string {
  if (typeof value === "boolean") {
    return `${name} = ${value ? "on" : "off"}`;
  }
  if (typeof value === "number") {
    return `${name} = ${value}`;
  }
  return `${name} = '${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
