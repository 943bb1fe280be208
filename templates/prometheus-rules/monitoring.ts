/** Whether the monitoring itself can be believed. TargetDown and Watchdog are with the machinery. */

import { type AlertRule, CLUSTER, containerName, MINUTE } from "./rule.ts";

/** Each of them means that samples were not, or may not be, kept. */
const STORAGE_FAULTS = [
  "prometheus_tsdb_wal_writes_failed_total",
  "prometheus_tsdb_wal_corruptions_total",
  "prometheus_tsdb_wal_truncations_failed_total",
  "prometheus_tsdb_head_truncations_failed_total",
  "prometheus_tsdb_checkpoint_creations_failed_total",
  "prometheus_tsdb_compactions_failed_total",
  "prometheus_tsdb_reloads_failures_total",
];

export function monitoringRules(): AlertRule[] {
  const prometheus = `docker logs --tail 50 ${containerName("prometheus")}`;
  const alertmanager = `docker logs --tail 50 ${containerName("alertmanager")}`;
  return [
    {
      alert: "ExporterFails",
      // Not for a server that is down: PostgresDown says that.
      expr: '(pg_scrape_collector_success == 0 or pg_exporter_last_scrape_error{job="postgres"} == 1) and on (stack, site, instance) pg_up{job="postgres"} == 1',
      forSeconds: 5 * MINUTE,
      severity: "warning",
      summary: "A part of PostgreSQL's metrics of {{ $labels.instance }} is missing",
      action: `Alerts on that part are blind. docker logs --tail 50 ${containerName("postgres-exporter")} has the query that fails: often a right that role monitor lacks.`,
    },
    {
      alert: "PrometheusRulesLate",
      // The cluster's group runs every 2 s: one late round in ten minutes is a busy machine.
      expr: `sum by (${CLUSTER}) (increase(prometheus_rule_group_iterations_missed_total[10m])) > 10`,
      forSeconds: 0,
      severity: "warning",
      summary: "{{ $value | humanize }} rounds of rules were left out within ten minutes",
      action:
        "The machine has no time for Prometheus, and alerts come late. Give the host less to do, or a longer monitoring.scrapeInterval.",
    },
    {
      alert: "PrometheusStorageFails",
      expr: `${STORAGE_FAULTS.map((metric) => `increase(${metric}[10m])`).join(" + ")} > 0`,
      forSeconds: 0,
      severity: "critical",
      summary: "Prometheus cannot keep its samples",
      action: `Its disk is full or broken: ${prometheus}, and df on Docker's data folder. Alerts go on only while it can write.`,
    },
    {
      alert: "PrometheusTargetsUnread",
      expr: "increase(prometheus_sd_file_read_errors_total[10m]) > 0",
      forSeconds: 5 * MINUTE,
      severity: "warning",
      summary: "Prometheus cannot read a file of targets: what it names is not watched",
      action: `${prometheus} names the file. Those of your own are other.*.json.`,
    },
    {
      alert: "AlertmanagerConfigInvalid",
      expr: "alertmanager_config_last_reload_successful == 0",
      forSeconds: MINUTE,
      severity: "warning",
      summary: "Alertmanager refused its new configuration and keeps the old one",
      action: `${alertmanager} names the line; a secret file that is missing counts too.`,
    },
    {
      alert: "NotificationsFail",
      expr: `sum by (${CLUSTER}, integration) (increase(alertmanager_notifications_failed_total[5m])) > 0`,
      forSeconds: MINUTE,
      severity: "critical",
      summary: "Alertmanager cannot deliver by {{ $labels.integration }}: nobody is told",
      action: `${alertmanager} has the receiver's answer: address, password or certificate. Settings: alerting.email, alerting.webhook.`,
    },
  ];
}
