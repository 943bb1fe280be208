/** Who leads, who follows, and whether the next fault would be survived. */

import { clusterIntervalSeconds } from "../prometheus.yml.ts";
import { type AlertRule, CLUSTER, CONTAINER, HOUR, MIB, MINUTE, type RuleFacts } from "./rule.ts";

/** Six heartbeats: a slow replay, not a slow scrape. */
const STALE_SECONDS = 60;

/** Alerts that are evaluated as often as Patroni is scraped. */
export function clusterRules(facts: RuleFacts): AlertRule[] {
  const { ttlSeconds, loopWaitSeconds, retryTimeoutSeconds } = facts.patroni;
  const interval = clusterIntervalSeconds(facts.scrapeIntervalSeconds);
  // A standby site is led by a standby leader.
  const leaders = `sum by (${CLUSTER}) (patroni_primary + patroni_standby_leader)`;
  const hasLeader = `max by (${CLUSTER}) (patroni_primary) == 1`;
  return [
    {
      alert: "PostgresNoLeader",
      // The second half: when no node answers at all, there is nothing left to sum.
      expr: `${leaders} == 0 or max by (${CLUSTER}) (up{job="patroni"}) == 0`,
      // A failover by itself takes a ttl, a round and a retry at the most.
      forSeconds: ttlSeconds + loopWaitSeconds + retryTimeoutSeconds,
      severity: "critical",
      summary: "No PostgreSQL leader: writes fail",
      action:
        "Look at ./holdfast status: are etcd and at least one replica up? A failover that can happen has happened by now.",
    },
    {
      alert: "PostgresSeveralLeaders",
      expr: `sum by (${CLUSTER}) (patroni_primary) > 1`,
      // The nodes are not scraped at one instant: across a switchover both answers may be "leader" once.
      forSeconds: 2 * interval,
      severity: "critical",
      summary: "{{ $value }} PostgreSQL nodes believe they lead",
      action:
        "Stop the one that etcd does not name (key /holdfast/<scope>/leader) before its clients write more.",
    },
    {
      alert: "PostgresNoSynchronousStandby",
      expr: `sum by (${CLUSTER}) (patroni_quorum_standby + patroni_sync_standby) == 0 and on (${CLUSTER}) ${hasLeader}`,
      // At once: until it is back, the loss of the leader loses acknowledged writes.
      forSeconds: 0,
      severity: "critical",
      summary: "No synchronous standby: acknowledged writes are on one node only",
      action:
        "Bring a replica back. With database.durability strict writes are waiting, with available they are not.",
    },
    {
      alert: "PostgresReplicaNotStreaming",
      expr: "patroni_replica == 1 and patroni_postgres_streaming == 0",
      forSeconds: MINUTE,
      severity: "warning",
      summary: "{{ $labels.instance }} does not stream from the leader",
      action: "See its log. A replica that cannot follow any more is rebuilt by Patroni by itself.",
    },
    {
      alert: "PostgresReplicaLags",
      expr: `max by (${CLUSTER}) (patroni_xlog_location) - on (${CLUSTER}) group_right () (patroni_xlog_replayed_location and patroni_replica == 1) > ${facts.readLagLimitMiB * MIB}`,
      forSeconds: MINUTE,
      severity: "warning",
      summary: "{{ $labels.instance }} is {{ $value | humanize1024 }}B behind the leader",
      action: "It serves no reads meanwhile. Look for long queries on it and for a slow disk.",
    },
    {
      alert: "PostgresReplicaStale",
      // The heartbeat commits every 10 s: what replays is never older.
      expr: `time() - (patroni_xlog_replayed_timestamp > 0) > ${STALE_SECONDS} and on (${CONTAINER}) patroni_replica == 1 and on (${CLUSTER}) time() - holdfast_heartbeat_last_timestamp_seconds < ${STALE_SECONDS}`,
      forSeconds: MINUTE,
      severity: "warning",
      summary: "{{ $labels.instance }} shows data that is {{ $value | humanizeDuration }} old",
      action:
        "Its replay stands still: paused, held up by a long query, or without a stream. See its log.",
    },
    {
      alert: "PostgresFailoverLoop",
      // A starting member reports timeline 0, which is none.
      expr: `max by (${CLUSTER}) (max_over_time((patroni_postgres_timeline > 0)[15m:15s]) - min_over_time((patroni_postgres_timeline > 0)[15m:15s])) > 2`,
      forSeconds: 0,
      severity: "critical",
      summary: "The leader changed more than twice within 15 minutes",
      action: "Something takes leaders down one after the other: memory, disk, or etcd's latency.",
    },
    {
      alert: "PatroniLosesEtcd",
      expr: `time() - patroni_dcs_last_seen > ${ttlSeconds}`,
      forSeconds: 0,
      severity: "critical",
      summary: "{{ $labels.instance }} has not reached etcd for {{ $value | humanizeDuration }}",
      action: "Is etcd's quorum up? Without it there is no failover.",
    },
    {
      alert: "PatroniClusterUnlocked",
      expr: `min by (${CLUSTER}) (patroni_cluster_unlocked) == 1`,
      forSeconds: ttlSeconds + loopWaitSeconds + retryTimeoutSeconds,
      severity: "critical",
      summary: "Nobody holds the leader's key: no member may take writes for long",
      action:
        "No candidate qualifies: see Patroni's log of each member. Without etcd it is PatroniLosesEtcd.",
    },
    {
      alert: "PatroniFailsafe",
      expr: `max by (${CLUSTER}) (patroni_failsafe_mode_is_active) == 1`,
      forSeconds: 0,
      severity: "critical",
      summary: "etcd is away: the leader goes on only while every replica answers it",
      action: "Bring etcd back; the loss of one more node stops writes.",
    },
    {
      alert: "PatroniPaused",
      expr: `max by (${CLUSTER}) (patroni_is_paused) == 1`,
      forSeconds: 15 * MINUTE,
      severity: "warning",
      summary: "Patroni is paused: no failover happens by itself",
      action: "When the maintenance is over: patronictl resume.",
    },
    {
      alert: "PatroniRestartPending",
      expr: "patroni_pending_restart == 1",
      forSeconds: HOUR,
      severity: "warning",
      summary: "{{ $labels.instance }} waits for a restart to apply settings",
      action: "./holdfast up restarts replicas first and the leader by a handover.",
    },
    {
      alert: "PostgresDown",
      expr: 'pg_up{job="postgres"} == 0',
      forSeconds: 30,
      severity: "warning",
      summary: "{{ $labels.instance }} does not answer queries",
      action: "See its log. Patroni restarts or replaces it by itself where it can.",
    },
    {
      alert: "PostgresConnectionsExhausted",
      expr: `sum by (${CONTAINER}) (pg_stat_activity_count) > on (${CONTAINER}) (0.8 * pg_settings_max_connections)`,
      forSeconds: 2 * MINUTE,
      severity: "warning",
      summary: "{{ $labels.instance }} has {{ $value }} connections, over 80 % of max_connections",
      action: "Somebody goes around the pooler, or pooler.poolSize is too large for the server.",
    },
    {
      alert: "PostgresLongTransaction",
      expr: `max by (${CONTAINER}) (pg_stat_activity_max_tx_duration{usename!="backup"}) > ${HOUR}`,
      forSeconds: MINUTE,
      severity: "warning",
      summary:
        "A transaction on {{ $labels.instance }} is open for {{ $value | humanizeDuration }}",
      action: "It keeps vacuum from cleaning. Find it in pg_stat_activity, order by xact_start.",
    },
  ];
}
