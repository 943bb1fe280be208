/** What wears a PostgreSQL down from inside: ids, locks, sequences, vacuum, its disk. */

import {
  type AlertRule,
  CONTAINER,
  HOUR,
  LEADS,
  MIB,
  MINUTE,
  PSQL,
  type RuleFacts,
} from "./rule.ts";

/** PostgreSQL ends such a session after 5 min (idle_in_transaction_session_timeout); half of that is no accident. */
const IDLE_SECONDS = 150;
/** Longer than any statement of the shop; a request that waits so long has been answered 503. */
const LOCK_WAIT_SECONDS = 30;
/** autovacuum begins at 1; twice as much means that it does not keep up. */
const VACUUM_OWED = 2;

export function databaseRules(facts: RuleFacts): AlertRule[] {
  return [...idRules(), ...sessionRules(facts), ...spaceRules(facts)];
}

/** Numbers that run out. */
function idRules(): AlertRule[] {
  return [
    {
      alert: "PostgresTransactionIdsRunOut",
      // At 2^31 PostgreSQL stops writes; autovacuum is at work from its freeze_max_age (200 million) on.
      expr: `max by (${CONTAINER}) (pg_database_wraparound_age_datfrozenxid_seconds) > on (${CONTAINER}) (2.5 * pg_settings_autovacuum_freeze_max_age) and ${LEADS}`,
      forSeconds: 10 * MINUTE,
      severity: "critical",
      summary: "The oldest transaction id on {{ $labels.instance }} is {{ $value | humanize }} old",
      action: `At 2.1 billion writes stop. Something keeps vacuum from cleaning: an old transaction, a prepared one, a slot. Then, on the leader: ${PSQL} -c 'VACUUM (FREEZE)'.`,
    },
    {
      alert: "PostgresMultixactIdsRunOut",
      expr: `max by (${CONTAINER}) (pg_database_wraparound_age_datminmxid_seconds) > on (${CONTAINER}) (1.5 * pg_settings_autovacuum_multixact_freeze_max_age) and ${LEADS}`,
      forSeconds: 10 * MINUTE,
      severity: "critical",
      summary: "The oldest multixact on {{ $labels.instance }} is {{ $value | humanize }} old",
      action: `At 2.1 billion writes stop. Many sessions lock the same rows (SELECT FOR SHARE, foreign keys). On the leader: ${PSQL} -c 'VACUUM (FREEZE)'.`,
    },
    {
      alert: "PostgresSequenceRunsOut",
      expr: "holdfast_pg_sequence_used_ratio > 0.8",
      forSeconds: 10 * MINUTE,
      severity: "warning",
      summary: "Sequence {{ $labels.sequence }} is used up to {{ $value | humanizePercentage }}",
      action:
        "At its end every INSERT that needs it fails. Change the column to bigint, and the sequence with it, while there is time.",
    },
  ];
}

/** What sessions do to each other. */
function sessionRules(facts: RuleFacts): AlertRule[] {
  return [
    {
      alert: "PostgresIdleInTransaction",
      expr: `max by (${CONTAINER}, datname) (pg_stat_activity_max_tx_duration{state=~"idle in transaction.*"}) > ${IDLE_SECONDS}`,
      forSeconds: 2 * facts.scrapeIntervalSeconds,
      severity: "warning",
      summary:
        "A session in {{ $labels.datname }} on {{ $labels.instance }} idles in a transaction for {{ $value | humanizeDuration }}",
      action:
        "It holds locks and keeps vacuum from cleaning; PostgreSQL ends it after 5 min. Its application_name says whose it is: it has to commit before it waits for anything else.",
    },
    {
      alert: "PostgresLockWait",
      expr: `holdfast_pg_lock_waits_longest_seconds > ${LOCK_WAIT_SECONDS}`,
      forSeconds: 2 * facts.scrapeIntervalSeconds,
      severity: "warning",
      summary:
        "A session on {{ $labels.instance }} waits {{ $value | humanizeDuration }} for a lock",
      action: `Find who holds it: ${PSQL} -c 'SELECT pid, pg_blocking_pids(pid), query FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0'.`,
    },
    {
      alert: "PostgresDeadlocks",
      // One is for the application to try again; four mean that two ways take their locks in another
      // order. The half: increase() reckons a little more than was counted.
      expr: `sum by (${CONTAINER}, datname) (increase(pg_stat_database_deadlocks[10m])) > 3.5`,
      forSeconds: 0,
      severity: "warning",
      summary:
        "{{ $value | humanize }} deadlocks in {{ $labels.datname }} on {{ $labels.instance }} within ten minutes",
      action:
        "PostgreSQL's log has both statements of each. Let both take their rows in one order (ORDER BY id before FOR UPDATE).",
    },
  ];
}

/** Pages and disk. */
function spaceRules(facts: RuleFacts): AlertRule[] {
  const volume = facts.volumeSizeMiB * MIB;
  const databases = `on (${CONTAINER}) sum by (${CONTAINER}) (pg_database_size_bytes)`;
  return [
    {
      alert: "PostgresChecksumFailures",
      expr: `sum by (${CONTAINER}) (holdfast_pg_checksum_failures) > 0`,
      forSeconds: 0,
      severity: "critical",
      summary: "{{ $labels.instance }} read {{ $value }} pages whose checksum is wrong",
      action:
        "Its disk gives back other bytes than were written. If it leads, hand over now (./holdfast switchover); then rebuild that member on another disk.",
    },
    {
      alert: "PostgresAutovacuumLags",
      expr: `(pg_stat_user_tables_n_dead_tup / (pg_stat_user_tables_n_live_tup * on (${CONTAINER}) group_left () pg_settings_autovacuum_vacuum_scale_factor + 1) > ${VACUUM_OWED}) and pg_stat_user_tables_n_dead_tup > 10000`,
      forSeconds: HOUR,
      severity: "warning",
      summary:
        "Table {{ $labels.relname }} has {{ $value | humanize }} times the dead rows at which autovacuum begins",
      action:
        "A long transaction or a slot holds vacuum back, or it is too slow for the writes: raise autovacuum_vacuum_cost_limit by database.parameters.",
    },
    {
      alert: "PostgresWalGrows",
      // Beyond max_wal_size something holds it back: a slot, or an archive that fails.
      expr: `(predict_linear(pg_wal_size_bytes[1h], ${4 * HOUR}) + ${databases} > ${volume}) and pg_wal_size_bytes > on (${CONTAINER}) pg_settings_max_wal_size_bytes`,
      forSeconds: 10 * MINUTE,
      severity: "critical",
      summary: "pg_wal of {{ $labels.instance }} grows: its volume is full within four hours",
      action:
        "An archive that fails (WalArchivingFails) or a slot without a reader (ReplicationSlotRetainsWal) holds it back: mend that one.",
    },
    {
      alert: "PostgresVolumeFills",
      expr: `pg_wal_size_bytes + ${databases} > ${0.85 * volume}`,
      forSeconds: 5 * MINUTE,
      severity: "warning",
      summary: `{{ $labels.instance }} uses {{ $value | humanize1024 }}B of database.volumeSize (${facts.volumeSizeMiB} MiB)`,
      action:
        "Give the volume more room and set database.volumeSize to it, or delete what nobody needs and VACUUM FULL that table.",
    },
  ];
}
