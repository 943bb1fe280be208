/**
 * The router's haproxy.cfg: PostgreSQL's leader on port 5000, its replicas on port 5001.
 *
 * Two stages, because HAProxy 3.0 never closes a session that is still connecting when its server goes
 * down: clients meet the outer stage (`rw`, `ro`), whose servers are unix sockets that always connect at
 * once, so that marking one down always ends its sessions; behind each socket the inner stage
 * (`postgres-N`) makes the TCP connection. The checks stand in backends of their own, which carry no
 * traffic; the outer servers track them.
 */

export interface RouterHaproxyArgs {
  /** Addresses of postgres-1, postgres-2 … in order: the whole reserved range, used or not. */
  readonly addresses: readonly string[];
  /** Rhythm of the health checks: intervals in milliseconds, `fall` and `rise` in checks. */
  readonly check: {
    readonly interMs: number;
    readonly fastinterMs: number;
    readonly downinterMs: number;
    readonly fall: number;
    readonly rise: number;
  };
  /** A replica further behind the leader than this serves no new read session, in MiB. */
  readonly readLagLimitMiB: number;
  /** Client connections each of the two ports takes; more wait in the kernel's queue. @default 2000 */
  readonly maxConnections?: number;
}

const POSTGRES_PORT = 5432;
const PATRONI_PORT = 8008;

/** Renders the router's haproxy.cfg. Pure; the same args give the same text. */
export function renderRouterHaproxyCfg(args: RouterHaproxyArgs): string {
  const { check } = args;
  const maxConnections = args.maxConnections ?? 2000;
  const slots = args.addresses.map((address, index) => ({
    name: `postgres-${index + 1}`,
    address,
  }));
  const servers = (line: (slot: { name: string; address: string }) => string): string =>
    slots.map((slot) => `  ${line(slot)}`).join("\n");
  const socket = (name: string): string => `/run/haproxy/${name}.sock`;
  const rhythm = `fastinter ${check.fastinterMs}ms fall ${check.fall} rise ${check.rise}`;

  return `# Rendered by Holdfast from templates/router/haproxy.cfg. Edit the settings, not this file.

global
  # Each client session is two connections here: one in the outer stage, one in the inner.
  maxconn ${2 * maxConnections + 100}
  stats socket /run/haproxy/admin.sock mode 600 level admin
  # What each server knew before a reload; see holdfast-haproxy.
  server-state-file /run/haproxy/servers.state
  # Descriptor 3 is the container's stdout; see holdfast-haproxy.
  log fd@3 format raw local0 notice

defaults
  mode tcp
  log global
  load-server-state-from-file global
  timeout connect 1s
  timeout check ${check.interMs}ms
  # Idle sessions are never cut (HAProxy's longest time is 24 days); dead peers are found by keepalive.
  timeout client 20d
  timeout server 20d
  timeout client-fin 3s
  timeout server-fin 3s
  option clitcpka
  clitcpka-idle 10s
  clitcpka-intvl 3s
  clitcpka-cnt 3
  option srvtcpka
  srvtcpka-idle 10s
  srvtcpka-intvl 3s
  srvtcpka-cnt 3
  option abortonclose
  retries 1
  # Lets a check say "no new sessions, keep the open ones" (state NOLB): see check-replica. HAProxy wants
  # it on the tracking side too. Patroni itself never answers 404.
  http-check disable-on-404

# ---- outer stage -------------------------------------------------------------------------------------

listen rw
  bind :5000
  maxconn ${maxConnections}
  # Its states are those of check-primary, which logs them with the reason.
  no log
  default-server on-marked-down shutdown-sessions
${servers(({ name }) => `server ${name} unix@${socket(name)} track check-primary/${name}`)}

listen ro
  bind :5001
  maxconn ${maxConnections}
  no log
  balance leastconn
  default-server on-marked-down shutdown-sessions
${servers(({ name }) => `server ${name} unix@${socket(name)} track check-replica/${name}`)}
  # The leader serves reads when no replica is within the limit.
  option allbackups
${servers(({ name }) => `server ${name}-leader unix@${socket(name)} track check-primary/${name} backup`)}

# ---- inner stage -------------------------------------------------------------------------------------

${slots
  .map(
    ({ name, address }) => `listen ${name}
  bind unix@${socket(name)} mode 600
  no log
  server ${name} ${address}:${POSTGRES_PORT}`,
  )
  .join("\n\n")}

# ---- checks ------------------------------------------------------------------------------------------

backend check-primary
  option httpchk
  http-check send meth OPTIONS uri /primary
  http-check expect status 200
  default-server check port ${PATRONI_PORT} inter ${check.interMs}ms downinter ${check.downinterMs}ms ${rhythm}
${servers(({ name, address }) => `server ${name} ${address}:${POSTGRES_PORT}`)}

backend check-replica
  option httpchk
  http-check send meth OPTIONS uri /replica?lag=${args.readLagLimitMiB}MB
  # Patroni answers, but not "a replica within the limit": no new sessions (state NOLB), while the open
  # ones may end by themselves, for instance on the replica that has just become the leader. Only
  # a server that does not answer is down and loses its sessions.
  http-check expect error-status L7OKC status 200
  default-server check port ${PATRONI_PORT} inter ${check.interMs}ms ${rhythm}
${servers(({ name, address }) => `server ${name} ${address}:${POSTGRES_PORT}`)}

# ---- statistics --------------------------------------------------------------------------------------

frontend statistics
  mode http
  bind :8404
  no log
  timeout client 10s
  timeout http-request 5s
  monitor-uri /healthz
  http-request use-service prometheus-exporter if { path /metrics }
  stats enable
  stats uri /
  stats refresh 10s
`;
}
