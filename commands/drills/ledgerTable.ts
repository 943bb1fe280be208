import type { Settings } from "../../settings.ts";
import type { Docker } from "../docker.ts";
import type { LedgerRow } from "./types.ts";

/** How long a statement on a member may take, in milliseconds; 100,000 rows take less than one second. */
const STATEMENT_MS = 60_000;

/**
 * Makes the ledger's table on the leader, where it is not there yet. No unique constraint: a row
 * that is there twice has to show.
 *
 * @param container the leader's
 */
export async function prepareLedger(
  docker: Docker,
  container: string,
  { database }: Pick<Settings, "database">,
): Promise<void> {
  const owner = identifier(database.owner);
  await psql(
    docker,
    container,
    database.name,
    // Applied on the synchronous standby before it returns: the first reads find the table there.
    `SET synchronous_commit = remote_apply;
     SET client_min_messages = warning;
     BEGIN;
     CREATE SCHEMA IF NOT EXISTS holdfast_drill;
     CREATE TABLE IF NOT EXISTS holdfast_drill.ledger (
       id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
       run text NOT NULL,
       client int NOT NULL,
       sequence bigint NOT NULL,
       written_at timestamptz NOT NULL DEFAULT clock_timestamp()
     );
     GRANT USAGE ON SCHEMA holdfast_drill TO ${owner};
     GRANT SELECT, INSERT ON holdfast_drill.ledger TO ${owner};
     COMMIT;`,
  );
}

/** Drops the ledger with all its runs. */
export async function dropLedger(
  docker: Docker,
  container: string,
  { database }: Pick<Settings, "database">,
): Promise<void> {
  const drop = "SET client_min_messages = warning; DROP SCHEMA IF EXISTS holdfast_drill CASCADE;";
  await psql(docker, container, database.name, drop);
}

/** The rows of one run that one member has, in the order of their ids. */
export async function readLedger(
  docker: Docker,
  container: string,
  run: string,
  database: string,
): Promise<LedgerRow[]> {
  const query = `SELECT client, sequence FROM holdfast_drill.ledger WHERE run = ${literal(run)} ORDER BY id;`;
  return parseRows(await psql(docker, container, database, query));
}

/** psql's unaligned output, `client|sequence`. Pure. @throws Error for anything else */
export function parseRows(text: string): LedgerRow[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const found = /^(\d+)\|(\d+)$/.exec(line);
      if (found === null) {
        throw new Error(`not a row of the ledger: ${line.slice(0, 100)}`);
      }
      return { client: Number(found[1]), sequence: Number(found[2]) };
    });
}

/** SQL as superuser over the member's own socket. @throws Fault with psql's words */
export async function psql(
  docker: Docker,
  container: string,
  database: string,
  input: string,
): Promise<string> {
  const flags = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1"];
  const { stdout } = await docker.must(
    `SQL on ${container}`,
    ["exec", "-i", container, "psql", ...flags, "--dbname", database],
    { input, timeoutMs: STATEMENT_MS },
  );
  return stdout;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
