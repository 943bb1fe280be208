/** The ways to the leader and to the application: whether they lead there, and without waiting. */

import { type AlertRule, CLUSTER, CONTAINER, MINUTE, type RuleFacts } from "./rule.ts";

/** A member's last octet is 10 and its number: components/docker/addresses.ts. */
const MEMBER_OCTET = ".+[.](1[1-9]|2[01])";

export function routeRules(facts: RuleFacts): AlertRule[] {
  // A failover has long reached every pooler and the router by then.
  const settled = facts.patroni.ttlSeconds + 10;
  return [
    {
      alert: "HaproxyServerFlaps",
      // A deploy takes each instance down and up once, a rolling restart each member twice at the most.
      // The half: increase() reckons a little more than was counted.
      expr: "increase(haproxy_server_check_up_down_total[15m]) > 4.5",
      forSeconds: 0,
      severity: "warning",
      summary:
        "{{ $labels.server }} went down at the {{ $labels.instance }} {{ $value | humanize }} times within 15 minutes",
      action:
        "It answers its health check now and then: too slow, or starting again and again. Its log and docker inspect (RestartCount, OOMKilled) say which.",
    },
    {
      alert: "RouterLeadsElsewhere",
      expr: `label_replace(haproxy_server_status{job="router", proxy="rw", state="UP"} == 1, "instance", "$1", "server", "(.+)") unless on (${CONTAINER}) patroni_primary == 1`,
      forSeconds: settled,
      severity: "critical",
      summary: "The router sends writes to {{ $labels.server }}, which does not lead",
      action:
        "Its clients get 25006 (read-only transaction). docker restart of the router has it ask every member anew; then see which of the two is right: ./holdfast status.",
    },
    {
      alert: "PoolerLeadsElsewhere",
      expr: `(${poolerTarget()} unless on (${CONTAINER}) patroni_primary == 1) and on (${CLUSTER}) max by (${CLUSTER}) (patroni_primary) == 1`,
      forSeconds: settled,
      severity: "critical",
      summary:
        "{{ $labels.pooler }} sends the writes of {{ $labels.name }} to {{ $labels.instance }}, which does not lead",
      action:
        "Its clients get 25006 (read-only transaction). Its agent does not follow: docker restart of that pooler, clients use the other one meanwhile.",
    },
    {
      alert: "EdgeRetries",
      expr: `sum by (${CLUSTER}) (rate(haproxy_backend_retry_warnings_total{job="edge", proxy="app"}[5m]) + rate(haproxy_backend_redispatch_warnings_total{job="edge", proxy="app"}[5m])) / (sum by (${CLUSTER}) (rate(haproxy_backend_http_requests_total{job="edge", proxy="app"}[5m])) > 0) > 0.02`,
      forSeconds: 2 * MINUTE,
      severity: "warning",
      summary:
        "{{ $value | humanizePercentage }} of the requests need a second try to reach an instance",
      action:
        "Instances refuse or drop connections: they start, end, or are at their limit. The edge's log names them.",
    },
    {
      alert: "EdgeQueue",
      expr: `min_over_time(haproxy_backend_current_queue{job="edge", proxy="app"}[${Math.max(30, 3 * facts.scrapeIntervalSeconds)}s]) > 0`,
      forSeconds: 30,
      severity: "warning",
      summary: "{{ $value }} requests wait at the edge for an instance",
      action:
        "All threads of all instances are taken: more instances (application.instances), or pages that need less time. If the database is slow, that alert comes first.",
    },
    {
      alert: "PoolerQueue",
      // A burst passes; who waits in every scrape of two minutes waits because the pool is too small.
      expr: `max by (${CONTAINER}, database) (pgbouncer_pools_client_waiting_connections) > 0`,
      forSeconds: 2 * MINUTE,
      severity: "warning",
      summary:
        "{{ $value }} clients of {{ $labels.database }} wait for a connection at {{ $labels.instance }}",
      action:
        "Slow statements hold the connections (TransactionsSlow, PostgresLockWait), or pooler.poolSize is too small for the traffic.",
    },
  ];
}

/** Where each pooler's database of the leader leads, as the member's `instance`; `pooler` says whose. */
function poolerTarget(): string {
  const target = `pgbouncer_databases_current_connections{host=~"${MEMBER_OCTET}", name!~".*_ro"}`;
  const pooler = `label_replace(${target}, "pooler", "$1", "instance", "(.+)")`;
  const low = `label_replace(${pooler}, "instance", "postgres-$1", "host", ".*[.]1([1-9])")`;
  return `label_replace(${low}, "instance", "postgres-1$1", "host", ".*[.]2([01])")`;
}
