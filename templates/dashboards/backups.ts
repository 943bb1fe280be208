/** Whether everything can be restored, from where, to which moment, and when that was last proven. */

import { HERE, renderDashboard, type Section } from "./dashboard.ts";
import type { DashboardFacts } from "./facts.ts";
import { lines, type Step, stat } from "./panels.ts";
import { costOfALoss, NEWEST_BASE_BACKUP, PROOF_OLD, RECOVERABLE_AGE } from "./recovery.ts";
import { BACKUPS_UID, OBJECTIVES_UID } from "./uids.ts";

/** Renders backups.json. Pure; the same at every site. */
export function renderBackupsDashboard(facts: DashboardFacts): string {
  return renderDashboard({
    title: "Holdfast: backups and drills",
    uid: BACKUPS_UID,
    description: "Can everything be restored, to which moment, and when was that last proven?",
    sections: [now(facts), archive(facts), runs(), proofs(facts)],
  });
}

const DAY = 86_400;
const NONE: Step[] = [{ color: "green" }, { color: "red", from: 1 }];
const BY_KIND = "{{repository}} {{kind}}";
const age = (metric: string): string => `time() - holdfast_${metric}{${HERE}}`;

function now(facts: DashboardFacts): Section {
  return {
    title: "Now",
    panels: [
      stat({
        title: "A loss would cost",
        description: "Age of the newest moment that the better repository could recover.",
        unit: "s",
        queries: [{ expr: `min(${RECOVERABLE_AGE})`, legend: "age" }],
        steps: [{ color: "green" }, { color: "red", from: facts.recoveryPointSeconds }],
        runbooks: ["WalArchiveLate", "HeartbeatStopped"],
        more: OBJECTIVES_UID,
      }),
      stat({ ...NEWEST_BASE_BACKUP, runbooks: ["BackupOverdue", "BackupFails"] }),
      stat({
        title: "Repositories that work",
        description: "Repositories that take WAL and backups.",
        unit: "short",
        queries: [{ expr: `sum(holdfast_repository_up{${HERE}})`, legend: "repositories" }],
        steps: [{ color: "red" }, { color: "green", from: 1 }],
        runbooks: ["RepositoryFault"],
      }),
      stat({
        title: "Holes in the WAL",
        description:
          "Missing pieces that could not be filled. Behind one, only a newer backup helps.",
        unit: "short",
        queries: [{ expr: `sum(holdfast_archive_holes{${HERE}})`, legend: "holes" }],
        steps: NONE,
        runbooks: ["ArchiveHole"],
      }),
      stat({
        title: "Damaged backups",
        description: "Backups that failed their verification.",
        unit: "short",
        queries: [{ expr: `sum(holdfast_backup_damaged{${HERE}})`, legend: "damaged" }],
        steps: NONE,
        runbooks: ["BackupDamaged"],
      }),
      stat({
        title: "Oldest proof",
        description: "Since the repository and kind that was longest not restored and compared.",
        unit: "s",
        queries: [
          { expr: `max(${age("restore_unproven_since_timestamp_seconds")})`, legend: "age" },
        ],
        steps: PROOF_OLD,
        runbooks: ["RestoreProofOld", "RestoreNeverProven"],
      }),
    ],
  };
}

function archive(facts: DashboardFacts): Section {
  return {
    title: "Archive",
    panels: [
      lines(costOfALoss(facts)),
      lines({
        title: "Waiting on the members",
        description: "WAL segments that a member has not archived. Half of the queue alerts.",
        unit: "short",
        queries: [
          { expr: `holdfast_archive_queue_segments{${HERE}}`, legend: "{{member}}" },
          { expr: `0.5 * holdfast_archive_queue_limit_segments{${HERE}}`, legend: "half" },
        ],
        runbooks: ["ArchiveQueueHalfFull", "WalArchivingFails"],
      }),
      lines({
        title: "On the way to the cloud",
        description: "Age of the oldest segment that the cloud repository lacks.",
        unit: "s",
        queries: [
          { expr: `holdfast_archive_ship_backlog_age_seconds{${HERE}}`, legend: "waiting" },
        ],
        steps: [
          { color: "green" },
          { color: "orange", from: facts.recoveryPointSeconds - facts.archiveTimeoutSeconds },
        ],
        runbooks: ["WalShipLate"],
      }),
    ],
  };
}

