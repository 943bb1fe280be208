/** Whether the repositories do their work, and backups come when they should and as they should. */

import { GROWN, NEW_SECONDS } from "./archive.ts";
import { faultAction } from "./faults.ts";
import {
  type AlertRule,
  CLUSTER,
  containerName,
  launcher,
  MIB,
  MINUTE,
  REPOSITORY,
} from "./rule.ts";

/** A run that takes longer than this is worth a comparison with the one before. */
const LONG_RUN_SECONDS = 10 * MINUTE;
const TAKE_AGAIN = launcher(
  "backup --now {{ $labels.kind }} --repository {{ $labels.repository }}",
);
const LOGS = `docker logs --tail 50 ${containerName("backup")}`;

export function backupRules(): AlertRule[] {
  return [...repositoryRules(), ...runRules()];
}

/** The repositories themselves. */
function repositoryRules(): AlertRule[] {
  return [
    {
      alert: "RepositoryFault",
      // A new stack has no stanza until it has a leader.
      expr: `holdfast_repository_fault{cause!="stanza"} == 1 or (holdfast_repository_fault{cause="stanza"} == 1 and ${GROWN})`,
      // Longer than one refused request, and still within a minute of the fault.
      forSeconds: 20,
      severity: "critical",
      summary: "Repository {{ $labels.repository }} does not work: {{ $labels.cause }}",
      action: faultAction(),
    },
    {
      alert: "BackupStanzaNotReady",
      expr: `(holdfast_backup_stanza_ready == 0 and ${GROWN}) unless on (${REPOSITORY}) holdfast_repository_fault`,
      forSeconds: 2 * MINUTE,
      severity: "critical",
      summary: "Repository {{ $labels.repository }} does not accept this cluster's WAL",
      action: `${LOGS} says why. Where the cluster that runs is meant to take the other's place: docker exec ${containerName("backup")} holdfast-backup --accept-new-cluster.`,
    },
    {
      alert: "BackupSettingsInvalid",
      expr: "holdfast_backup_settings_valid == 0",
      forSeconds: MINUTE,
      severity: "warning",
      summary: "backup.json cannot be read: the earlier schedule stays in force, or none",
      action: `${LOGS} names the key.`,
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
      alert: "BackupContainerDown",
      // While a new stack's images are built, Prometheus may be there long before it.
      expr: `max by (${CLUSTER}) (up{job="backup"}) == 0 and on (${CLUSTER}) (max by (${CLUSTER}) (max_over_time(up{job="backup"}[1h])) == 1 or max by (${CLUSTER}) (time() - process_start_time_seconds{job="prometheus"}) > ${NEW_SECONDS})`,
      // A replacement by ./holdfast up is over by then.
      forSeconds: 30,
      severity: "critical",
      summary: "The backup container is down: no WAL is archived",
      action: `docker start ${containerName("backup")}, or ${launcher("up")}.`,
    },
    {
      alert: "NoCloudRepository",
      expr: `holdfast_cloud_configured == 0 and ${GROWN}`,
      forSeconds: 0,
      severity: "info",
      summary: "There is no cloud repository: the loss of this machine loses every backup",
      action: `pulumi config set --path holdfast:backup.cloud.provider s3 (docs/backups.md has the rest), then ${launcher("up")}.`,
    },
  ];
}

/** What the runs leave. */
function runRules(): AlertRule[] {
  return [
    {
      alert: "BackupOverdue",
      expr: "time() - (holdfast_backup_due_timestamp_seconds > 0) > 3600",
      forSeconds: MINUTE,
      severity: "critical",
      summary:
        "The {{ $labels.schedule }} backup to {{ $labels.repository }} is {{ $value | humanizeDuration }} overdue",
      action: `It is tried again by itself; ${LOGS} says why it fails. By hand: ${launcher('backup --now {{ if eq $labels.schedule "logical" }}logical{{ else if eq $labels.schedule "incremental" }}incr{{ else }}physical{{ end }} --repository {{ $labels.repository }}')}.`,
    },
    {
      alert: "BackupFails",
      expr: "holdfast_backup_failures > 0",
      forSeconds: 5 * MINUTE,
      severity: "warning",
      summary:
        "The last {{ $value }} {{ $labels.kind }} backups to {{ $labels.repository }} failed",
      action: `They are tried again by themselves. ${LOGS} says why; at once: ${TAKE_AGAIN}.`,
    },
    {
      alert: "BackupShrank",
      // Increments are as large as what changed; these two are as large as the data. Below a MiB
      // there is next to none.
      expr: `holdfast_backup_last_size_bytes{kind=~"full|logical"} < 0.5 * (holdfast_backup_previous_size_bytes > ${MIB})`,
      forSeconds: MINUTE,
      severity: "warning",
      summary:
        "The last {{ $labels.kind }} backup to {{ $labels.repository }} has {{ $value | humanize1024 }}B, less than half of the one before",
      action: `Was so much deleted? If not, data is missing: do not let older backups expire (raise backup.keepFull and backup.keepDumps), and look at ${launcher("backups")}.`,
    },
    {
      alert: "BackupSlow",
      expr: `holdfast_backup_last_duration_seconds > ${LONG_RUN_SECONDS} and holdfast_backup_last_duration_seconds > 3 * holdfast_backup_previous_duration_seconds`,
      forSeconds: MINUTE,
      severity: "warning",
      summary:
        "The last {{ $labels.kind }} backup to {{ $labels.repository }} took {{ $value | humanizeDuration }}, over three times the one before",
      action: `A slow disk or network, or a full backup beside it. Compare with another run: ${TAKE_AGAIN}.`,
    },
    {
      alert: "BackupRunHangs",
      // The longest full backup of what fits a Docker host; nothing else is backed up meanwhile.
      expr: "min_over_time(holdfast_backup_running[6h]) == 1 and holdfast_backup_running offset 6h",
      forSeconds: 0,
      severity: "critical",
      summary: "Backup runs follow each other without a pause for six hours, or one hangs",
      action: `${LOGS} names the run. To end it: docker restart ${containerName("backup")}; it begins again by itself.`,
    },
    {
      alert: "BackupDamaged",
      // A sound one takes its place within seconds: long enough that somebody is told of it all the same.
      expr: "max_over_time(holdfast_backup_damaged[90s]) > 0",
      forSeconds: 0,
      severity: "critical",
      summary:
        "{{ $value }} {{ $labels.kind }} backups in {{ $labels.repository }} are damaged: they do not restore",
      action: `${launcher("backups")} marks them. Take a sound one now: ${launcher('backup --now {{ if eq $labels.kind "logical" }}logical{{ else }}full{{ end }} --repository {{ $labels.repository }}')}.`,
    },
  ];
}
