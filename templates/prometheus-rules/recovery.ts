/** Whether everything that was acknowledged can be had back: WAL, backups, slots, space, certificates. */

import { type AlertRule, CLUSTER, CONTAINER, DAY, HOUR, MINUTE, type RuleFacts } from "./rule.ts";

export function recoveryRules(facts: RuleFacts): AlertRule[] {
  const timeout = facts.archiveTimeoutSeconds;
  // Long enough for the archiver's own rest of 60 s after three failures.
  const window = `${Math.max(5 * MINUTE, 4 * timeout)}s`;
  const scrapes = 2 * facts.scrapeIntervalSeconds;
  const leads = `on (${CONTAINER}) patroni_primary == 1`;
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
      alert: "WalArchiveLate",
      // Only where WAL was written lately: an idle leader closes no segment and archives nothing, rightly.
      expr: `(pg_stat_archiver_last_archive_age > ${timeout} and ${leads}) and on (${CONTAINER}) delta(patroni_xlog_location[${2 * timeout + scrapes}s]) > 0`,
      // The first write after a quiet hour finds an old archive too, until archive_timeout has passed.
      forSeconds: Math.ceil(1.5 * timeout) + scrapes,
      severity: "critical",
      summary:
        "The last WAL segment of {{ $labels.instance }} was archived {{ $value | humanizeDuration }} ago",
      action: `archive_timeout is ${timeout} s: the recovery point objective is not kept. Is the backup container up, its volume full?`,
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
      alert: "BackupOverdue",
      expr: "time() - (holdfast_backup_due_timestamp_seconds > 0) > 3600",
      forSeconds: MINUTE,
      severity: "critical",
      summary: "The {{ $labels.schedule }} backup is {{ $value | humanizeDuration }} overdue",
      action:
        "docker logs of the backup container says why. By hand: holdfast-backup --now physical.",
    },
    {
      alert: "BackupFails",
      expr: "holdfast_backup_failures > 0",
      forSeconds: 5 * MINUTE,
      severity: "warning",
      summary: "The last {{ $value }} {{ $labels.kind }} backups failed",
      action: "They are tried again by themselves. docker logs of the backup container says why.",
    },
    {
      alert: "BackupStanzaNotReady",
      expr: "holdfast_backup_stanza_ready == 0",
      forSeconds: 5 * MINUTE,
      severity: "critical",
      summary: "The backup repository does not accept this cluster's WAL",
      action: "docker logs of the backup container says why, and the command that mends it.",
    },
    {
      alert: "BackupSettingsInvalid",
      expr: "holdfast_backup_settings_valid == 0",
      forSeconds: MINUTE,
      severity: "warning",
      summary: "backup.json cannot be read: the earlier schedule stays in force, or none",
      action: "docker logs of the backup container names the key.",
    },
    {
      alert: "BackupVolumeFills",
      // A trend needs a past: two hours, or the first backup alone would fill any disk by tomorrow.
      expr: "holdfast_backup_volume_free_bytes / holdfast_backup_volume_bytes < 0.15 or (predict_linear(holdfast_backup_volume_free_bytes[6h], 86400) < 0 and holdfast_backup_volume_free_bytes offset 2h)",
      forSeconds: 10 * MINUTE,
      severity: "warning",
      summary: "The repository's disk is nearly full, or will be within a day",
      action: "Lower backup.keepFull or backup.keepDumps, or give the Docker host more space.",
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
    {
      alert: "BackupContainerDown",
      expr: `max by (${CLUSTER}) (up{job="backup"}) == 0`,
      forSeconds: 2 * MINUTE,
      severity: "critical",
      summary: "The backup container is down: no WAL is archived",
      action: "docker start it, or ./holdfast up.",
    },
  ];
}
