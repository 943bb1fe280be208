/** Two sites: whether the other one could take over with what it has, and who may take writes. */

import { type AlertRule, CLUSTER, CONTAINER, launcher, MINUTE, type RuleFacts } from "./rule.ts";

const ROLE = "holdfast_site_role";

/**
 * Alerts that say something of the active site alone: a standby archives nothing, is not backed up, and
 * turns requests away on purpose.
 */
export const ACTIVE_ONLY: readonly string[] = [
  ...["WalArchiveLate", "WalShipLate", "ArchiveReportStopped", "HeartbeatStopped", "ArchiveHole"],
  ...["BackupOverdue", "BackupStanzaNotReady", "BackupFails", "RepositoryFault"],
  ...["RestoreNeverProven", "RestoreProofOld", "RestoreDrillFailed", "RestoreLosesTooMuch"],
  ...["RouterNoLeader", "PoolerClientsWait", "ReadsServedByLeader", "PostgresReplicaStale"],
  ...["EdgeErrors", "RequestsTurnedAway", "ReadOnlyErrors", "AppDatabaseErrors"],
];

/** The expression of an alert of {@link ACTIVE_ONLY} where there are two sites. Pure. */
export function onActive(expr: string): string {
  return `(${expr}) unless on (${CLUSTER}) holdfast_site_active == 0`;
}

export function siteRules(facts: RuleFacts): AlertRule[] {
  const { recoveryPointSeconds: point } = facts;
  return [
    {
      alert: "SiteNotStreaming",
      // Patroni calls it "running": its PostgreSQL is well, and gets nothing. A cold or drained site
      // follows nobody on purpose.
      expr: `patroni_standby_leader == 1 and on (${CONTAINER}) patroni_postgres_streaming == 0 unless on (${CLUSTER}) ${ROLE}{role=~"unconfirmed|draining"} == 1`,
      forSeconds: 30,
      severity: "critical",
      summary: "Site {{ $labels.site }} does not stream from the active site",
      action:
        "It replays from the cloud's archive meanwhile, later by up to archive_timeout. Is the link up (SiteLinkDown)? The log of its leader says what the other side answers.",
    },
    {
      alert: "SiteLags",
      expr: `holdfast_site_lag_seconds > ${point}`,
      // A heartbeat commits every 10 s: three of them.
      forSeconds: 30,
      severity: "critical",
      summary: "Site {{ $labels.site }} is {{ $value | humanizeDuration }} behind the active one",
      action: `A failover now would lose more than the objective of ${point} s: ${launcher("status")}, then SiteNotStreaming's page.`,
    },
    {
      alert: "SiteUnconfirmed",
      expr: `${ROLE}{role="unconfirmed"} == 1`,
      // With a witness or the other site a cold start is confirmed within seconds.
      forSeconds: 30,
      severity: "critical",
      summary: "Site {{ $labels.site }} takes no writes until somebody confirms that it may",
      action:
        "It started cold, or lost the witness' lease. If the other site is active, let this one follow it; if nobody else took over, confirm it: docs/sites.md.",
    },
    {
      alert: "SiteLinkDown",
      expr: "holdfast_site_peer_up == 0",
      forSeconds: MINUTE,
      severity: "critical",
      summary: "Site {{ $labels.site }} does not reach the other site",
      action:
        "The standby gets WAL from the cloud alone. Look at both containers named link, then at the network between the hosts.",
    },
    {
      alert: "SiteWitnessAway",
      // The lease lasts 20 s, and an active site gives up after half of it.
      expr: "holdfast_site_witness_up == 0",
      forSeconds: 0,
      severity: "critical",
      summary: "Site {{ $labels.site }} does not reach the witness",
      action:
        "The active site stops writes after 10 s without it. Bring the witness or the way to it back; writes go on by themselves then.",
    },
    {
      alert: "SiteAgentDown",
      expr: 'up{job="site-agent"} == 0',
      forSeconds: 2 * facts.scrapeIntervalSeconds,
      severity: "critical",
      summary: "The agent of site {{ $labels.site }} does not answer",
      action:
        "With a witness the database ends some 16 s after the last renewal; without one it goes on, and nobody can switch. docker logs of the container site-agent.",
    },
  ];
}
