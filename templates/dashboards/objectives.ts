/** What was promised, and what is measured: each objective beside the figure that keeps or breaks it. */

import { HERE, renderDashboard, type Section } from "./dashboard.ts";
import type { DashboardFacts } from "./facts.ts";
import { lines, type Step, stat } from "./panels.ts";
import { BACKUPS_UID, OBJECTIVES_UID, REPLICATION_UID, REQUESTS_UID } from "./uids.ts";

/** Renders objectives.json. Pure; the same at every site. */
export function renderObjectivesDashboard(facts: DashboardFacts): string {
  return renderDashboard({
    title: "Holdfast: objectives",
    uid: OBJECTIVES_UID,
    description: "What may be lost and how long may it take, against what is measured?",
    sections: [point(facts), time(facts), kept(facts)],
  });
}

const used: Step[] = [
  { color: "green" },
  { color: "orange", from: 0.8 },
  { color: "red", from: 1 },
];
const cost = `time() - holdfast_archive_recoverable_to_timestamp_seconds{${HERE}}`;
/** Repository kinds whose restore loses what was not archived: dumps are of their own moment. */
const PHYSICAL = `${HERE}, kind="physical"`;

function point({ recoveryPointSeconds: point }: DashboardFacts): Section {
  return {
    title: `Recovery point: the loss of the site may cost ${point} s`,
    panels: [
      stat({
        title: "Now",
        description: "Age of the newest recoverable moment, in the worst repository.",
        unit: "s",
        queries: [{ expr: `max(${cost})`, legend: "now" }],
        steps: [{ color: "green" }, { color: "red", from: point }],
        runbooks: ["WalArchiveLate"],
      }),
      stat({
        title: "Part of the objective",
        description: "The same as a part of objectives.recoveryPoint.",
        unit: "percentunit",
        queries: [{ expr: `max(${cost}) / ${point}`, legend: "used" }],
        steps: used,
      }),
      stat({
        title: "Measured by the last drill",
        description: "What the last restore lost, in the worst repository.",
        unit: "s",
        queries: [{ expr: `max(holdfast_restore_rpo_seconds{${PHYSICAL}})`, legend: "drill" }],
        steps: [{ color: "green" }, { color: "red", from: point }],
        runbooks: ["RestoreLosesTooMuch"],
        more: BACKUPS_UID,
      }),
      stat({
        title: "Kept, in the range shown",
        description: "Part of the time in which the worst repository was within the objective.",
        unit: "percentunit",
        queries: [
          {
            expr: `min(avg_over_time(((${cost}) <= bool ${point})[$__range:1m]))`,
            legend: "kept",
          },
        ],
        steps: [{ color: "red" }, { color: "orange", from: 0.99 }, { color: "green", from: 0.999 }],
      }),
      lines({
        title: "Against the objective",
        description: "Age of the newest recoverable moment, and the objective.",
        unit: "s",
        queries: [
          { expr: cost, legend: "{{repository}}" },
          { expr: `vector(${point})`, legend: "objective" },
        ],
        steps: [{ color: "green" }, { color: "red", from: point }],
        more: BACKUPS_UID,
      }),
    ],
  };
}

function time({ recoveryTimeSeconds: time }: DashboardFacts): Section {
  return {
    title: `Recovery time: the loss of a node may stop writes for ${time} s`,
    panels: [
      stat({
        title: "Without a leader",
        description:
          "Seconds without a leader in the range shown, all failovers and handovers together.",
        unit: "s",
        queries: [
          {
            expr: `(1 - avg_over_time((max(patroni_primary{${HERE}}) == bool 1)[$__range:5s])) * $__range_s`,
            legend: "without",
          },
        ],
        steps: [{ color: "green" }, { color: "orange", from: 1 }, { color: "red", from: time }],
        runbooks: ["PostgresNoLeader"],
        more: REPLICATION_UID,
      }),
      stat({
        title: "With a leader",
        description: "Part of the range shown in which there was exactly one leader.",
        unit: "percentunit",
        queries: [
          {
            expr: `avg_over_time((sum(patroni_primary{${HERE}}) == bool 1)[$__range:10s])`,
            legend: "led",
          },
        ],
        steps: [{ color: "red" }, { color: "orange", from: 0.99 }, { color: "green", from: 0.999 }],
      }),
      stat({
        title: "Restore, by the last drill",
        description: "Time that the last restore took, in the slowest repository.",
        unit: "s",
        queries: [{ expr: `max(holdfast_restore_rto_seconds{${HERE}})`, legend: "drill" }],
        steps: [{ color: "green" }, { color: "orange", from: time }],
        runbooks: ["RestoreSlow"],
        more: BACKUPS_UID,
      }),
      lines({
        title: "Restores against the objective",
        description: "Time that the last restore of each kind took, and the objective.",
        unit: "s",
        queries: [
          { expr: `holdfast_restore_rto_seconds{${HERE}}`, legend: "{{repository}} {{kind}}" },
          { expr: `vector(${time})`, legend: "objective" },
        ],
        steps: [{ color: "green" }, { color: "orange", from: time }],
      }),
    ],
  };
}

function kept({ handoverBoundSeconds: bound }: DashboardFacts): Section {
  const responses = `haproxy_frontend_http_responses_total{${HERE}, job="edge", proxy="http"`;
  return {
    title: "What users saw",
    panels: [
      stat({
        title: "Requests answered",
        description: "Part of the requests in the range shown that did not end in a server error.",
        unit: "percentunit",
        queries: [
          {
            expr: `1 - sum(increase(${responses}, code="5xx"}[$__range])) / (sum(increase(${responses}}[$__range])) > 0)`,
            legend: "answered",
          },
        ],
        steps: [{ color: "red" }, { color: "orange", from: 0.99 }, { color: "green", from: 0.999 }],
        runbooks: ["EdgeErrors"],
        more: REQUESTS_UID,
      }),
      stat({
        title: "Longest wait at a pooler",
        description: `Longest wait for a connection in the range shown. A handover lasts ${bound} s at most.`,
        unit: "s",
        queries: [
          {
            expr: `max(max_over_time(pgbouncer_pools_client_maxwait_seconds{${HERE}}[$__range]))`,
            legend: "wait",
          },
        ],
        steps: [{ color: "green" }, { color: "red", from: bound }],
        runbooks: ["PoolerClientsWait"],
      }),
      stat({
        title: "Without a synchronous standby",
        description: "Part of the range shown in which the next fault could have lost a write.",
        unit: "percentunit",
        queries: [
          {
            expr: `avg_over_time((sum(patroni_quorum_standby{${HERE}} + patroni_sync_standby{${HERE}}) == bool 0)[$__range:10s])`,
            legend: "alone",
          },
        ],
        steps: [{ color: "green" }, { color: "red", from: 0.001 }],
        runbooks: ["PostgresNoSynchronousStandby"],
        more: REPLICATION_UID,
      }),
    ],
  };
}
