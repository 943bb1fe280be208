/** The edge's haproxy.cfg: HTTP to the application's instances, of which only healthy ones get requests. */

export interface EdgeHaproxyArgs {
  /** Addresses of app-1, app-2 … in order: the whole reserved range, running or not. */
  readonly addresses: readonly string[];
  /** Longest time an instance may take to answer, in seconds; above the application worker's own limit. */
  readonly edgeTimeoutSeconds: number;
  /**
   * Requests one instance works on at once; more wait here. One less than its threads, so that
   * a busy instance still answers its health check. @default 7
   */
  readonly requestsPerInstance?: number;
  /** Longest wait for an instance's free place, in seconds; then 503. @default 10 */
  readonly queueTimeoutSeconds?: number;
  /** Client connections; more wait in the kernel's queue. @default 4000 */
  readonly maxConnections?: number;
  /** Paths answered with 404 here instead of being passed on, for instance `/metrics`. @default none */
  readonly privatePaths?: readonly string[];
  /** Port the instances listen on. @default 8000 */
  readonly appPort?: number;
  /** Path that answers 200 while an instance may get requests. @default "/healthz" */
  readonly healthPath?: string;
  /** Address of the site's agent, which says when this site is closed. @default none: a sole site never is */
  readonly siteAgent?: string;
}

/** A new instance gets its full share after so long: its first requests fill its caches and pools. */
export const SLOW_START_SECONDS = 5;

/** How long a request waits for an instance to be back when all are out. */
const WAITING_SECONDS = 2;
const AGAIN_PER_INSTANCE = 2;

/** One JSON object a request. The query string is left out: it may hold what is nobody's business. */
const ACCESS_LOG = [
  "%{+json}o",
  '%(time)[request_date(ms),ms_utime("%Y-%m-%dT%H:%M:%S.%3NZ")]',
  "%(requestId)[var(txn.request_id)]",
  "%(client)[src]",
  "%(method)[capture.req.method]",
  "%(host)[var(txn.host)]",
  "%(path)[var(txn.path)]",
  "%(status:sint)ST",
  "%(bytes:sint)B",
  "%(server)s",
  "%(retries:sint)rc",
  "%(queueMs:sint)Tw",
  "%(connectMs:sint)Tc",
  "%(responseMs:sint)Tr",
  "%(totalMs:sint)Ta",
  "%(end)tsc",
].join(" ");

const SORRY =
  "<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=5>" +
  "<meta name=viewport content='width=device-width'><title>Back in a moment</title>" +
  "<body style='font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem'>" +
  "<h1>Back in a moment</h1><p>The application cannot answer just now. Nothing is lost; " +
  "this page tries again by itself.</p><p><small>Request %[var(txn.request_id)]</small></p></body></html>";

