/** The lower half of replication's dashboard: replication slots, and the leases in etcd. */

import { HERE, INSTANCES, type Section } from "./dashboard.ts";
import type { DashboardFacts } from "./facts.ts";
import { lines } from "./panels.ts";

const BY_INSTANCE = "{{instance}}";
const fsync = (metric: string): string =>
  `histogram_quantile(0.99, sum by (instance, le) (rate(etcd_disk_${metric}_duration_seconds_bucket{${HERE}}[$__rate_interval])))`;

/** What replicas that are away cost, and when they would be given up. */
export function slots(): Section {
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

/** Who holds the lease is known to etcd: does it answer, and in time? */
export function leases(facts: DashboardFacts): Section {
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
