"""The metrics by name: what each means and where its values come from."""

from __future__ import annotations

from .family import Family, once, per_key, per_proof, per_repository, per_run, unproven

FAMILIES = [
    Family(
        "holdfast_backup_created_timestamp_seconds",
        "First day of the backup volume.",
        once(lambda facts: facts.created),
    ),
    Family(
        "holdfast_backup_last_success_timestamp_seconds",
        "Start of the newest run that succeeded.",
        per_run(lambda run: run.last_success),
    ),
    Family(
        "holdfast_backup_failures",
        "Failed runs since the last success.",
        per_run(lambda run: run.failures),
    ),
    Family(
        "holdfast_backup_last_duration_seconds",
        "Duration of the newest run that succeeded.",
        per_run(lambda run: run.duration),
    ),
    Family(
        "holdfast_backup_previous_duration_seconds",
        "Duration of the run that succeeded before the newest.",
        per_run(lambda run: run.previous_duration),
    ),
    Family(
        "holdfast_backup_last_size_bytes",
        "What the newest run that succeeded added to the repository.",
        per_run(lambda run: run.bytes),
    ),
    Family(
        "holdfast_backup_previous_size_bytes",
        "What the run that succeeded before the newest added to the repository.",
        per_run(lambda run: run.previous_bytes),
    ),
    Family(
        "holdfast_backup_due_timestamp_seconds",
        "Instant of the schedule whose run is still owed; 0 when none is.",
        lambda facts: [
            ({"repository": name, "schedule": schedule}, since or 0)
            for (name, schedule), since in facts.due.items()
        ],
    ),
    Family(
        "holdfast_backup_running",
        "1 while a run holds the lock.",
        once(lambda facts: facts.running),
    ),
    Family(
        "holdfast_backup_count",
        "Backups in the repository.",
        per_key("kind", lambda known: known.counts),
    ),
    Family(
        "holdfast_backup_damaged",
        "Backups in the repository that are known not to restore.",
        per_key("kind", lambda known: known.damaged),
    ),
    Family(
        "holdfast_backup_recoverable_from_timestamp_seconds",
        "End of the oldest base backup: no earlier instant can be recovered.",
        per_repository(lambda known: known.recoverable_from),
    ),
    Family(
        "holdfast_cloud_configured",
        "1 when there is a repository outside this machine.",
        once(lambda facts: facts.cloud_configured),
    ),
    Family(
        "holdfast_repository_up",
        "1 when the repository can be read (repo_status).",
        per_repository(lambda known: known.up),
    ),
    Family(
        "holdfast_repository_fault",
        "1 for each cause for which the repository does not do its work.",
        per_key("cause", lambda known: dict.fromkeys(known.faults, 1)),
    ),
    Family(
        "holdfast_backup_stanza_ready",
        "1 when the stanza exists, belongs to the running cluster and WAL arrives.",
        per_repository(lambda known: known.stanza_ready),
    ),
    Family(
        "holdfast_archive_report_timestamp_seconds",
        "When the shipping thread last said how the archives are.",
        once(lambda facts: facts.archive_reported),
    ),
    Family(
        "holdfast_archive_last_segment_timestamp_seconds",
        "When the newest WAL segment reached the repository.",
        per_repository(lambda known: known.last_segment),
    ),
    Family(
        "holdfast_archive_recoverable_to_timestamp_seconds",
        "Time of the newest heartbeat that the unbroken archive holds.",
        per_repository(lambda known: known.recoverable_to),
    ),
    Family(
        "holdfast_archive_queue_segments",
        "WAL segments that wait on a node for the repository.",
        lambda facts: [({"member": name}, count) for name, count in facts.queues.items()],
    ),
    Family(
        "holdfast_archive_queue_limit_segments",
        "WAL segments at which a node would give up the queue.",
        once(lambda facts: facts.queue_limit),
    ),
    Family(
        "holdfast_archive_ship_backlog_segments",
        "WAL segments that the local repository has and the cloud's lacks.",
        once(lambda facts: facts.backlog_segments),
    ),
    Family(
        "holdfast_archive_ship_backlog_age_seconds",
        "Age of the oldest of them.",
        once(lambda facts: facts.backlog_age),
    ),
    Family(
        "holdfast_archive_holes",
        "Gaps in the WAL archive behind the newest base backup.",
        per_repository(lambda known: known.open_holes),
    ),
    Family(
        "holdfast_archive_holes_filled_total",
        "Gaps in the WAL archive that were filled.",
        per_repository(lambda known: known.holes_filled),
        "counter",
    ),
    Family(
        "holdfast_heartbeat_last_timestamp_seconds",
        "When the newest heartbeat row was written.",
        once(lambda facts: facts.heartbeat),
    ),
    Family(
        "holdfast_clock_skew_seconds",
        "This container's clock minus the leader's.",
        once(lambda facts: facts.clock_skew),
    ),
    Family(
        "holdfast_restore_proven_timestamp_seconds",
        "End of the newest restore drill that passed.",
        per_proof(lambda proof: proof.proven),
    ),
    Family(
        "holdfast_restore_unproven_since_timestamp_seconds",
        "End of the newest restore drill that passed; the repository's first day before any did.",
        per_key("kind", unproven),
    ),
    Family(
        "holdfast_restore_last_result",
        "1 when the newest restore drill passed, 0 when it failed.",
        per_proof(lambda proof: proof.last_passed),
    ),
    Family(
        "holdfast_restore_last_run_timestamp_seconds",
        "End of the newest restore drill.",
        per_proof(lambda proof: proof.last_run),
    ),
    Family(
        "holdfast_restore_rto_seconds",
        "From nothing to a server that answers, in the newest restore drill that passed.",
        per_proof(lambda proof: proof.rto),
    ),
    Family(
        "holdfast_restore_rpo_seconds",
        "Age of the newest recoverable transaction in the newest restore drill that passed.",
        per_proof(lambda proof: proof.rpo),
    ),
    Family(
        "holdfast_restore_drill_alive_timestamp_seconds",
        "When the container of the restore drills last gave a sign of life.",
        once(lambda facts: facts.drill_alive),
    ),
    Family(
        "holdfast_backup_settings_valid",
        "1 when backup.json in its newest form could be read.",
        once(lambda facts: facts.settings_valid),
    ),
    Family(
        "holdfast_backup_volume_bytes",
        "Size of the volume.",
        lambda facts: [({"repository": "local"}, facts.volume_bytes)],
    ),
    Family(
        "holdfast_backup_volume_free_bytes",
        "Free space on the repository's volume.",
        lambda facts: [({"repository": "local"}, facts.volume_free_bytes)],
    ),
    Family(
        "holdfast_certificate_expiry_timestamp_seconds",
        "End of a certificate's validity.",
        lambda facts: [({"certificate": name}, end) for name, end in facts.certificates.items()],
    ),
]
