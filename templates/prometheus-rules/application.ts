/** What users of the application notice, and what its own counters say of the database. */

import { type AlertRule, CLUSTER, MINUTE, type RuleFacts } from "./rule.ts";

/** From here on people wait (the shop's pages take some 20 ms). No objective speaks of it. */
const SLOW_SECONDS = 1;

export function applicationRules(facts: RuleFacts): AlertRule[] {
  const rate = (metric: string, window: string, by = CLUSTER): string =>
    `sum by (${by}) (rate(${metric}[${window}]))`;
  const requests = rate("django_http_requests_before_middlewares_total", "5m");
  const reads = rate("holdfast_routing_reads_total", "5m");
  return [
    {
      alert: "AppSlow",
      expr: `histogram_quantile(0.95, sum by (${CLUSTER}, le) (rate(django_http_requests_latency_including_middlewares_seconds_bucket[5m]))) > ${SLOW_SECONDS}`,
      forSeconds: 5 * MINUTE,
      severity: "warning",
      summary: "One request in twenty takes {{ $value | humanizeDuration }} or longer",
      action:
        "Is the database slow (TransactionsSlow, PostgresLockWait) or are the instances busy (WorkersBusy)? Else the view: histogram by view and method in Prometheus.",
    },
    {
      alert: "AppDatabaseErrors",
      // Errors that nobody has caught; a failover's are over by then.
      expr: `${rate("django_db_errors_total", "2m", `${CLUSTER}, alias, type`)} > 0.1`,
      forSeconds: 2 * MINUTE,
      severity: "warning",
      summary:
        "The application gets {{ $value | humanize }} database errors a second: {{ $labels.type }} at {{ $labels.alias }}",
      action:
        "OperationalError: a server or a pooler goes away. Others are the application's own; its log has the statement.",
    },
    {
      alert: "ReadsServedByLeader",
      expr: `${rate('holdfast_routing_reads_total{alias="default"}', "5m")} / (${reads} > 1) > 0.5`,
      forSeconds: 5 * MINUTE,
      severity: "warning",
      summary: "The leader serves {{ $value | humanizePercentage }} of the reads",
      action:
        "Replicas are away or too far behind (RouterNoReplica, PostgresReplicaLags), or most visitors have just written (ReadFallbacks says so).",
    },
    {
      alert: "ReadFallbacks",
      expr: `${rate('holdfast_routing_fallbacks_total{reason=~"behind|timeline|away"}', "5m")} / (${requests} > 1) > 0.25`,
      forSeconds: 5 * MINUTE,
      severity: "warning",
      summary:
        "{{ $value | humanizePercentage }} of the requests fall back to the leader: replicas are stale",
      action:
        "The label reason of holdfast_routing_fallbacks_total: behind = a replica replays too slowly, timeline = a failover, away = it does not answer.",
    },
    {
      alert: "ReadOnlyErrors",
      // A handover or failover makes some, for seconds.
      expr: `sum by (${CLUSTER}) (increase(holdfast_routing_retries_total{kind="read_only"}[1m])) > 0`,
      forSeconds: 2 * MINUTE,
      severity: "critical",
      summary: "Writes keep reaching a server that does not lead (error 25006)",
      action:
        "A pooler or a connection stuck on a former leader: PoolerLeadsElsewhere names it; docker restart of that pooler.",
    },
    {
      alert: "RequestsTurnedAway",
      expr: `${rate("holdfast_routing_away_total", "1m", `${CLUSTER}, kind`)} > 0.1`,
      forSeconds: facts.patroni.ttlSeconds + 10,
      severity: "critical",
      summary:
        "{{ $value | humanize }} requests a second are answered 503, the database being away ({{ $labels.kind }})",
      action:
        "Is there a leader, and do the poolers lead to it (./holdfast status)? full = max_connections, waiting = half of the threads wait already.",
    },
    {
      alert: "WorkersBusy",
      expr: `sum by (${CLUSTER}) (haproxy_server_current_sessions{job="edge", proxy="app"}) / (sum by (${CLUSTER}) (haproxy_backend_active_servers{job="edge", proxy="app"}) * ${facts.requestsPerInstance} > 0) > 0.9`,
      forSeconds: MINUTE,
      severity: "warning",
      summary: "{{ $value | humanizePercentage }} of the application's threads are taken",
      action:
        "More traffic than the instances carry, or a slow database behind them. More instances: application.instances; more threads each: application.threads.",
    },
  ];
}
