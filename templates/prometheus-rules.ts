/** The alerts, as Prometheus reads them. Each has a promtool test under tests/rules/. */

import { stringify } from "yaml";
import { clusterIntervalSeconds } from "./prometheus.yml.ts";
import { applicationRules } from "./prometheus-rules/application.ts";
import { archiveRules } from "./prometheus-rules/archive.ts";
import { backupRules } from "./prometheus-rules/backups.ts";
import { clusterRules } from "./prometheus-rules/cluster.ts";
import { databaseRules } from "./prometheus-rules/database.ts";
import { logRules } from "./prometheus-rules/logs.ts";
import { machineryRules } from "./prometheus-rules/machinery.ts";
import { monitoringRules } from "./prometheus-rules/monitoring.ts";
import { nameRules } from "./prometheus-rules/names.ts";
import { proofRules } from "./prometheus-rules/proofs.ts";
import { recoveryRules } from "./prometheus-rules/recovery.ts";
import { routeRules } from "./prometheus-rules/routes.ts";
import type { AlertRule, RuleFacts } from "./prometheus-rules/rule.ts";
import { scalingRules } from "./prometheus-rules/scaling.ts";
import { ACTIVE_ONLY, onActive, siteRules } from "./prometheus-rules/sites.ts";
import { trafficRules } from "./prometheus-rules/traffic.ts";

/** Facts that {@link renderPrometheusRules} needs. */
export type PrometheusRulesArgs = RuleFacts;

const HEADER =
  "# Rendered by Holdfast from templates/prometheus-rules.ts. Edit the settings, not this file.";

/** Every alert by group, in the order of the file. */
export function alertGroups(facts: RuleFacts): Record<string, AlertRule[]> {
  const groups = ofOneSite(facts);
  if (facts.sites !== true) return groups;
  const entries = Object.entries(groups).map(([name, rules]) => [name, rules.map(ofActiveSite)]);
  return { ...Object.fromEntries(entries), sites: siteRules(facts) };
}

function ofActiveSite(rule: AlertRule): AlertRule {
  return ACTIVE_ONLY.includes(rule.alert) ? { ...rule, expr: onActive(rule.expr) } : rule;
}

function ofOneSite(facts: RuleFacts): Record<string, AlertRule[]> {
  return {
    cluster: clusterRules(facts),
    database: databaseRules(facts),
    recovery: recoveryRules(facts),
    archive: archiveRules(facts),
    backups: backupRules(),
    proofs: proofRules(facts),
    traffic: trafficRules(facts),
    routes: routeRules(facts),
    application: applicationRules(facts),
    scaling: scalingRules(),
    machinery: machineryRules(facts),
    monitoring: monitoringRules(),
    logs: logRules(),
    ...(facts.publicNames ? { names: nameRules() } : {}),
  };
}

/** Renders rules/holdfast.yml. Pure; independent of how many nodes or instances there are. */
export function renderPrometheusRules(facts: PrometheusRulesArgs): string {
  const groups = Object.entries(alertGroups(facts)).map(([name, rules]) => ({
    name: `holdfast-${name}`,
    ...(name === "cluster"
      ? { interval: `${clusterIntervalSeconds(facts.scrapeIntervalSeconds)}s` }
      : {}),
    rules: rules.map((rule) => rendered(rule, facts.runbookUrl)),
  }));
  return `${HEADER}\n${stringify({ groups }, { lineWidth: 0 })}`;
}

/** Where an alert's page is. Pure. */
export function runbookOf(alert: string, runbookUrl: string): string {
  return `${runbookUrl}/${alert}.md`;
}

function rendered(rule: AlertRule, runbookUrl: string): Record<string, unknown> {
  return {
    alert: rule.alert,
    expr: rule.expr,
    ...(rule.forSeconds > 0 ? { for: `${rule.forSeconds}s` } : {}),
    labels: { severity: rule.severity },
    annotations: {
      summary: rule.summary,
      action: rule.action,
      runbook_url: runbookOf(rule.alert, runbookUrl),
    },
  };
}
