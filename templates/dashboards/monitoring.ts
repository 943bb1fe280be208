/** The monitoring itself: does it see everything, in time, and does it tell? */

import { HERE, renderDashboard, type Section } from "./dashboard.ts";
import type { DashboardFacts } from "./facts.ts";
import { lines, states } from "./panels.ts";
import { MONITORING_UID } from "./uids.ts";

/** Renders monitoring.json. Pure; the same at every site. */
export function renderMonitoringDashboard(facts: DashboardFacts): string {
  return renderDashboard({
    title: "Holdfast: monitoring",
    uid: MONITORING_UID,
    description: "Does the monitoring see everything, in time, and does it tell?",
    sections: [targets(facts), rules(), cost(facts)],
  });
}

function targets(facts: DashboardFacts): Section {
  return {
    title: "Targets",
    panels: [
      states({
        title: "Who answers",
        description: "1 (green) while Prometheus gets metrics from the target.",
        unit: "short",
        queries: [{ expr: `up{${HERE}}`, legend: "{{job}} {{instance}}" }],
        steps: [{ color: "red" }, { color: "green", from: 1 }],
        runbooks: ["TargetDown"],
      }),
      lines({
        title: "Time of a scrape",
        description: "The slowest target of each job. At the interval, samples are lost.",
        unit: "s",
        queries: [{ expr: `max by (job) (scrape_duration_seconds{${HERE}})`, legend: "{{job}}" }],
        steps: [{ color: "green" }, { color: "red", from: facts.scrapeIntervalSeconds }],
      }),
      lines({
        title: "Samples",
        description: "Samples of one round of scrapes, by job.",
        unit: "short",
        queries: [
          {
            expr: `sum by (job) (scrape_samples_post_metric_relabeling{${HERE}})`,
            legend: "{{job}}",
          },
        ],
        stacked: true,
      }),
    ],
  };
}

function rules(): Section {
  return {
    title: "Rules and alerts",
    panels: [
      lines({
        title: "Time of an evaluation",
        description: "The last evaluation of each group of rules, as a part of its interval.",
        unit: "percentunit",
        queries: [
          {
            expr: `max by (rule_group) (prometheus_rule_group_last_duration_seconds{${HERE}} / prometheus_rule_group_interval_seconds{${HERE}})`,
            legend: "{{rule_group}}",
          },
        ],
        steps: [{ color: "green" }, { color: "red", from: 0.5 }],
        runbooks: ["PrometheusRuleFails"],
      }),
      lines({
        title: "Evaluations that failed or were left out",
        description: "In five minutes. Must be 0: an alert may not have been looked at.",
        unit: "short",
        queries: [
          {
            expr: `sum(increase(prometheus_rule_evaluation_failures_total{${HERE}}[5m]))`,
            legend: "failed",
          },
          {
            expr: `sum(increase(prometheus_rule_group_iterations_missed_total{${HERE}}[5m]))`,
            legend: "left out",
          },
        ],
        steps: [{ color: "green" }, { color: "red", from: 1 }],
        runbooks: ["PrometheusRuleFails", "PrometheusConfigInvalid"],
      }),
      lines({
        title: "Notifications",
        description: "That Alertmanager sent and could not send, in five minutes.",
        unit: "short",
        queries: [
          {
            expr: `sum by (integration) (increase(alertmanager_notifications_total{${HERE}}[5m]))`,
            legend: "{{integration}} sent",
          },
          {
            expr: `sum by (integration) (increase(alertmanager_notifications_failed_total{${HERE}}[5m]))`,
            legend: "{{integration}} failed",
          },
        ],
        runbooks: ["AlertsUndelivered"],
      }),
    ],
  };
}

function cost(facts: DashboardFacts): Section {
  const interval = (quantile: string): string =>
    `prometheus_target_interval_length_seconds{${HERE}, quantile="${quantile}"}`;
  return {
    title: "What it costs",
    panels: [
      lines({
        title: "Memory",
        description: "Of the programs that say so themselves.",
        unit: "bytes",
        queries: [
          {
            expr: `process_resident_memory_bytes{${HERE}, job=~"prometheus|alertmanager|postgres-exporter|pooler"}`,
            legend: "{{job}} {{instance}}",
          },
        ],
      }),
      lines({
        title: "Series",
        description: "Series that Prometheus holds in memory.",
        unit: "short",
        queries: [{ expr: `prometheus_tsdb_head_series{${HERE}}`, legend: "series" }],
      }),
      lines({
        title: "Interval of scrapes",
        description:
          "99th percentile of what lay between two scrapes of a target, by its interval.",
        unit: "s",
        queries: [{ expr: interval("0.99"), legend: "asked for every {{interval}}" }],
        steps: [{ color: "green" }, { color: "orange", from: 1.5 * facts.scrapeIntervalSeconds }],
      }),
    ],
  };
}
