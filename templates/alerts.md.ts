/** docs/alerts.md: every alert in one table. The page is kept equal to this by a test. */

import type { AlertRule, RuleFacts } from "./prometheus-rules/rule.ts";
import { alertGroups } from "./prometheus-rules.ts";

const TITLES: Readonly<Record<string, string>> = {
  cluster: "Who leads and who follows",
  database: "PostgreSQL from inside",
  recovery: "Archiving, slots, certificates",
  archive: "The archives",
  backups: "Repositories and backups",
  proofs: "Proven restores",
  traffic: "Traffic",
  routes: "Ways to the leader and to the application",
  application: "The application",
  scaling: "Instances by traffic",
  machinery: "etcd, the guard, the monitoring's base",
  monitoring: "The monitoring itself",
  logs: "Logs and containers",
  sites: "Two sites",
  names: "The public names (with `dns.zone`)",
};

const INTRODUCTION = `# Alerts

<!-- Rendered from templates/prometheus-rules/ by tests/unit/templates/alerts.test.ts: edit the rules, not this file. -->

The thresholds are those of the default settings; most follow from \`objectives\`. *critical*: data or service is being
lost, or nothing would stand the next fault. *warning*: it will be, if nobody acts today. *info*: a choice with a price;
it is shown and never sent. Each name leads to [its page](runbooks/README.md).

\`./holdfast status\` shows what fires. People are told by mail and webhook (\`alerting.*\`, [settings](../README.md)): what
one site raises is one message, critical ones after 10 s and again each hour, others after 90 s and again every 12 h, and
their end. What follows from another alert that fires is left out (templates/alertmanager/inhibitions.ts). \`Watchdog\` fires
always and goes to \`alerting.deadMansSwitch\` each minute: a service out of the house that calls you when it stops.

With [two sites](sites.md) each has a Prometheus of its own. What is of the active site alone (its archive, its backups, requests
turned away) is silent on a standby, and the last group is there.
`;

/** Renders docs/alerts.md. Pure. */
export function renderAlertsPage(facts: RuleFacts): string {
  const groups = Object.entries(alertGroups(facts)).map(
    ([group, rules]) =>
      `## ${TITLES[group] ?? group}\n\n| alert | severity | says | after |\n| --- | --- | --- | --- |\n${rules.map(row).join("\n")}\n`,
  );
  return [INTRODUCTION, ...groups].join("\n");
}

function row({ alert, severity, summary, forSeconds }: AlertRule): string {
  return `| [${alert}](runbooks/${alert}.md) | ${severity} | ${readable(summary)} | ${waiting(forSeconds)} |`;
}

/** `{{ $labels.instance }}` is shown as *instance*, a value as an ellipsis. */
function readable(summary: string): string {
  return summary
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, "*$1*")
    .replaceAll(/\{\{ \$value[^}]*\}\}/g, "…")
    .replaceAll("|", "\\|");
}

function waiting(seconds: number): string {
  if (seconds === 0) return "at once";
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
