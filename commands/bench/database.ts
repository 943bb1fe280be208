import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { ROLE } from "./pgbench.ts";

/** The bench's schema in the application's database, named as its role. */
const SCHEMA = ROLE;
/** PostgreSQL's own number (scram_iterations). */
const ITERATIONS = 4096;

/** Letters and digits alone, as every password here. */
export function newPassword(): string {
  return randomBytes(18).toString("hex");
}

/**
 * What PostgreSQL keeps of a password, so that the password itself is in no statement. Pure.
 *
 * @param salt 16 random bytes
 */
export function scramVerifier(password: string, salt: Buffer): string {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, "sha256");
  const keyed = (text: string) => createHmac("sha256", salted).update(text).digest();
  const stored = createHash("sha256").update(keyed("Client Key")).digest("base64");
  const server = keyed("Server Key").toString("base64");
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString("base64")}$${stored}:${server}`;
}

/**
 * A role with a schema of its own, in which pgbench's tables lie: nothing of the application's is
 * touched, and the stack's poolers let the role in as any other. To be run in that database. Pure.
 */
export function prepareStatements(database: string, verifier: string): string {
  const name = identifier(database);
  return `SET client_min_messages = warning;
    ${dropStatements(database)}
    CREATE ROLE ${ROLE} LOGIN PASSWORD '${verifier}';
    GRANT CONNECT ON DATABASE ${name} TO ${ROLE};
    CREATE SCHEMA ${SCHEMA} AUTHORIZATION ${ROLE};
    ALTER ROLE ${ROLE} IN DATABASE ${name} SET search_path = ${SCHEMA};`;
}

/**
 * Ends what a pooler keeps open as the role, also as one of an earlier run: the session of a role that is
 * gone may read nothing of the next one of its name. On every member, for replicas have such sessions, too.
 */
export const END_SESSIONS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE usename = '${ROLE}'
  OR (usename IS NULL AND usesysid IS NOT NULL AND backend_type = 'client backend');`;

/** Everything of it gone; whoever is still connected as that role is not any more. Pure. */
export function dropStatements(database: string): string {
  return `SET client_min_messages = warning;
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${ROLE}';
    DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE;
    DO $$ BEGIN
      IF EXISTS (SELECT FROM pg_roles WHERE rolname = '${ROLE}') THEN
        REVOKE ALL ON DATABASE ${identifier(database)} FROM ${ROLE};
        DROP ROLE ${ROLE};
      END IF;
    END $$;`;
}

/** Before each round: hot rows without their old versions, and a history that does not grow. */
export const TIDY = `TRUNCATE ${SCHEMA}.pgbench_history;
  VACUUM ${SCHEMA}.pgbench_branches, ${SCHEMA}.pgbench_tellers, ${SCHEMA}.pgbench_accounts;
  CHECKPOINT;`;

/** How far the leader's WAL goes now, e.g. `0/3000148`. */
export const POSITION = "SELECT pg_current_wal_flush_lsn();";

/** Whether every streaming replica has replayed up to a position: one that others write beyond meanwhile. Pure. */
export function replayedStatement(position: string): string {
  return `SELECT coalesce(bool_and(replay_lsn >= '${position}'), true)
    FROM pg_stat_replication WHERE state = 'streaming';`;
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