function runs(): Section {
  return {
    title: "Backups",
    panels: [
      lines({
        title: "Kept",
        description: "Backups in the repository, by kind.",
        unit: "short",
        queries: [{ expr: `holdfast_backup_count{${HERE}}`, legend: BY_KIND }],
      }),
      lines({
        title: "Time they took",
        description: "Duration of the last run, by kind.",
        unit: "s",
        queries: [{ expr: `holdfast_backup_last_duration_seconds{${HERE}}`, legend: BY_KIND }],
        runbooks: ["BackupSlow", "BackupRunHangs"],
      }),
      lines({
        title: "Size",
        description: "Size of the last backup in the repository, by kind.",
        unit: "bytes",
        queries: [{ expr: `holdfast_backup_last_size_bytes{${HERE}}`, legend: BY_KIND }],
        runbooks: ["BackupShrank"],
      }),
      lines({
        title: "Failures in a row",
        description: "Runs that failed since the last one that succeeded. They are tried again.",
        unit: "short",
        queries: [{ expr: `holdfast_backup_failures{${HERE}}`, legend: BY_KIND }],
        steps: [{ color: "green" }, { color: "orange", from: 1 }],
        runbooks: ["BackupFails"],
      }),
      lines({
        title: "Room for the local repository",
        description: "Part of the disk under it that is free.",
        unit: "percentunit",
        queries: [
          {
            expr: `holdfast_backup_volume_free_bytes{${HERE}} / holdfast_backup_volume_bytes{${HERE}}`,
            legend: "free",
          },
        ],
        steps: [{ color: "red" }, { color: "green", from: 0.15 }],
        runbooks: ["BackupVolumeFills"],
      }),
      lines({
        title: "Certificates",
        description: "Time until a certificate of the backups' TLS ends. ./holdfast up renews it.",
        unit: "s",
        queries: [
          {
            expr: `holdfast_certificate_expiry_timestamp_seconds{${HERE}} - time()`,
            legend: "{{certificate}}",
          },
        ],
        steps: [{ color: "red" }, { color: "green", from: 30 * DAY }],
        runbooks: ["CertificateEnds"],
      }),
    ],
  };
}

function proofs(facts: DashboardFacts): Section {
  return {
    title: "Restore drills",
    panels: [
      lines({
        title: "Since a restore was proven",
        description: "Time since it was restored and compared, or since there is one to restore.",
        unit: "s",
        queries: [{ expr: age("restore_unproven_since_timestamp_seconds"), legend: BY_KIND }],
        steps: PROOF_OLD,
        runbooks: ["RestoreProofOld"],
      }),
      lines({
        title: "Time a restore took",
        description: "Of the last drill, from the order to a server that answers.",
        unit: "s",
        queries: [{ expr: `holdfast_restore_rto_seconds{${HERE}}`, legend: BY_KIND }],
        steps: [{ color: "green" }, { color: "orange", from: facts.recoveryTimeSeconds }],
        runbooks: ["RestoreSlow"],
      }),
      lines({
        title: "What a restore lost",
        description: "Of the last drill: from the newest recovered write to the order.",
        unit: "s",
        queries: [
          {
            expr: `holdfast_restore_rpo_seconds{${HERE}, kind="physical"}`,
            legend: "{{repository}}",
          },
        ],
        steps: [{ color: "green" }, { color: "red", from: facts.recoveryPointSeconds }],
        runbooks: ["RestoreLosesTooMuch"],
      }),
      lines({
        title: "Last result",
        description: "1: the last drill of this kind proved a restore; 0: it did not.",
        unit: "short",
        queries: [{ expr: `holdfast_restore_last_result{${HERE}}`, legend: BY_KIND }],
        runbooks: ["RestoreDrillFailed", "RestoreDrillDown"],
      }),
    ],
  };
}
