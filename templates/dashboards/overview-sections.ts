/** The rows of the home dashboard, top to bottom: each panel is one question with its answer. */

import { HERE, type Section } from "./dashboard.ts";
import type { DashboardFacts } from "./facts.ts";
import { lines, type Step, stat, states } from "./panels.ts";
import { costOfALoss, NEWEST_BASE_BACKUP, PROOF_OLD } from "./recovery.ts";
import {
  BACKUPS_UID,
  OBJECTIVES_UID,
  POOLER_UID,
  POSTGRESQL_UID,
  REPLICATION_UID,
  REQUESTS_UID,
} from "./uids.ts";

const NONE_IS_BAD: Step[] = [{ color: "red" }, { color: "green", from: 1 }];
const MIB = 1024 * 1024;

/** Every row of the overview. */
export function overviewSections(facts: DashboardFacts): Section[] {
  return [atAGlance(), traffic(), database(facts), pooler(facts), recovery(facts)];
}

function atAGlance(): Section {
  return {
    title: "At a glance",
    panels: [
      stat({
        title: "Leader",
        description: "The PostgreSQL node that takes writes.",
        unit: "short",
        queries: [{ expr: `patroni_primary{${HERE}} == 1`, legend: "{{instance}}" }],
        showName: true,
        runbooks: ["PostgresNoLeader", "PostgresSeveralLeaders"],
        more: REPLICATION_UID,
      }),
      stat({
        title: "Members",
        description: "PostgreSQL nodes that run and are the leader or stream from it.",
        unit: "short",
        queries: [
          {
            expr: `sum(patroni_primary{${HERE}} + patroni_postgres_streaming{${HERE}})`,
            legend: "members",
          },
        ],
        steps: [{ color: "red" }, { color: "orange", from: 1 }, { color: "green", from: 2 }],
        runbooks: ["PostgresDown", "PostgresReplicaNotStreaming"],
        more: REPLICATION_UID,
      }),
      stat({
        title: "Synchronous standbys",
        description:
          "Replicas that hold every acknowledged write. None: the next fault can lose some.",
        unit: "short",
        queries: [
          {
            expr: `sum(patroni_quorum_standby{${HERE}} + patroni_sync_standby{${HERE}})`,
            legend: "standbys",
          },
        ],
        steps: NONE_IS_BAD,
        runbooks: ["PostgresNoSynchronousStandby"],
        more: REPLICATION_UID,
      }),
      stat({
        title: "Healthy instances",
        description: "Application instances that the edge sends requests to.",
        unit: "short",
        queries: [
          {
            expr: `haproxy_backend_active_servers{${HERE}, job="edge", proxy="app"}`,
            legend: "instances",
          },
        ],
        steps: NONE_IS_BAD,
        runbooks: ["EdgeNoInstance", "InstancesMissing"],
        more: REQUESTS_UID,
      }),
      stat({
        title: "Alerts",
        description: "Alerts that fire now, warnings included.",
        unit: "short",
        queries: [
          {
            expr: 'count(ALERTS{alertstate="firing", severity=~"critical|warning"}) or vector(0)',
            legend: "alerts",
          },
        ],
        steps: [{ color: "green" }, { color: "red", from: 1 }],
      }),
      stat({ ...NEWEST_BASE_BACKUP, runbooks: ["BackupOverdue"], more: BACKUPS_UID }),
    ],
  };
}

function traffic(): Section {
  const responses = `haproxy_frontend_http_responses_total{${HERE}, job="edge", proxy="http"}`;
  return {
    title: "Traffic",
    panels: [
      lines({
        title: "Requests",
        description: "Requests at the edge by class of answer.",
        unit: "reqps",
        queries: [
          { expr: `sum by (code) (rate(${responses}[$__rate_interval]))`, legend: "{{code}}" },
        ],
        stacked: true,
        more: REQUESTS_UID,
      }),
      lines({
        title: "Latency, 95th percentile",
        description: "Time an instance needs for an answer, middleware included; all instances.",
        unit: "s",
        queries: [
          {
            expr: `histogram_quantile(0.95, sum by (le) (rate(django_http_requests_latency_including_middlewares_seconds_bucket{${HERE}}[$__rate_interval])))`,
            legend: "p95",
          },
          {
            expr: `histogram_quantile(0.5, sum by (le) (rate(django_http_requests_latency_including_middlewares_seconds_bucket{${HERE}}[$__rate_interval])))`,
            legend: "median",
          },
        ],
      }),
      lines({
        title: "Instances",
        description: "Application instances that answer Prometheus.",
        unit: "short",
        queries: [{ expr: `sum(up{${HERE}, job="app"})`, legend: "running" }],
      }),
    ],
  };
}

