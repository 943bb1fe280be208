/**
 * A Docker proxy's haproxy.cfg: a handful of Docker's calls and nothing else. Whoever reaches Docker's
 * own socket is root on the host, so what is not named here is refused. Each client has a proxy of
 * its own, with what it needs.
 */

export interface DockerProxyHaproxyArgs {
  /** Path of Docker's socket in the container. */
  readonly docker: string;
  /** Path of the socket that is offered; user and group are those the proxy runs as. */
  readonly offered: string;
  /** Whom it is for; the name of the frontend. */
  readonly client: string;
  /** Which of Docker's reading calls pass. */
  readonly reads: readonly ReadCall[];
  /** Containers that may be started, stopped and killed, by their exact names. @default none */
  readonly controls?: readonly string[];
}

/** Docker's newer clients put the API's version in front of each path. */
const VERSION = "(/v1[.][0-9]{1,2})?";
/** A JSON object, percent-encoded: labels, events. */
const FILTERS = "filters=[0-9A-Za-z%._~-]{1,2000}";

/**
 * What may be read, each with the query it may have. Whole request targets are matched, as they were
 * sent: no decoding, so that `//`, `..`, `%2e` and absolute forms match nothing. A container's own calls
 * take its full id: `logs`, `archive`, `export` and the like lie beside `json` and are not listed;
 * `size`, which makes Docker count every file, is not either.
 */
const READS = {
  ping: `${VERSION}/_ping`,
  version: `${VERSION}/version`,
  list: `${VERSION}/containers/json([?]all=1|[?](all=1&)?${FILTERS})?`,
  inspect: `${VERSION}/containers/[0-9a-f]{64}/json`,
  events: `${VERSION}/events([?]${FILTERS}(&since=[0-9.]{1,32})?)?`,
  stats: `${VERSION}/containers/[0-9a-f]{64}/stats[?]stream=(0|false)`,
};

export type ReadCall = keyof typeof READS;

/** Without a version and without a query: a stop takes the container's own time, a kill is SIGKILL. */
const CONTROL_CALLS = "(start|stop|kill)";

/** Renders a Docker proxy's haproxy.cfg. Pure; the same args give the same text. */
export function renderDockerProxyHaproxyCfg(args: DockerProxyHaproxyArgs): string {
  const { reads, controls = [] } = args;
  const acls = reads.map((name) => `  acl ${name} url -m reg ^${READS[name]}$`).join("\n");
  const controlled = controls.length > 0;
  const follows = reads.includes("events");
  const measures = reads.includes("stats");
  return `# Rendered by Holdfast from templates/docker-proxy/haproxy.cfg.ts. Edit the settings, not this file.

global
  maxconn 40
  stats socket /run/haproxy/admin.sock mode 600 level admin
  # Descriptor 3 is the container's stdout; see holdfast-haproxy.
  log fd@3 format raw local0 notice

defaults
  mode http
  timeout connect 2s
  timeout http-request 5s
  timeout queue 2s
  # A follower of events says nothing and may hear nothing for long.
  timeout client 1h
  option abortonclose
  retries 0
  # A connection for each request: a daemon that goes down answers on old ones for a while.
  option httpclose
  http-reuse never

frontend ${args.client}
  bind unix@${args.offered} mode 660
  log global
  # The status makes HAProxy log at the end, when the level is known.
  log-format "refused with %ST: %HM %HU"
  option disable-h2-upgrade
${acls}${controlled ? controlAcls(controls) : ""}
  acl read method GET
  acl read-head method HEAD
  # Nothing read here has a body or changes the protocol.
  acl odd req.hdr_cnt(content-length) gt 0
  acl odd req.hdr_cnt(transfer-encoding) gt 0
  acl odd req.hdr_cnt(upgrade) gt 0
  # Only refusals are worth a line.
  http-request set-log-level notice
  http-request deny deny_status 403 if odd
  http-request deny deny_status 403 unless read or read-head ping${controlled ? " or post target" : ""}
  http-request deny deny_status 403 unless ${reads.join(" or ")}${controlled ? " or post target" : ""}
  http-request set-log-level silent
${follows ? "  use_backend events if events\n" : ""}${measures ? "  use_backend stats if stats\n" : ""}${controlled ? "  use_backend control if post target\n" : ""}  default_backend docker

backend docker
  timeout server 5s
  server docker unix@${args.docker} maxconn 16

${follows ? backend("events", "1h", 4, args.docker) : ""}${measures ? backend("stats", "10s", 32, args.docker) : ""}${controlled ? backend("control", "10m", 24, args.docker) : ""}frontend health
  bind unix@/run/haproxy/health.sock mode 600
  monitor-uri /healthz
`;
}

/** The exact targets, one by one: a pattern for all of them would have to be read twice to be believed. */
function controlAcls(names: readonly string[]): string {
  const targets = names.map(
    (name) => `\n  acl target url -m reg ^/containers/${name}/${CONTROL_CALLS}$`,
  );
  return `${targets.join("")}\n  acl post method POST`;
}

/** Its own server, with its own limit: what waits long must not keep the others waiting. */
function backend(name: string, timeout: string, connections: number, docker: string): string {
  return `backend ${name}
  timeout server ${timeout}
  server docker unix@${docker} maxconn ${connections}

`;
}
