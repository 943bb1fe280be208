/** The dashboards' uids: part of their addresses, so they never change. */

export const OVERVIEW_UID = "holdfast-overview";
export const POSTGRESQL_UID = "holdfast-postgresql";
export const REPLICATION_UID = "holdfast-replication";
export const POOLER_UID = "holdfast-pooler";
export const BACKUPS_UID = "holdfast-backups";
export const REQUESTS_UID = "holdfast-requests";
export const APPLICATION_UID = "holdfast-application";
export const HOSTS_UID = "holdfast-hosts";
export const OBJECTIVES_UID = "holdfast-objectives";
export const MONITORING_UID = "holdfast-monitoring";
export const LOGS_UID = "holdfast-logs";
