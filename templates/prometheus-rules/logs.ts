/** What the logs and the containers' own figures tell. */

import { type AlertRule, CLUSTER, CONTAINER, containerName, launcher, MINUTE } from "./rule.ts";

export function logRules(): AlertRule[] {
  // The series begins with the first line that is refused: before that there is nothing to increase from.
  const refused = `sum by (${CONTAINER}) (otelcol_exporter_send_failed_log_records_total)`;
  const before = `sum by (${CONTAINER}) (otelcol_exporter_send_failed_log_records_total offset 10m)`;
  return [
    {
      alert: "ApplicationErrors",
      // Counted by the application itself: known without a log that arrives.
      expr: `sum by (${CLUSTER}) (increase(holdfast_app_log_lines_total{level=~"error|critical"}[5m])) > 0`,
      forSeconds: 0,
      severity: "warning",
      summary: "The application logged {{ $value | humanize }} errors within 5 minutes",
      action:
        'Each has a traceback and a request id in its log: {component="app", level=~"error|fatal"} in Grafana\'s Explore, or docs/logs.md.',
    },
    {
      alert: "LogsRefused",
      expr: `${refused} - (${before} or ${refused} * 0) > 0`,
      forSeconds: 0,
      severity: "warning",
      summary: "Loki refused {{ $value | humanize }} lines within 10 minutes: they are lost to it",
      action: `docker logs ${containerName("collector")} says why. The lines themselves are still where Docker wrote them: docker logs.`,
    },
    {
      alert: "LogsLate",
      expr: `max by (${CONTAINER}) (otelcol_exporter_queue_size / otelcol_exporter_queue_capacity) > 0.5`,
      forSeconds: 5 * MINUTE,
      severity: "warning",
      summary: "Lines wait in the collector: its queue is {{ $value | humanizePercentage }} full",
      action: `Is Loki up and fast enough? docker logs ${containerName("loki")}. Nothing is lost until Docker rotates a log (30 MB a container).`,
    },
    {
      alert: "ContainerRestarts",
      expr: `increase(container_restarts_total[15m]) > 0`,
      forSeconds: 0,
      severity: "warning",
      summary: "{{ $labels.instance }} ended by itself and was started again",
      action: `Its last lines say why: ${launcher("status")}, then docker logs. Out of memory leaves none: docker inspect shows OOMKilled.`,
    },
    {
      alert: "ContainerMemoryFull",
      // Without the page cache, which the kernel gives back by itself.
      expr: `container_memory_usage_total_bytes / container_memory_usage_limit_bytes > 0.95`,
      forSeconds: 5 * MINUTE,
      severity: "warning",
      summary: "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its memory limit",
      action:
        "At 100 % the kernel ends its largest process. Raise its setting (…memory), or find what grows.",
    },
  ];
}
