/** PostgreSQL itself: what it does, what waits, which statements cost most, what will run out. */

import { INSTANCES, renderDashboard, type Section } from "./dashboard.ts";
import { lines, table } from "./panels.ts";
import { limits, storage } from "./postgresql-storage.ts";
import { LOGS_UID, POSTGRESQL_UID } from "./uids.ts";

/** Renders postgresql.json. Pure; the same at every site. */
export function renderPostgresqlDashboard(): string {
  return renderDashboard({
    title: "Holdfast: PostgreSQL",
    uid: POSTGRESQL_UID,
    description: "What does it do, what waits, which statements cost most, what will run out?",
    instancesOf: "pg_up",
    sections: [work(), waiting(), statements(), storage(), limits()],
  });
}

const perSecond = (metric: string): string => `rate(${metric}{${INSTANCES}}[$__rate_interval])`;
const BY_INSTANCE = "{{instance}}";

function work(): Section {
  return {
    title: "Work",
    panels: [
      lines({
        title: "Transactions",
        description: "Commits and rollbacks per second, all databases.",
        unit: "ops",
        queries: [
          {
            expr: `sum by (instance) (${perSecond("pg_stat_database_xact_commit")} + ${perSecond("pg_stat_database_xact_rollback")})`,
            legend: BY_INSTANCE,
          },
        ],
      }),
      lines({
        title: "Rows written",
        description: "Rows inserted, updated and deleted per second, by database.",
        unit: "rowsps",
        queries: [
          {
            expr: `sum by (datname) (${perSecond("pg_stat_database_tup_inserted")} + ${perSecond("pg_stat_database_tup_updated")} + ${perSecond("pg_stat_database_tup_deleted")})`,
            legend: "{{datname}}",
          },
        ],
      }),
      lines({
        title: "Found in shared buffers",
        description:
          "Part of the block reads that shared_buffers answered. Low for long: too little memory.",
        unit: "percentunit",
        queries: [
          {
            expr: `sum by (instance) (${perSecond("pg_stat_database_blks_hit")}) / (sum by (instance) (${perSecond("pg_stat_database_blks_hit")} + ${perSecond("pg_stat_database_blks_read")}) > 0)`,
            legend: BY_INSTANCE,
          },
        ],
      }),
    ],
  };
}

function waiting(): Section {
  return {
    title: "Waiting",
    panels: [
      lines({
        title: "Connections",
        description: "Part of max_connections that is taken.",
        unit: "percentunit",
        queries: [
          {
            expr: `sum by (instance) (pg_stat_activity_count{${INSTANCES}}) / sum by (instance) (pg_settings_max_connections{${INSTANCES}})`,
            legend: BY_INSTANCE,
          },
        ],
        steps: [{ color: "green" }, { color: "red", from: 0.8 }],
        runbooks: ["PostgresConnectionsExhausted"],
      }),
      lines({
        title: "Oldest transaction",
        description:
          "Age of the oldest open transaction, by state. It holds back vacuum and handovers.",
        unit: "s",
        queries: [
          {
            expr: `max by (instance, state) (pg_transaction_oldest_seconds{${INSTANCES}})`,
            legend: "{{instance}} {{state}}",
          },
        ],
        steps: [{ color: "green" }, { color: "orange", from: 300 }],
        runbooks: ["PostgresLongTransaction"],
      }),
      lines({
        title: "Waiting for locks",
        description:
          "Locks that are waited for. The database's log names who waits for over a second.",
        unit: "short",
        queries: [
          {
            expr: `sum by (instance) (holdfast_pg_lock_waits_sessions{${INSTANCES}})`,
            legend: BY_INSTANCE,
          },
        ],
        steps: [{ color: "green" }, { color: "orange", from: 5 }],
        more: LOGS_UID,
      }),
      lines({
        title: "Deadlocks",
        description: "Deadlocks in five minutes: PostgreSQL ended one of the transactions.",
        unit: "short",
        queries: [
          {
            expr: `sum by (datname) (increase(pg_stat_database_deadlocks{${INSTANCES}}[5m]))`,
            legend: "{{datname}}",
          },
        ],
        steps: [{ color: "green" }, { color: "orange", from: 1 }],
      }),
      lines({
        title: "Longest wait for a lock",
        description: "How long the first in the queue has been waiting.",
        unit: "s",
        queries: [
          {
            expr: `max by (instance) (holdfast_pg_lock_waits_longest_seconds{${INSTANCES}})`,
            legend: BY_INSTANCE,
          },
        ],
        steps: [{ color: "green" }, { color: "red", from: 30 }],
      }),
      lines({
        title: "Checkpoints",
        description:
          "Checkpoints in ten minutes. Many that were asked for: max_wal_size is too small.",
        unit: "short",
        queries: [
          {
            expr: `sum by (instance) (increase(pg_stat_checkpointer_num_timed_total{${INSTANCES}}[10m]))`,
            legend: "{{instance}} by time",
          },
          {
            expr: `sum by (instance) (increase(pg_stat_checkpointer_num_requested_total{${INSTANCES}}[10m]))`,
            legend: "{{instance}} asked for",
          },
        ],
      }),
    ],
  };
}

function statements(): Section {
  const top = (metric: string): string =>
    `topk(10, sum by (queryid) (${perSecond(`pg_statement_${metric}_total`)}))`;
  return {
    title: "Statements: the twenty that took most time since statistics were last reset",
    panels: [
      lines({
        title: "Time",
        description:
          "Seconds of execution per second, by id of the statement: 1 keeps one core busy.",
        unit: "percentunit",
        queries: [{ expr: top("seconds"), legend: "{{queryid}}" }],
      }),
      lines({
        title: "Calls",
        description: "Executions per second.",
        unit: "ops",
        queries: [{ expr: top("calls"), legend: "{{queryid}}" }],
      }),
      lines({
        title: "WAL",
        description: "WAL written, in bytes per second.",
        unit: "Bps",
        queries: [{ expr: top("wal_bytes"), legend: "{{queryid}}" }],
      }),
      table({
        title: "What they are",
        description: "Time per call in the range shown, and the text, cut at 120 characters.",
        unit: "s",
        queries: [
          {
            expr: `sum by (queryid) (increase(pg_statement_seconds_total{${INSTANCES}}[$__range])) / (sum by (queryid) (increase(pg_statement_calls_total{${INSTANCES}}[$__range])) > 0) * on (queryid) group_left (query) max by (queryid, query) (pg_statement_text_info{${INSTANCES}})`,
            legend: "{{queryid}}",
          },
        ],
        columns: { queryid: "Id", Value: "Time per call", query: "Statement" },
      }),
    ],
  };
}
