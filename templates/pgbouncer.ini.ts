/**
 * The pooler's pgbouncer.ini: two databases, `<name>` on the leader and `<name>_ro` on the replicas.
 *
 * Where they lead stands in databases.ini, which the agent beside PgBouncer writes as it follows the
 * leader (images/pooler).
 */

export interface PgbouncerIniArgs {
  /** The database's name; clients ask for it (read-write) or for `<name>_ro` (reads). */
  readonly database: string;
  /** Server connections for each user and database. */
  readonly poolSize: number;
  /** Client connections; further ones are refused. */
  readonly maxClients: number;
  /**
   * Longest wait of a client for a server connection, in seconds; above the longest handover, so that
   * a handover fails nobody, and below the application worker's own limit.
   */
  readonly queryWaitTimeoutSeconds: number;
}

/** Renders pgbouncer.ini. Pure; the same args give the same text. */
export function renderPgbouncerIni(args: PgbouncerIniArgs): string {
  return `# Rendered by Holdfast from templates/pgbouncer.ini. Edit the settings, not this file.

# Both databases; written by holdfast-pooler, which follows the leader.
%include /run/pgbouncer/databases.ini

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
# Asked of a replica: so nobody waits at the door while the read-write side is paused.
auth_dbname = ${args.database}_ro
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
server_lifetime = 3600
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
