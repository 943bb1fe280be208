/** The alerts, as Prometheus reads them. Each has a promtool test under tests/rules/. */

import { stringify } from "yaml";
import { clusterIntervalSeconds } from "./prometheus.yml.ts";
import { archiveRules } from "./prometheus-rules/archive.ts";
import { backupRules } from "./prometheus-rules/backups.ts";
import { clusterRules } from "./prometheus-rules/cluster.ts";
import { logRules } from "./prometheus-rules/logs.ts";
import { machineryRules } from "./prometheus-rules/machinery.ts";
import { proofRules } from "./prometheus-rules/proofs.ts";
import { recoveryRules } from "./prometheus-rules/recovery.ts";
import type { AlertRule, RuleFacts } from "./prometheus-rules/rule.ts";
import { trafficRules } from "./prometheus-rules/traffic.ts";

/** Facts that {@link renderPrometheusRules} needs. */
export type PrometheusRulesArgs = RuleFacts;

const HEADER =
  "# Rendered by Holdfast from templates/prometheus-rules.ts. Edit the settings, not this file.";

/** Every alert by group, in the order of the file. */
export function alertGroups(facts: RuleFacts): Record<string, AlertRule[]> {
  return {
    cluster: clusterRules(facts),
    recovery: recoveryRules(facts),
    archive: archiveRules(facts),
    backups: backupRules(),
    proofs: proofRules(facts),
    traffic: trafficRules(facts),
    machinery: machineryRules(facts),
    logs: logRules(),
  };
}

/** Renders rules/holdfast.yml. Pure; independent of how many nodes or instances there are. */
export function renderPrometheusRules(facts: PrometheusRulesArgs): string {
  const groups = Object.entries(alertGroups(facts)).map(([name, rules]) => ({
    name: `holdfast-${name}`,
    ...(name === "cluster"
      ? { interval: `${clusterIntervalSeconds(facts.scrapeIntervalSeconds)}s` }
      : {}),
    rules: rules.map(rendered),
  }));
  return `${HEADER}\n${stringify({ groups }, { lineWidth: 0 })}`;
}

function rendered(rule: AlertRule): Record<string, unknown> {
  return {
    alert: rule.alert,
    expr: rule.expr,
    ...(rule.forSeconds > 0 ? { for: `${rule.forSeconds}s` } : {}),
    labels: { severity: rule.severity },
    annotations: { summary: rule.summary, action: rule.action },
  };
}
