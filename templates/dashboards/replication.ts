/** Who leads, who follows how closely, and whether the next fault would be survived. */

import { HERE, INSTANCES, renderDashboard, type Section } from "./dashboard.ts";
import type { DashboardFacts } from "./facts.ts";
import { lines, type Step, stat, states } from "./panels.ts";
import { REPLICATION_UID } from "./uids.ts";

/** Renders replication.json. Pure; the same at every site. */
export function renderReplicationDashboard(facts: DashboardFacts): string {
  return renderDashboard({
    title: "Holdfast: replication and failover",
    uid: REPLICATION_UID,
    description: "Who leads, who follows how closely, would the next fault be survived?",
    instancesOf: "patroni_primary",
    sections: [roles(), lag(facts), slots(), leases(facts)],
  });
}

const BY_INSTANCE = "{{instance}}";
const MIB = 1024 * 1024;
const ONE_IS_BAD: Step[] = [{ color: "green" }, { color: "red", from: 1 }];
const fsync = (metric: string): string =>
  `histogram_quantile(0.99, sum by (instance, le) (rate(etcd_disk_${metric}_duration_seconds_bucket{${HERE}}[$__rate_interval])))`;

function roles(): Section {
  return {
    title: "Roles",
    panels: [
      stat({
        title: "Leader",
        description: "The node that takes writes.",
        unit: "short",
        queries: [{ expr: `patroni_primary{${HERE}} == 1`, legend: BY_INSTANCE }],
        showName: true,
        runbooks: ["PostgresNoLeader", "PostgresSeveralLeaders"],
      }),
      stat({
        title: "Timeline",
        description: "Goes up by one with each promotion.",
        unit: "short",
        queries: [{ expr: `max(patroni_postgres_timeline{${HERE}})`, legend: "timeline" }],
        runbooks: ["PostgresFailoverLoop"],
      }),
      stat({
        title: "Synchronous standbys",
        description: "Replicas that hold every acknowledged write.",
        unit: "short",
        queries: [
          {
            expr: `sum(patroni_quorum_standby{${HERE}} + patroni_sync_standby{${HERE}})`,
            legend: "standbys",
          },
        ],
        steps: [{ color: "red" }, { color: "green", from: 1 }],
        runbooks: ["PostgresNoSynchronousStandby"],
      }),
      stat({
        title: "Paused",
        description: "1: Patroni is paused, and nobody would be promoted.",
        unit: "short",
        queries: [{ expr: `max(patroni_is_paused{${HERE}})`, legend: "paused" }],
        steps: ONE_IS_BAD,
        runbooks: ["PatroniPaused"],
      }),
      stat({
        title: "Failsafe",
        description: "1: etcd is away, and the leader leads because all members confirm it.",
        unit: "short",
        queries: [{ expr: `max(patroni_failsafe_mode_is_active{${HERE}})`, legend: "failsafe" }],
        steps: ONE_IS_BAD,
        runbooks: ["PatroniFailsafe"],
      }),
      stat({
        title: "Restart pending",
        description: "Members whose settings take effect with a restart: ./holdfast restart.",
        unit: "short",
        queries: [{ expr: `sum(patroni_pending_restart{${HERE}})`, legend: "members" }],
        steps: [{ color: "green" }, { color: "orange", from: 1 }],
        runbooks: ["PatroniRestartPending"],
      }),
      states({
        title: "Who leads",
        description: "1 (blue) while the node is the leader.",
        unit: "short",
        queries: [{ expr: `patroni_primary{${INSTANCES}}`, legend: BY_INSTANCE }],
        steps: [{ color: "text" }, { color: "blue", from: 1 }],
      }),
      states({
        title: "Who streams",
        description:
          "1 (green) while the node streams from the leader; the leader itself does not.",
        unit: "short",
        queries: [{ expr: `patroni_postgres_streaming{${INSTANCES}}`, legend: BY_INSTANCE }],
        steps: [{ color: "text" }, { color: "green", from: 1 }],
        runbooks: ["PostgresReplicaNotStreaming"],
      }),
      states({
        title: "Who runs",
        description: "1 (green) while PostgreSQL runs there.",
        unit: "short",
        queries: [{ expr: `patroni_postgres_running{${INSTANCES}}`, legend: BY_INSTANCE }],
        steps: [{ color: "red" }, { color: "green", from: 1 }],
        runbooks: ["PostgresDown"],
      }),
    ],
  };
}

