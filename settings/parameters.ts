/** Which PostgreSQL parameters `database.parameters` may carry. Pure. */
import type { Path } from "./tree.ts";

interface Reserved {
  readonly reason: string;
  /** The setting that decides it instead, and a value to begin with. */
  readonly instead?: { readonly path: Path; readonly value: string | number | boolean };
}

const seeded = (group: string, key: string, value: string | number | boolean): Reserved => ({
  reason: `follows from ${group}.${key}; set that`,
  instead: { path: [group, key], value },
});
const held = (reason: string): Reserved => ({ reason });

const patroni = held("Patroni decides it; a second opinion would stop or split the cluster");
const files = held("Holdfast decides where the files are, and mounts them there");
const replication = held(
  "replication and failover rest on it; Holdfast keeps it at what they need",
);
const archive = held("WAL archiving rests on it; Holdfast keeps it with the backups");
const logging = held("logs go to the container's own output, where they are collected");
const certificates = held(
  "Holdfast decides on certificates; a file named here is not in the container",
);
const lossless = held("switching it off lets a crash lose or corrupt acknowledged writes");

const reserved: ReadonlyMap<string, Reserved> = new Map([
  ["max_connections", seeded("database", "maxConnections", 200)],
  ["shared_buffers", seeded("database", "memory", "512 MB")],
  ["archive_timeout", seeded("objectives", "recoveryPoint", "1 min")],
  ["password_encryption", seeded("database", "authentication", "scram-sha-256")],
  [
    "synchronous_commit",
    held("the durability promise rests on it; lower it for a role (ALTER ROLE) or a transaction"),
  ],
  ...entries(lossless, "fsync full_page_writes data_sync_retry"),
  ...entries(
    patroni,
    "listen_addresses port cluster_name hot_standby primary_conninfo primary_slot_name synchronous_standby_names",
    "restore_command recovery_end_command archive_cleanup_command recovery_target_action recovery_target",
    "recovery_target_inclusive recovery_target_lsn recovery_target_name recovery_target_time",
    "recovery_target_timeline recovery_target_xid",
  ),
  ...entries(
    files,
    "data_directory config_file hba_file ident_file external_pid_file unix_socket_directories",
    "include include_dir include_if_exists",
  ),
  ...entries(
    replication,
    "wal_level wal_log_hints wal_keep_size max_wal_senders max_replication_slots",
  ),
  ...entries(archive, "archive_mode archive_command archive_library"),
  ...entries(logging, "logging_collector log_destination log_directory log_filename"),
  ...entries(
    certificates,
    "ssl ssl_ca_file ssl_cert_file ssl_crl_dir ssl_crl_file ssl_dh_params_file ssl_key_file",
  ),
]);

function entries(why: Reserved, ...names: string[]): [string, Reserved][] {
  return names.flatMap((line) => line.split(" ")).map((name) => [name, why]);
}

/** wal_keep_size holds as much back anyway, in MiB. */
const leastKeptMiB = 128;
/** The rest of the volume is for data, and for the WAL between two checkpoints. */
const mostKept = 0.6;
const mebibytesPer: Readonly<Record<string, number>> = { MB: 1, GB: 1024, TB: 1024 * 1024 };

/** What is wrong with max_slot_wal_keep_size; without the volume's size nobody can say. */
function keptWalProblem(
  value: string | number | boolean,
  volumeSizeMiB: number | undefined,
): Reserved | undefined {
  if (volumeSizeMiB === undefined) return seeded("database", "volumeSize", "10 GB");
  const [, digits, unit = "MB"] = /^(\d{1,9}) ?(MB|GB|TB)?$/.exec(String(value)) ?? [];
  const kept = Number(digits) * (mebibytesPer[unit] ?? 1);
  const most = Math.floor(volumeSizeMiB * mostKept);
  if (kept >= leastKeptMiB && kept <= most) return undefined;
  return held(
    `WAL kept for an absent replica, from ${leastKeptMiB}MB to ${most}MB (60 % of database.volumeSize), or it fills the disk; without this line it is 30 %`,
  );
}

/**
 * What is wrong with one extra parameter, or undefined; with the setting to use instead where there
 * is one.
 *
 * @param volumeSizeMiB what a data volume may hold; without it max_slot_wal_keep_size is refused
 */
export function parameterProblem(
  name: string,
  value: string | number | boolean,
  volumeSizeMiB?: number,
): Reserved | undefined {
  if (!/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/i.test(name)) {
    return held("not the name of a PostgreSQL parameter (letters, digits, _)");
  }
  const known = reserved.get(name.toLowerCase());
  if (known) return known;
  if (name === "max_slot_wal_keep_size") return keptWalProblem(value, volumeSizeMiB);
  if (name !== name.toLowerCase()) {
    return held(`write it in lower case (${name.toLowerCase()}), so that it cannot be given twice`);
  }
  const unprintable = typeof value === "string" && [...value].some((letter) => letter < " ");
  return unprintable ? held("a value of postgresql.conf stays on one line") : undefined;
}
