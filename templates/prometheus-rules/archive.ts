/** Whether every write reaches both repositories in time, and without a hole. */

import {
  type AlertRule,
  CLUSTER,
  containerName,
  launcher,
  MINUTE,
  type RuleFacts,
} from "./rule.ts";

/** S3 refuses requests from a clock that is 15 min away; a minute is no drift any more. */
const SKEW_SECONDS = 60;
/** The shipping thread speaks every 5 s, the heartbeat beats every 10 s: this is several of each. */
const SILENCE_SECONDS = 60;
/** A new stack's first members may still be starting. */
export const NEW_SECONDS = 10 * MINUTE;

const RECOVERABLE_TO = "holdfast_archive_recoverable_to_timestamp_seconds";
const RECOVERABLE_FROM = "holdfast_backup_recoverable_from_timestamp_seconds";
const HEARTBEAT = "holdfast_heartbeat_last_timestamp_seconds";
const REPORT = "holdfast_archive_report_timestamp_seconds";

/** `and` this: the stack is older than its first minutes. */
export const GROWN = `on (${CLUSTER}) time() - holdfast_backup_created_timestamp_seconds > ${NEW_SECONDS}`;

export function archiveRules(facts: RuleFacts): AlertRule[] {
  const { recoveryPointSeconds: point, archiveTimeoutSeconds: timeout } = facts;
  const scrapes = 2 * facts.scrapeIntervalSeconds;
  const backup = containerName("backup");
  return [
    {
      alert: "WalArchiveLate",
      // Nothing recoverable at all yet: as old as the base backup. Without heartbeats there is
      // nothing to measure by: HeartbeatStopped says that.
      expr: `time() - (${RECOVERABLE_TO} or ${RECOVERABLE_FROM}) > ${point} unless on (${CLUSTER}) time() - ${HEARTBEAT} > ${SILENCE_SECONDS}`,
      // A failover takes one segment's time; two in a row are a fault.
      forSeconds: timeout + scrapes,
      severity: "critical",
      summary: `Repository {{ $labels.repository }} is {{ $value | humanizeDuration }} behind: the objective of ${point} s is not kept`,
      action: `What was written since then would be lost with the site. The alerts beside this one say why; if there is none: docker logs --tail 50 ${backup}.`,
    },
    {
      alert: "ArchiveQueueHalfFull",
      expr: `holdfast_archive_queue_segments > on (${CLUSTER}) group_left () 0.5 * holdfast_archive_queue_limit_segments`,
      // At once: what is left of the queue is the time to act.
      forSeconds: 0,
      severity: "critical",
      summary: "{{ $value }} WAL segments wait on {{ $labels.member }}: over half of the queue",
      action: `At its end pgBackRest drops WAL and the archive has a hole. Bring the local repository back (docker start ${backup}) or give it space; a larger database.volumeSize has a longer queue.`,
    },
    {
      alert: "WalShipLate",
      // A segment is closed archive_timeout after its first write: this is what remains for the way.
      expr: `holdfast_archive_ship_backlog_age_seconds > ${point - timeout}`,
      forSeconds: Math.max(30, scrapes),
      severity: "warning",
      summary: "WAL waits for {{ $value | humanizeDuration }} for the cloud repository",
      action: `Nothing is lost, it is in the local one and goes on by itself. Is the cloud reachable and quick enough? ${launcher("backups")} says its fault.`,
    },
    {
      alert: "ArchiveHole",
      expr: "holdfast_archive_holes > 0",
      // Filled from the other repository or a member within a round or two where they have it.
      forSeconds: 5 * MINUTE,
      severity: "critical",
      summary:
        "The WAL in repository {{ $labels.repository }} has {{ $value }} holes that cannot be filled",
      action: `What was written after it cannot be recovered from there until a new base backup is done, which starts by itself. By hand: ${launcher("backup --now full --repository {{ $labels.repository }}")}.`,
    },
    {
      alert: "ArchiveReportStopped",
      expr: `time() - ${REPORT} > ${SILENCE_SECONDS} or (holdfast_backup_settings_valid and ${GROWN} unless on (${CLUSTER}) ${REPORT})`,
      forSeconds: MINUTE,
      severity: "critical",
      summary:
        "The archives of site {{ $labels.site }} are not watched: nothing ships to the cloud",
      action: `docker restart ${backup}; its log says why it stopped.`,
    },
    {
      alert: "HeartbeatStopped",
      // Without a leader nobody can write one: that has an alert of its own.
      expr: `(time() - ${HEARTBEAT} > ${SILENCE_SECONDS} or (${REPORT} and ${GROWN} unless on (${CLUSTER}) ${HEARTBEAT})) and on (${CLUSTER}) max by (${CLUSTER}) (patroni_primary) == 1`,
      forSeconds: MINUTE,
      severity: "warning",
      summary: "No heartbeat is written: nobody knows how much a loss of the site would cost",
      action: `docker logs --tail 50 ${backup} says why: the role backup must be able to write to holdfast.heartbeat.`,
    },
    {
      alert: "ClockSkew",
      expr: `abs(holdfast_clock_skew_seconds) > ${SKEW_SECONDS}`,
      forSeconds: MINUTE,
      severity: "critical",
      summary:
        "The clocks of the backup container and of the leader differ by {{ $value | humanizeDuration }}",
      action:
        "From 15 min on S3 refuses every request, and a restore to a time would miss it. Set the Docker host's clock: timedatectl set-ntp true.",
    },
  ];
}
