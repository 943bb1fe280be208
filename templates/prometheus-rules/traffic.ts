/** Whether clients are served: pooler, router, edge and application. */

import { type AlertRule, CLUSTER, CONTAINER, MINUTE, type RuleFacts } from "./rule.ts";

export function trafficRules(facts: RuleFacts): AlertRule[] {
  const requests = (code: string): string =>
    `sum by (${CLUSTER}) (rate(haproxy_frontend_http_responses_total{job="edge", proxy="http"${code}}[2m]))`;
  const transactions = (what: string): string =>
    `sum by (${CLUSTER}, database) (rate(pgbouncer_stats_${what}[${4 * facts.scrapeIntervalSeconds}s]))`;
  return [
    {
      alert: "RouterNoLeader",
      expr: 'haproxy_backend_active_servers{job="router", proxy="rw"} == 0',
      // A failover that works ends sooner.
      forSeconds: facts.patroni.ttlSeconds + 10,
      severity: "critical",
      summary: "The router has no server for writes",
      action: "Is there a leader (./holdfast status)? Does its port 8008 answer the router?",
    },
    {
      alert: "RouterNoReplica",
      expr: 'haproxy_backend_active_servers{job="router", proxy="ro"} == 0',
      forSeconds: 2 * MINUTE,
      severity: "warning",
      summary: "No replica is near enough: the leader serves all reads",
      action: "See which replicas run and how far they are behind: ./holdfast status.",
    },
    {
      alert: "PoolerClientsWait",
      expr: `max by (${CONTAINER}, database) (pgbouncer_pools_client_maxwait_seconds) > ${facts.handoverBoundSeconds}`,
      forSeconds: 2 * facts.scrapeIntervalSeconds,
      severity: "critical",
      summary:
        "Clients of {{ $labels.database }} wait {{ $value | humanizeDuration }} for a connection at {{ $labels.instance }}",
      action:
        "A handover ends sooner. Is there a leader, or are all pooler.poolSize connections busy?",
    },
    {
      alert: "TransactionsSlow",
      // Both poolers together. Below one a second, one long report would be the average.
      expr: `${transactions("server_in_transaction_seconds_total")} / (${transactions("sql_transactions_pooled_total")} > 1) > 0.25`,
      forSeconds: 2 * facts.scrapeIntervalSeconds,
      severity: "warning",
      summary: "Transactions take {{ $value | humanizeDuration }} on average",
      action:
        "A slow disk under the leader or all synchronous replicas, locks (pg_stat_activity), or statements that became slow.",
    },
    {
      alert: "PoolerDown",
      expr: "pgbouncer_up == 0",
      forSeconds: 30,
      severity: "warning",
      summary: "{{ $labels.instance }} does not answer",
      action: "Clients use the other pooler meanwhile. See its log.",
    },
    {
      alert: "EdgeNoInstance",
      expr: 'haproxy_backend_active_servers{job="edge", proxy="app"} == 0',
      forSeconds: 10,
      severity: "critical",
      summary: "No application instance is healthy: users see an error page",
      action: "GET /healthz of an instance says which part is missing.",
    },
    {
      alert: "EdgeErrors",
      expr: `${requests(', code="5xx"')} / (${requests("")} > 0) > 0.05`,
      forSeconds: MINUTE,
      severity: "critical",
      summary: "{{ $value | humanizePercentage }} of the requests end in a server error",
      action:
        "The edge's log names the instance and the request id, the instance's log the reason.",
    },
    {
      alert: "InstancesMissing",
      // Instances above the minimum come and go with the traffic; these do not.
      // An application without metrics of its own is counted by the edge's health checks.
      expr: `(sum by (${CLUSTER}) (up{job="app"}) or sum by (${CLUSTER}) (haproxy_backend_active_servers{job="edge", proxy="app"})) < ${facts.minimumInstances}`,
      forSeconds: MINUTE,
      severity: "warning",
      summary: `{{ $value }} application instances run, the minimum is ${facts.minimumInstances}`,
      action:
        "docker ps -a shows which one ended; its log says why. The autoscaler starts it, and ./holdfast up one that was removed.",
    },
  ];
}
