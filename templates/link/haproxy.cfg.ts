/**
 * The link's haproxy.cfg: the only way from one site to the other, TCP within TLS.
 *
 * To its own site it offers the other one's leader (5432) and agent (9857), and the witness (2379); to
 * the other site, the leader here (7432) and the agent (7433). Both ends show a certificate of the
 * stack's authority and look at the other's name, so that a published port lets nobody else in.
 *
 * Two stages as in the router, for the same reason: HAProxy 3.0 never closes a session that is still
 * connecting when its server goes down, and a walreceiver waits for ever for an answer to its first
 * word. The outer servers are unix sockets, which always connect at once.
 */

export interface LinkHaproxyArgs {
  readonly site: string;
  readonly other: string;
  /** Addresses of postgres-1, postgres-2 … here, in order: the whole reserved range. */
  readonly members: readonly string[];
  /** The site agent here, without a port. */
  readonly agent: string;
  /** Where the other site's link offers its leader, `address:port`. */
  readonly otherLeader: string;
  /** The same for its agent. */
  readonly otherAgent: string;
  /** The witness, `address:port`. @default none */
  readonly witness?: string;
  /** Rhythm of the checks of members here; as the router's. */
  readonly check: {
    readonly interMs: number;
    readonly fastinterMs: number;
    readonly downinterMs: number;
    readonly fall: number;
    readonly rise: number;
  };
}

const SECRETS = "/etc/holdfast/secrets";
const PATRONI_PORT = 8008;
const POSTGRES_PORT = 5432;

/** What both ends of a connection between sites are called. */
export function linkName(site: string): string {
  return `link-${site}`;
}

/** Common name of the witness' certificate. */
export const WITNESS_NAME = "witness";

/** Renders the link's haproxy.cfg. Pure. */
export function renderLinkHaproxyCfg(args: LinkHaproxyArgs): string {
  const { check, members, other } = args;
  const names = members.map((address, index) => ({ name: `postgres-${index + 1}`, address }));
  const servers = (line: (member: { name: string; address: string }) => string): string =>
    names.map((member) => `  ${line(member)}`).join("\n");
  const socket = (name: string): string => `unix@/run/haproxy/${name}.sock`;
  const mine = `crt ${SECRETS}/tls.crt ca-file ${SECRETS}/tls-ca.crt verify required`;
  const toOther = `ssl ${mine} verifyhost ${linkName(other)}`;
  const fromOther = `ssl ${mine}`;
  const onlyOther = `  tcp-request content reject unless { ssl_c_s_dn(CN) -m str ${linkName(other)} }`;

  return `# Rendered by Holdfast from templates/link/haproxy.cfg. Edit the settings, not this file.

global
  maxconn 500
  stats socket /run/haproxy/admin.sock mode 600 level admin
  server-state-file /run/haproxy/servers.state
  # Descriptor 3 is the container's stdout; see holdfast-haproxy.
  log fd@3 format raw local0 notice
  # tls.crt has its key beside it as tls.key.
  ssl-load-extra-del-ext
  ssl-default-bind-options ssl-min-ver TLSv1.2
  ssl-default-server-options ssl-min-ver TLSv1.2

defaults
  mode tcp
  log global
  option dontlognull
  timeout connect 3s
  timeout check 3s
  # A stream that lives says something every 10 s (wal_receiver_status_interval) in either direction; a
  # base backup is silent while its checkpoint is written. Who says nothing for so long is gone.
  timeout client 60s
  timeout server 60s
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

# ---- from here to site ${other} ----------------------------------------------------------------------

listen leader-of-${other}
  bind :5432
  no log
  default-server on-marked-down shutdown-sessions
  server ${other} ${socket("to-leader")} track check-${other}/${other}

listen to-leader
  bind ${socket("to-leader")} mode 600
  no log
  server ${other} ${args.otherLeader} ${toOther}

# A link that is cut is known after three checks, 6 s at the least.
backend check-${other}
  default-server check inter 2s fastinter 1s downinter 1s fall 3 rise 1
  server ${other} ${args.otherLeader} ${toOther} check-ssl

listen agent-of-${other}
  bind :9857
  no log
  timeout client 10s
  timeout server 10s
  server ${other} ${args.otherAgent} ${toOther}
${args.witness === undefined ? "" : witness(args.witness)}
# ---- from site ${other} to here ----------------------------------------------------------------------

# The holder of Patroni's lease, primary or standby leader: what a drained site has not sent yet goes on to
# the one that is to take over.
listen leader
  bind :7432 ${fromOther}
  no log
${onlyOther}
  load-server-state-from-file global
  default-server on-marked-down shutdown-sessions
${servers(({ name }) => `server ${name} ${socket(name)} track check-leader/${name}`)}

${names
  .map(
    ({ name, address }) => `listen ${name}
  bind ${socket(name)} mode 600
  no log
  server ${name} ${address}:${POSTGRES_PORT}`,
  )
  .join("\n\n")}

backend check-leader
  load-server-state-from-file global
  option httpchk
  http-check send meth OPTIONS uri /leader
  http-check expect status 200
  timeout check ${check.interMs}ms
  default-server check port ${PATRONI_PORT} inter ${check.interMs}ms downinter ${check.downinterMs}ms fastinter ${check.fastinterMs}ms fall ${check.fall} rise ${check.rise}
${servers(({ name, address }) => `server ${name} ${address}:${POSTGRES_PORT}`)}

listen agent
  bind :7433 ${fromOther}
  no log
${onlyOther}
  timeout client 10s
  timeout server 10s
  server agent ${args.agent}:9857

# ---- statistics --------------------------------------------------------------------------------------

frontend statistics
  mode http
  bind :8404
  no log
  timeout client 10s
  timeout http-request 5s
  monitor-uri /healthz
  http-request use-service prometheus-exporter if { path /metrics }
`;
}

/** It asks for a password, not for a certificate: etcd's gateway refuses one with a name in it. */
function witness(endpoint: string): string {
  return `
listen ${WITNESS_NAME}
  bind :2379
  no log
  timeout client 10s
  timeout server 10s
  server ${WITNESS_NAME} ${endpoint} ssl ca-file ${SECRETS}/tls-ca.crt verify required verifyhost ${WITNESS_NAME}
`;
}
