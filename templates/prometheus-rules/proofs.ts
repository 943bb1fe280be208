/** Whether backups were restored and found right, lately and quickly enough. */

import { GROWN } from "./archive.ts";
import {
  type AlertRule,
  CLUSTER,
  containerName,
  DAY,
  HOUR,
  launcher,
  MINUTE,
  type RuleFacts,
} from "./rule.ts";

/** The schedule proves each combination within a week: one more day for a machine that slept. */
const PROOF_DAYS = 8;
/** One drill a day, and two hours for it to start late and to last. */
const FIRST_PROOF_HOURS = 26;
/** The drill container gives a sign of life every 30 s. */
const SILENCE_SECONDS = 3 * MINUTE;

const UNPROVEN_SINCE = "holdfast_restore_unproven_since_timestamp_seconds";
const ALIVE = "holdfast_restore_drill_alive_timestamp_seconds";
const DRILL = launcher(
  "drill restore --repository {{ $labels.repository }} --kind {{ $labels.kind }}",
);

export function proofRules(facts: RuleFacts): AlertRule[] {
  return [
    {
      alert: "RestoreDrillFailed",
      expr: "holdfast_restore_last_result == 0",
      forSeconds: 0,
      severity: "critical",
      summary:
        "A {{ $labels.kind }} restore from {{ $labels.repository }} failed: that backup may not serve on the day",
      action: `${launcher("backups")} says what failed. Take a new backup where one is damaged, then prove it: ${DRILL}.`,
    },
    {
      alert: "RestoreProofOld",
      expr: `time() - ${UNPROVEN_SINCE} > ${PROOF_DAYS * DAY}`,
      forSeconds: HOUR,
      severity: "warning",
      summary:
        "No {{ $labels.kind }} restore from {{ $labels.repository }} was proven for {{ $value | humanizeDuration }}",
      action: `${DRILL}.`,
    },
    {
      alert: "RestoreNeverProven",
      expr: `time() - max by (${CLUSTER}) (${UNPROVEN_SINCE}) > ${FIRST_PROOF_HOURS * HOUR}`,
      forSeconds: 10 * MINUTE,
      severity: "critical",
      summary: "No restore at all was proven for {{ $value | humanizeDuration }}",
      action: `${launcher("drill restore")}.`,
    },
    {
      alert: "RestoreSlow",
      expr: `holdfast_restore_rto_seconds{kind="physical"} > ${facts.recoveryTimeSeconds}`,
      forSeconds: 0,
      severity: "warning",
      summary: `A restore from {{ $labels.repository }} takes {{ $value | humanizeDuration }}: the objective is ${facts.recoveryTimeSeconds} s`,
      action: `A full backup leaves less WAL to replay: ${launcher("backup --now full --repository {{ $labels.repository }}")}. Else: faster disks, or an objectives.recoveryTime that can be kept.`,
    },
    {
      alert: "RestoreLosesTooMuch",
      expr: `holdfast_restore_rpo_seconds{kind="physical"} > ${facts.recoveryPointSeconds}`,
      forSeconds: 0,
      severity: "warning",
      summary: `A restore from {{ $labels.repository }} lost the last {{ $value | humanizeDuration }}: the objective is ${facts.recoveryPointSeconds} s`,
      action: `Was the archive late just then (WalArchiveLate)? Measure again: ${DRILL}.`,
    },
    {
      alert: "RestoreDrillDown",
      expr: `time() - ${ALIVE} > ${SILENCE_SECONDS} or (holdfast_backup_settings_valid and ${GROWN} unless on (${CLUSTER}) ${ALIVE})`,
      forSeconds: MINUTE,
      severity: "warning",
      summary: "The container of the restore drills gives no sign of life: nothing is proven",
      action: `docker start ${containerName("restore-drill")}, or ${launcher("up")}.`,
    },
  ];
}