/** Renders the edge's haproxy.cfg. Pure; the same args give the same text. */
export function renderEdgeHaproxyCfg(args: EdgeHaproxyArgs): string {
  const appPort = args.appPort ?? 8000;
  const perInstance = args.requestsPerInstance ?? 7;
  const maxConnections = args.maxConnections ?? 4000;
  const quoted = `"${SORRY.replaceAll('"', '\\"')}"`;
  const sorry = [502, 503, 504]
    .map(
      (status) =>
        `  http-error status ${status} content-type "text/html; charset=utf-8" lf-string ${quoted}` +
        " hdr Retry-After 5 hdr Cache-Control no-store hdr X-Request-ID %[var(txn.request_id)]",
    )
    .join("\n");
  const hidden = (args.privatePaths ?? [])
    .map((path) => `  http-request return status 404 if { path ${path} }\n`)
    .join("");
  const again = args.addresses
    .map((address, n) => `  server app-${n + 1} ${address}:${appPort} track app/app-${n + 1}`)
    .join("\n");
  const closed = args.siteAgent === undefined ? "" : CLOSED;
  const servers = args.addresses
    .map((address, index) => `  server app-${index + 1} ${address}:${appPort}`)
    .join("\n");

  return `# Rendered by Holdfast from templates/edge/haproxy.cfg. Edit the settings, not this file.

global
  maxconn ${maxConnections + 100}
  stats socket /run/haproxy/admin.sock mode 600 level admin
  # What each server knew before a reload; see holdfast-haproxy.
  server-state-file /run/haproxy/servers.state
  # Descriptor 3 is the container's stdout; see holdfast-haproxy.
  log fd@3 format raw local0 info
  # An old worker, after a reload, ends with its last request: one cannot last longer than this.
  hard-stop-after ${args.edgeTimeoutSeconds + 5}s

defaults
  mode http
  log global
  load-server-state-from-file global
  # On one bridge a connection takes less than a millisecond; an address that is gone does not answer. Not
  # less: on a machine that is starved of CPU the edge itself may be late (0.5 s took live ones out).
  timeout connect 1s
  timeout client ${args.edgeTimeoutSeconds}s
  timeout server ${args.edgeTimeoutSeconds}s
  timeout queue ${args.queueTimeoutSeconds ?? 10}s
  timeout http-request 10s
  timeout http-keep-alive 30s
  timeout client-fin 5s
  timeout check 600ms
  # Instances close idle connections as they like; a new one for each request cannot meet one that
  # closes, which an order (POST) could not be repeated on.
  option http-server-close
  # A reload ends idle connections after their next answer, not at once: a client that sends on one just then
  # would see it break.
  option idle-close-on-response
  option dontlognull

frontend http
  bind :8080
  maxconn ${maxConnections}
  log-format '${ACCESS_LOG}'

  # A request's name: the caller's, when it is a plain word, else one of ours.
  http-request set-var(txn.request_id) req.fhdr(X-Request-ID) if { req.fhdr_cnt(X-Request-ID) 1 } { req.fhdr(X-Request-ID) -m reg ^[A-Za-z0-9._-]{8,64}$ }
  http-request set-var(txn.request_id) uuid() unless { var(txn.request_id) -m found }
  http-request set-header X-Request-ID %[var(txn.request_id)]
  http-after-response set-header X-Request-ID %[var(txn.request_id)]
  http-request set-var(txn.path) path
  http-request set-var(txn.host) req.hdr(host)

  # The edge is the first proxy: what a client says of itself is not passed on.
  http-request del-header Forwarded
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
${hidden}${closed}${sorry}
  default_backend app

backend app
  balance leastconn
  option httpchk
  http-check send meth GET uri ${args.healthPath ?? "/healthz"} ver HTTP/1.1 hdr Host localhost
  http-check expect status 200

  # Only when all are out; above default-server, for it is not checked.
  server waiting unix@/run/haproxy/waiting.sock backup

  # A connection that was never made is tried elsewhere, whatever the method: no instance has seen the
  # request. Dead ones have the fewest connections, so leastconn tries them first; each try takes one
  # out (observe, below), and the fifth instance at the latest is one that lives.
  retries 4
  option redispatch 1
  # An instance that died with the request, or was ended because it hung: repeated elsewhere only when
  # that cannot do anything twice, by its method or by the caller's own key for it. All else is 502.
  retry-on conn-failure empty-response
  http-request disable-l7-retry unless { method GET HEAD OPTIONS } || { req.fhdr(Idempotency-Key) -m found }
  # The body first: a slow sender holds no thread of an instance, and what is repeated is whole.
  option http-buffer-request

  # Dead: out at the first connection that fails, and after 0.5 s or so without any. Hung: the checks
  # find it after 0.4 + 0.6 + 0.1 + 0.6 = 1.7 s. Answers are not counted (observe layer7): one broken page,
  # or a database that is away, would take out all instances. One that fails says so in /healthz.
  # maxconn: the rest waits in one queue for all, so a slow instance keeps nobody waiting for itself.
  # No maxqueue: with one, leastconn fills each instance's own queue up to it, behind a slow one too, and
  # who comes when it is full is told 503 at once (3 of 3,800 requests of a deploy with 7, 4 of 7,900 with 100).
  default-server check inter 400ms fastinter 100ms downinter 400ms fall 2 rise 2 observe layer4 error-limit 1 on-error mark-down slowstart ${SLOW_START_SECONDS}s maxconn ${perInstance}
${servers}

# All out at once: rather a machine that is short of CPU for a moment than so many dead. Requests, those
# in the queue too, wait here for one to be back, 0.9 s after it answers again, before they are told 503.
frontend waiting
  bind unix@/run/haproxy/waiting.sock
  no log
  tcp-request inspect-delay ${WAITING_SECONDS}s
  tcp-request content accept if { nbsrv(again) gt 0 }
  tcp-request content accept if WAIT_END
  http-request set-var(txn.request_id) req.fhdr(X-Request-ID)
${sorry}
  default_backend again

# The same instances by the same checks. Few places each: they come on top of those above.
backend again
  balance leastconn
  option redispatch 1
  default-server maxconn ${AGAIN_PER_INSTANCE}
${again}

${args.siteAgent === undefined ? "" : closing(args.siteAgent)}frontend statistics
  bind :8404
  no log
  timeout client 10s
  monitor-uri /healthz
  http-request use-service prometheus-exporter if { path /metrics }
  stats enable
  stats uri /
  stats refresh 10s
`;
}

/** Asked for the public pages and the API alike; the page says to come again in five seconds. */
const CLOSED = "  http-request deny deny_status 503 if { nbsrv(site-closed) gt 0 }\n";

/**
 * The agent answers 200 here while the site is closed. One that does not answer closes nothing: the
 * database lets no write through by itself, and a page that is read-only harms nobody.
 */
function closing(agent: string): string {
  return `# Whether this site is closed: it is not the active one, and not to be read from either.
backend site-closed
  option httpchk
  http-check send meth GET uri /closed
  http-check expect status 200
  no log
  default-server check inter 500ms fastinter 500ms downinter 500ms fall 2 rise 1
  server agent ${agent}:9857

`;
}