function lag(facts: DashboardFacts): Section {
  const standby = (kind: string): string =>
    `max by (application_name) (pg_standby_${kind}_lag_seconds{${HERE}})`;
  return {
    title: "Lag",
    panels: [
      lines({
        title: "Not replayed",
        description:
          "WAL that a replica has not replayed. Beyond the read limit it serves no reads.",
        unit: "bytes",
        queries: [
          {
            expr: `clamp_min(scalar(max(patroni_xlog_location{${HERE}})) - (patroni_xlog_replayed_location{${INSTANCES}} and patroni_replica{${HERE}} == 1), 0)`,
            legend: BY_INSTANCE,
          },
        ],
        steps: [{ color: "green" }, { color: "orange", from: facts.readLagLimitMiB * MIB }],
        runbooks: ["PostgresReplicaLags"],
      }),
      lines({
        title: "Until it is safe",
        description:
          "From the leader's write to the replica's flush: what a commit waits for. 0 when idle.",
        unit: "s",
        queries: [{ expr: standby("flush"), legend: "{{application_name}}" }],
      }),
      lines({
        title: "Until it is seen",
        description:
          "From the leader's write to the replica's replay: how old its reads are. 0 when idle.",
        unit: "s",
        queries: [{ expr: standby("replay"), legend: "{{application_name}}" }],
      }),
    ],
  };
}

function slots(): Section {
  return {
    title: "Replication slots",
    panels: [
      lines({
        title: "WAL held back",
        description:
          "By each slot. At max_slot_wal_keep_size it is given up and the replica rebuilt.",
        unit: "bytes",
        queries: [
          {
            expr: `max by (instance, slot_name) (pg_replication_slots_pg_wal_lsn_diff{${INSTANCES}})`,
            legend: "{{slot_name}} on {{instance}}",
          },
        ],
        runbooks: ["ReplicationSlotRetainsWal"],
      }),
      lines({
        title: "Room left",
        description: "WAL that may still be written before a slot is given up.",
        unit: "bytes",
        queries: [
          {
            expr: `min by (instance, slot_name) (pg_replication_slot_safe_wal_size_bytes{${INSTANCES}})`,
            legend: "{{slot_name}} on {{instance}}",
          },
        ],
        runbooks: ["ReplicationSlotLost"],
      }),
      lines({
        title: "In use",
        description: "1 while a replica streams by the slot. On replicas they are spare: 0.",
        unit: "short",
        queries: [
          {
            expr: `max by (instance, slot_name) (pg_replication_slot_slot_is_active{${INSTANCES}})`,
            legend: "{{slot_name}} on {{instance}}",
          },
        ],
      }),
    ],
  };
}

function leases(facts: DashboardFacts): Section {
  return {
    title: "Leases: etcd and the guard",
    panels: [
      lines({
        title: "Since etcd was heard",
        description:
          "Time since each Patroni last reached etcd. At the lease's length a leader steps down.",
        unit: "s",
        queries: [{ expr: `time() - patroni_dcs_last_seen{${INSTANCES}}`, legend: BY_INSTANCE }],
        steps: [{ color: "green" }, { color: "red", from: facts.leaseSeconds }],
        runbooks: ["PatroniLosesEtcd"],
      }),
      lines({
        title: "etcd: time to write",
        description: "99th percentile of fsync. Over 0.5 s leases are at risk.",
        unit: "s",
        queries: [
          { expr: fsync("wal_fsync"), legend: "{{instance}} log" },
          { expr: fsync("backend_commit"), legend: "{{instance}} database" },
        ],
        steps: [{ color: "green" }, { color: "red", from: 0.5 }],
        runbooks: ["EtcdSlowDisk"],
      }),
      lines({
        title: "etcd: members with a leader",
        description: "Fewer than a majority: no lease is renewed.",
        unit: "short",
        queries: [{ expr: `sum(etcd_server_has_leader{${HERE}})`, legend: "members" }],
        runbooks: ["EtcdNoLeader", "EtcdNoSpareMember"],
      }),
      lines({
        title: "etcd: changes of its leader",
        description: "In ten minutes. Many: a slow disk or network.",
        unit: "short",
        queries: [
          {
            expr: `max(increase(etcd_server_leader_changes_seen_total{${HERE}}[10m]))`,
            legend: "changes",
          },
        ],
      }),
      lines({
        title: "etcd: database",
        description: "Part of its quota that is used.",
        unit: "percentunit",
        queries: [
          {
            expr: `etcd_mvcc_db_total_size_in_bytes{${HERE}} / etcd_server_quota_backend_bytes{${HERE}}`,
            legend: BY_INSTANCE,
          },
        ],
        steps: [{ color: "green" }, { color: "red", from: 0.8 }],
        runbooks: ["EtcdDatabaseFull"],
      }),
      lines({
        title: "Leases the guard has ended",
        description:
          "Each a leader whose container had ended: a failover without waiting for the lease.",
        unit: "short",
        queries: [
          {
            expr: `sum(increase(holdfast_guard_releases_total{${HERE}}[$__range]))`,
            legend: "ended",
          },
        ],
        runbooks: ["GuardReleasedKey", "GuardBlind"],
      }),
    ],
  };
}
