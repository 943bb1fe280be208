/** Who leads, who follows how closely, and whether the next fault would be survived. */

import { HERE, INSTANCES, renderDashboard, type Section } from "./dashboard.ts";
import type { DashboardFacts } from "./facts.ts";
import { lines, type Step, stat, states } from "./panels.ts";
import { leases, slots } from "./replication-leases.ts";
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