function database(facts: DashboardFacts): Section {
  return {
    title: "Database",
    panels: [
      states({
        title: "Who leads",
        description: "1 (blue) while the node is the leader.",
        unit: "short",
        queries: [{ expr: `patroni_primary{${HERE}}`, legend: "{{instance}}" }],
        steps: [{ color: "text" }, { color: "blue", from: 1 }],
        more: REPLICATION_UID,
      }),
      lines({
        title: "Transactions",
        description: "Commits and rollbacks per second, all databases, by node.",
        unit: "ops",
        queries: [
          {
            expr: `sum by (instance) (rate(pg_stat_database_xact_commit{${HERE}}[$__rate_interval]) + rate(pg_stat_database_xact_rollback{${HERE}}[$__rate_interval]))`,
            legend: "{{instance}}",
          },
        ],
        more: POSTGRESQL_UID,
      }),
      lines({
        title: "Replica lag",
        description:
          "WAL that a replica has not replayed yet. Beyond the read limit it serves no reads.",
        unit: "bytes",
        queries: [
          {
            expr: `clamp_min(scalar(max(patroni_xlog_location{${HERE}})) - (patroni_xlog_replayed_location{${HERE}} and patroni_replica{${HERE}} == 1), 0)`,
            legend: "{{instance}}",
          },
        ],
        steps: [{ color: "green" }, { color: "orange", from: facts.readLagLimitMiB * MIB }],
        runbooks: ["PostgresReplicaLags"],
        more: REPLICATION_UID,
      }),
    ],
  };
}

function pooler(facts: DashboardFacts): Section {
  return {
    title: "Pooler",
    panels: [
      lines({
        title: "Clients",
        description: "Clients of the poolers that are being served.",
        unit: "short",
        queries: [
          {
            expr: `sum by (instance, database) (pgbouncer_pools_client_active_connections{${HERE}, database!="pgbouncer"})`,
            legend: "{{instance}} {{database}}",
          },
        ],
        more: POOLER_UID,
      }),
      lines({
        title: "Clients waiting",
        description: "Clients without a server connection: a handover, or too small a pool.",
        unit: "short",
        queries: [
          {
            expr: `sum by (instance, database) (pgbouncer_pools_client_waiting_connections{${HERE}, database!="pgbouncer"})`,
            legend: "{{instance}} {{database}}",
          },
        ],
      }),
      lines({
        title: "Longest wait",
        description: "How long the first waiting client has been waiting.",
        unit: "s",
        queries: [
          {
            expr: `max by (instance) (pgbouncer_pools_client_maxwait_seconds{${HERE}})`,
            legend: "{{instance}}",
          },
        ],
        steps: [{ color: "green" }, { color: "red", from: facts.handoverBoundSeconds }],
        runbooks: ["PoolerClientsWait"],
        more: POOLER_UID,
      }),
    ],
  };
}

function recovery(facts: DashboardFacts): Section {
  return {
    title: "Recovery",
    panels: [
      lines({ ...costOfALoss(facts), more: OBJECTIVES_UID }),
      lines({
        title: "Since a restore was last proven",
        description:
          "Time since a backup was restored and compared, or since there is one to restore.",
        unit: "s",
        queries: [
          {
            expr: `time() - holdfast_restore_unproven_since_timestamp_seconds{${HERE}}`,
            legend: "{{repository}} {{kind}}",
          },
        ],
        steps: PROOF_OLD,
        runbooks: ["RestoreProofOld"],
        more: BACKUPS_UID,
      }),
      lines({
        title: "etcd: time to write",
        description: "99th percentile of etcd's fsync. Over 0.5 s leases are at risk.",
        unit: "s",
        queries: [
          {
            expr: `histogram_quantile(0.99, sum by (instance, le) (rate(etcd_disk_wal_fsync_duration_seconds_bucket{${HERE}}[$__rate_interval])))`,
            legend: "{{instance}}",
          },
        ],
      }),
    ],
  };
}
