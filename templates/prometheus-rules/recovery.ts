/** Whether PostgreSQL's side of recovery works: archiving, replication slots; and the certificates. */

import { type AlertRule, CONTAINER, DAY, HOUR, LEADS, MINUTE, type RuleFacts } from "./rule.ts";

export function recoveryRules(facts: RuleFacts): AlertRule[] {
  const timeout = facts.archiveTimeoutSeconds;
  // Long enough for the archiver's own rest of 60 s after three failures.
  const window = `${Math.max(5 * MINUTE, 4 * timeout)}s`;
  return [
    {
      alert: "WalArchivingFails",
      expr: `increase(pg_stat_archiver_failed_count[${window}]) > 0 and increase(pg_stat_archiver_archived_count[${window}]) == 0`,
      forSeconds: MINUTE,
      severity: "critical",
      summary: "{{ $labels.instance }} archives no WAL: every try fails",
      action:
        "See pgBackRest's error in its log and in the backup container's. WAL piles up on the node meanwhile.",
    },
    {
      alert: "WalArchiverStalls",
      // No try fails, and none succeeds: the archiver hangs. The heartbeat alone moves the WAL.
      expr: `(pg_stat_archiver_last_archive_age > ${2 * timeout}) and ${LEADS} and on (${CONTAINER}) increase(patroni_xlog_location[${timeout + MINUTE}s]) > 0`,
      forSeconds: MINUTE,
      severity: "critical",
      summary:
        "{{ $labels.instance }} archived its last WAL segment {{ $value | humanizeDuration }} ago, and writes on",
      action:
        "Does the backup container answer (docker logs)? A hanging archive-push ends by itself after pgBackRest's timeout; WAL piles up on the node meanwhile.",
    },
    {
      alert: "ReplicationSlotInactive",
      // Replicas keep slots for each other, unused until one of them leads.
      expr: `pg_replication_slot_slot_is_active == 0 and ${LEADS}`,
      forSeconds: 10 * MINUTE,
      severity: "warning",
      summary: "Nobody reads slot {{ $labels.slot_name }} of the leader {{ $labels.instance }}",
      action:
        "Its replica is away: ./holdfast status, then its log. Patroni drops a member's slot after 30 min; one that somebody else made is theirs to drop.",
    },
    {
      alert: "ReplicationSlotRetainsWal",
      expr: `pg_replication_slots_pg_wal_lsn_diff > on (${CONTAINER}) group_left () (0.5 * (pg_settings_max_slot_wal_keep_size_bytes > 0))`,
      forSeconds: 5 * MINUTE,
      severity: "warning",
      summary:
        "Slot {{ $labels.slot_name }} on {{ $labels.instance }} holds back {{ $value | humanize1024 }}B of WAL",
      action:
        "Its replica is away or too slow. At max_slot_wal_keep_size it is given up and rebuilt.",
    },
    {
      alert: "ReplicationSlotLost",
      expr: 'pg_replication_slot_wal_status{wal_status=~"unreserved|lost"} == 1',
      forSeconds: MINUTE,
      severity: "warning",
      summary: "Slot {{ $labels.slot_name }} on {{ $labels.instance }} is {{ $labels.wal_status }}",
      action: "Its replica will be rebuilt when it returns. A slot nobody uses any more: drop it.",
    },
    {
      alert: "CertificateEnds",
      expr: `holdfast_certificate_expiry_timestamp_seconds - time() < ${30 * DAY}`,
      forSeconds: HOUR,
      severity: "warning",
      summary:
        "The certificate of {{ $labels.certificate }} ends in {{ $value | humanizeDuration }}",
      action: "./holdfast up renews it. After its end no WAL is archived.",
    },
  ];
}
