/** The pooler's pgbouncer.ini: two databases, `<name>` on the leader and `<name>_ro` on the replicas. */

export interface PgbouncerIniArgs {
  /** The database's name; clients ask for it (read-write) or for `<name>_ro` (reads). */
  readonly database: string;
  /** The router's fixed address; no name, so that no lookup stands between client and leader. */
  readonly routerAddress: string;
  /** Server connections for each user and database. */
  readonly poolSize: number;
  /** Client connections; further ones are refused. */
  readonly maxClients: number;
  /**
   * Longest wait of a client for a server connection, in seconds; above the longest handover, so that
   * a handover fails nobody, and below the application worker's own limit.
   */
  readonly queryWaitTimeoutSeconds: number;
  /** Port of the router's read-write side. @default 5000 */
  readonly readWritePort?: number;
  /** Port of the router's read side. @default 5001 */
  readonly readOnlyPort?: number;
}

/** A value as PgBouncer's connection strings want it: in single quotes, quotes doubled. */
const quote = (value: string): string => `'${value.replaceAll("'", "''")}'`;
/** A database's name as a key of [databases]. */
const key = (name: string): string =>
  /^[A-Za-z0-9_.-]+$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;

/** Renders pgbouncer.ini. Pure; the same args give the same text. */
export function renderPgbouncerIni(args: PgbouncerIniArgs): string {
  const entry = (name: string, port: number, more: string): string =>
    `${key(name)} = host=${args.routerAddress} port=${port} dbname=${quote(args.database)}${more}`;

  return `# Rendered by Holdfast from templates/pgbouncer.ini. Edit the settings, not this file.

[databases]
${entry(args.database, args.readWritePort ?? 5000, "")}
# Read connections are replaced twice a minute: so they leave a replica that fell behind, or became the
# leader, and find one that joined, each at the end of a transaction.
${entry(`${args.database}_ro`, args.readOnlyPort ?? 5001, " server_lifetime=30")}

[pgbouncer]
listen_addr = 0.0.0.0
listen_port = 6432
unix_socket_dir =
pool_mode = transaction

# ---- who may come in: any role of the database, by its own password ------------------------------
auth_type = scram-sha-256
# Composed by holdfast-pooler on a tmpfs: auth_user, the admin, the exporter.
auth_file = /run/pgbouncer/userlist.txt
auth_user = pgbouncer
# Asked in the database the client wants: so reads can begin while the read-write side is paused.
auth_query = SELECT usename, passwd FROM pgbouncer.get_auth($1)
admin_users = holdfast
stats_users = pooler-monitor

# ---- sizes ---------------------------------------------------------------------------------------
max_client_conn = ${args.maxClients}
default_pool_size = ${args.poolSize}
min_pool_size = ${Math.min(2, args.poolSize)}
# For clients that have waited a second: a burst, or one slow statement too many.
reserve_pool_size = ${Math.max(1, Math.floor(args.poolSize / 4))}
reserve_pool_timeout = 1
max_prepared_statements = 200
ignore_startup_parameters = extra_float_digits

# ---- times, in seconds ---------------------------------------------------------------------------
query_wait_timeout = ${args.queryWaitTimeoutSeconds}
# After a failed login PgBouncer answers from that failure for so long: short, or a failover lasts longer here.
server_login_retry = 0.25
server_connect_timeout = 3
# An idle connection is tried before use, in case its server vanished without a word.
server_check_delay = 10
server_idle_timeout = 300
# Within ten minutes all go through the router's present worker; one from before a reload checks
# its servers no more. (At once: the agent's /reconnect.)
server_lifetime = 600
server_fast_close = 1
client_login_timeout = ${args.queryWaitTimeoutSeconds}
# A peer that vanished without a word is noticed after 19 s idle, 10 s (tcp_user_timeout, ms) sending.
tcp_keepalive = 1
tcp_keepidle = 10
tcp_keepintvl = 3
tcp_keepcnt = 3
tcp_user_timeout = 10000

# ---- log: to stderr; failures of servers, not each client that meets one -------------------------
logfile =
pidfile =
log_connections = 0
log_disconnections = 0
log_pooler_errors = 0
log_stats = 0
`;
}
