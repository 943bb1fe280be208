/** etcd, and the monitoring itself. */

import { type AlertRule, CLUSTER, CONTAINER, MINUTE, type RuleFacts } from "./rule.ts";

export function machineryRules(facts: RuleFacts): AlertRule[] {
  return [
    {
      alert: "EtcdNoLeader",
      expr: "etcd_server_has_leader == 0",
      forSeconds: 10,
      severity: "critical",
      summary: "{{ $labels.instance }} knows no etcd leader",
      action:
        "Without a leader no failover happens. Are most members up, can they reach each other?",
    },
    {
      alert: "EtcdNoSpareMember",
      // As many members down as can be: one more and the quorum is lost.
      expr: `count by (${CLUSTER}) (up{job="etcd"} == 0) >= on (${CLUSTER}) floor((count by (${CLUSTER}) (up{job="etcd"}) - 1) / 2) > 0`,
      forSeconds: 30,
      severity: "critical",
      summary: "{{ $value }} etcd members are down: one more loss stops failover",
      action: "Start them again: ./holdfast up, or ./holdfast repair.",
    },
    {
      alert: "EtcdSlowDisk",
      expr: `histogram_quantile(0.99, sum by (${CONTAINER}, le) (rate(etcd_disk_wal_fsync_duration_seconds_bucket[5m]))) > 0.5`,
      forSeconds: 5 * MINUTE,
      severity: "warning",
      summary: "{{ $labels.instance }} needs {{ $value | humanizeDuration }} to write to its disk",
      action:
        "Slow leases mean needless failovers. Give etcd a faster disk, or the host less work.",
    },
    {
      alert: "EtcdSlowCommit",
      expr: `histogram_quantile(0.99, sum by (${CONTAINER}, le) (rate(etcd_disk_backend_commit_duration_seconds_bucket[5m]))) > 0.25`,
      forSeconds: 5 * MINUTE,
      severity: "warning",
      summary: "{{ $labels.instance }} needs {{ $value | humanizeDuration }} to commit",
      action:
        "Slow leases mean needless failovers. Give etcd a faster disk, or the host less work.",
    },
    {
      alert: "EtcdLeaderChanges",
      // One for each member that is restarted; more are elections that the disk or the network cause.
      expr: `max by (${CLUSTER}) (increase(etcd_server_leader_changes_seen_total[15m])) > 3.5`,
      forSeconds: 0,
      severity: "warning",
      summary: "etcd changed its leader {{ $value | humanize }} times within 15 minutes",
      action:
        "Its members miss each other's heartbeats: a busy host, a slow disk (EtcdSlowDisk) or the network between them.",
    },
    {
      alert: "EtcdDatabaseFull",
      expr: "etcd_mvcc_db_total_size_in_bytes / etcd_server_quota_backend_bytes > 0.8",
      forSeconds: 5 * MINUTE,
      severity: "critical",
      summary: "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its quota",
      action: "At 100 % etcd refuses writes, and leases with them. Compact and defragment it.",
    },
    {
      alert: "GuardBlind",
      // Down, without Docker or etcd, or without a look at both for half a minute.
      expr: 'up{job="guard"} == 0 or holdfast_guard_docker_up == 0 or holdfast_guard_etcd_up == 0 or time() - holdfast_guard_last_look_timestamp_seconds > 30',
      forSeconds: MINUTE,
      severity: "warning",
      summary: "The guard of site {{ $labels.site }} sees nothing: a dead leader is replaced late",
      action: `A failover then takes ${facts.patroni.ttlSeconds} s (Patroni's ttl) instead of some 4 s. The logs of guard and docker-proxy say who does not answer; a Docker that made its socket anew wants docker-proxy restarted.`,
    },
    {
      alert: "GuardReleasedKey",
      expr: "increase(holdfast_guard_releases_total[10m]) > 0",
      forSeconds: 0,
      severity: "warning",
      summary:
        "The leader's container of site {{ $labels.site }} ended, and the guard released its key",
      action:
        "Another member leads by now. The guard's log names the container: find out why it ended.",
    },
    {
      alert: "TargetDown",
      // Application instances above the minimum are stopped on purpose: InstancesMissing counts them.
      // Guard and autoscaler have alerts of their own.
      expr: 'up{job!~"app|guard|autoscaler"} == 0',
      forSeconds: Math.max(MINUTE, 3 * facts.scrapeIntervalSeconds),
      severity: "warning",
      summary: "{{ $labels.job }} of {{ $labels.instance }} cannot be scraped",
      action: "Is the container up (docker ps -a)? Its log says why not.",
    },
    {
      alert: "PrometheusRuleFails",
      expr: "increase(prometheus_rule_evaluation_failures_total[5m]) > 0",
      forSeconds: 0,
      severity: "warning",
      summary: "A rule of group {{ $labels.rule_group }} cannot be evaluated",
      action: "Prometheus' log names the rule. Until it is mended its alert is blind.",
    },
    {
      alert: "PrometheusConfigInvalid",
      expr: "prometheus_config_last_reload_successful == 0",
      forSeconds: MINUTE,
      severity: "warning",
      summary: "Prometheus refused its new configuration and keeps the old one",
      action: "Prometheus' log names the line.",
    },
    {
      alert: "AlertsUndelivered",
      expr: "increase(prometheus_notifications_errors_total[5m]) > 0 or prometheus_notifications_alertmanagers_discovered < 1",
      forSeconds: 2 * MINUTE,
      severity: "critical",
      summary: "Alerts do not reach Alertmanager",
      action: "Is the alertmanager container up? Until then Prometheus' own page shows the alerts.",
    },
    {
      alert: "Watchdog",
      expr: "vector(1)",
      forSeconds: 0,
      severity: "none",
      summary: "Always on: its absence at the receiver means that alerting is dead",
      action: "Nothing, while it is there.",
    },
  ];
}
