/** What may be missing or empty in a sound environment with traffic, each with its reason. */

/** Features that can be turned off: without any metric of that beginning, nothing of them is checked. */
export const FEATURES: readonly { readonly prefix: string; readonly reason: string }[] = [
  { prefix: "django_", reason: "an application of one's own need not be Django" },
  { prefix: "holdfast_routing_", reason: "the same" },
  { prefix: "holdfast_app_", reason: "the same" },
];

/** Metrics that come with their first event. Each is made by the program named. */
export const LATER_METRICS: ReadonlyMap<string, string> = new Map([
  ["holdfast_restore_proven_timestamp_seconds", "backup: the first restore drill that passes"],
  ["holdfast_restore_last_result", "backup: the first restore drill"],
  ["holdfast_restore_last_run_timestamp_seconds", "backup: the first restore drill"],
  ["holdfast_restore_rto_seconds", "backup: the first restore drill that passes"],
  ["holdfast_restore_rpo_seconds", "backup: the first restore drill that passes"],
  ["holdfast_repository_fault", "backup: the first fault of a repository"],
  ["holdfast_backup_previous_size_bytes", "backup: the second backup of a kind"],
  ["holdfast_backup_previous_duration_seconds", "backup: the second backup of a kind"],
  ["holdfast_routing_fallbacks_total", "app: the first read that had to go to the leader"],
  ["holdfast_routing_retries_total", "app: the first request that was tried again"],
  ["holdfast_routing_away_total", "app: the first request that was refused"],
  ["holdfast_routing_tokens_total", "app: the first visitor who writes"],
  ["django_db_errors_total", "app: the first error of the database"],
  ["otelcol_exporter_send_failed_log_records_total", "collector: the first line that Loki refuses"],
  ["django_http_exceptions_total_by_type_total", "app: the first exception"],
]);

/** Panels that are empty when all is well, or until something has happened. */
export const QUIET_PANELS: ReadonlyMap<string, string> = new Map([
  ["requests | Reads sent to the leader | A", "no replica was behind"],
  ["requests | Requests tried again, or refused | A", "no request had to be tried again"],
  ["requests | Requests tried again, or refused | B", "no request was refused"],
  ["requests | Server errors | A", "division by no requests, when there is a pause in the load"],
  ["backups | Time a restore took | A", "no restore drill has run yet"],
  ["backups | What a restore lost | A", "no restore drill has run yet"],
  ["backups | Last result | A", "no restore drill has run yet"],
  ["backups | On the way to the cloud | A", "nothing waits, or there is no cloud repository"],
  ["objectives | Measured by the last drill | A", "no restore drill has run yet"],
  ["objectives | Restore, by the last drill | A", "no restore drill has run yet"],
  ["objectives | Restores against the objective | A", "no restore drill has run yet"],
  ["hosts | Pressure | A", "the host's kernel does not tell pressure"],
  ["hosts | Pressure | B", "the host's kernel does not tell pressure"],
  ["hosts | Pressure | C", "the host's kernel does not tell pressure"],
  ["postgresql | Sequences | A", "an application without sequences"],
]);
