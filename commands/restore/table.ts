import type { Settings } from "../../settings.ts";
import { type ActiveSite, activeSite, runningMembers } from "../cluster/leader.ts";
import { Fault } from "../fault.ts";
import { loadStack } from "../stack.ts";
import { alignedTable, note, print, seconds, step } from "../ui.ts";
import {
  pipeTables,
  type RestoredTable,
  type TableRequest,
  type TableResult,
} from "./tablePipe.ts";
import { parseTarget } from "./target.ts";
import type { RestoreOptions } from "./types.ts";

/** The tier whose container opens backups. */
const OPENER = "restore-drill";
const COUNT_MS = 600_000;

/**
 * Brings single tables of a backup back into a schema beside the live ones, which stay as they are.
 * The backup is opened in the restore-drill's container; the leader only loads rows.
 *
 * @throws Fault; nothing is left behind then
 */
export async function restoreTables(options: RestoreOptions): Promise<undefined> {
  const startMs = Date.now();
  const { settings } = loadStack(options.stack);
  const target = parseTarget(options.to);
  if (target.kind === "lsn") {
    throw new Fault("--table takes a time with --to, not a position in the WAL");
  }
  const site = await activeSite(settings);
  const [opener, leader] = [openerOf(site, options.stack), await leaderOf(site, options.stack)];
  const request: TableRequest = {
    tables: options.table ?? [],
    repository: options.repository ?? "local",
    kind: options.kind ?? "logical",
    until: target.value,
    database: settings.database.name,
    owner: settings.database.owner,
    schema: sideSchema(new Date()),
  };
  const result = await step(
    `${request.tables.join(", ")} from the ${request.repository} repository`,
    "opening a backup",
    async (progress) => ({
      value: await pipeTables(site.docker, opener, leader, request, progress),
    }),
  );
  const live = await liveRows(site, leader, settings, result);
  report(options, result, live, settings, seconds(startMs));
}

/** `restored_20261125_131500`: a name that PostgreSQL takes without quotes. Pure. */
export function sideSchema(now: Date): string {
  const [day = "", time = ""] = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").split("T");
  return `restored_${day}_${time}`;
}

function openerOf({ containers }: ActiveSite, stack: string): string {
  const opener = containers.find(({ component, running }) => component === OPENER && running);
  if (!opener) {
    throw new Fault(
      `the container that opens backups (${OPENER}) of stack ${stack} does not run`,
      `./holdfast up --stack ${stack}`,
    );
  }
  return opener.name;
}

async function leaderOf(site: ActiveSite, stack: string): Promise<string> {
  const members = await runningMembers(site, stack);
  const leader = members.find(({ role }) => role === "leader");
  if (!leader) {
    throw new Fault(
      `stack ${stack} has no leader that tables could be brought back to`,
      `./holdfast status --stack ${stack}`,
      `where the whole database is lost: ./holdfast restore --stack ${stack}`,
    );
  }
  return leader.container;
}

/** How many rows the live tables of the same names have; a table that is gone has none. */
async function liveRows(
  { docker }: ActiveSite,
  leader: string,
  { database }: Settings,
  { tables }: TableResult,
): Promise<ReadonlyMap<string, number>> {
  const args = ["exec", "--interactive", leader, "psql", "--no-psqlrc", "-At", database.name];
  const { code, stdout } = await docker.run(args, {
    input: countQuery(tables),
    timeoutMs: COUNT_MS,
  });
  const lines = code === 0 ? stdout.split("\n").filter(Boolean) : [];
  return new Map(
    lines.map((line): [string, number] => {
      const [key = "", rows = ""] = line.split("|");
      return [key, Number(rows)];
    }),
  );
}

/** One row for each table that is there, by its number in the list: number and rows. Pure. */
export function countQuery(tables: readonly RestoredTable[]): string {
  return tables
    .map(({ schema, name }, index) => {
      const table = [schema, name].map((part) => `"${part.replaceAll('"', '""')}"`).join(".");
      const found = `to_regclass('${table.replaceAll("'", "''")}')`;
      // Looked up when it runs: a name that is gone would fail the whole input.
      return (
        `SELECT format('SELECT ${index}, count(*) FROM %s', ${found}) ` +
        `WHERE ${found} IS NOT NULL \\gexec\n`
      );
    })
    .join("");
}

function report(
  { stack, json }: RestoreOptions,
  result: TableResult,
  live: ReadonlyMap<string, number>,
  { database }: Settings,
  took: string,
): void {
  const rows = result.tables.map((table, index) => ({
    ...table,
    liveRows: live.get(String(index)) ?? null,
  }));
  if (json) {
    print(JSON.stringify({ stack, ...result, tables: rows }, null, 2));
    return;
  }
  print(
    alignedTable([
      ["TABLE", "ROWS BROUGHT BACK", "ROWS LIVE"],
      ...rows.map((row) => [
        `${result.schema}.${row.name}`,
        String(row.rows),
        row.liveRows === null ? "gone" : String(row.liveRows),
      ]),
    ]),
  );
  const [first] = result.tables;
  const asOf = result.asOf ? `as of ${result.asOf}, ` : "";
  note(`  ok   ${asOf}from ${result.kind} backup ${result.label} (${took})`);
  note("       keys, indexes and sequences came along; foreign keys and triggers did not");
  note(`       to look: SELECT * FROM ${result.schema}.${first?.name ?? "..."};`);
  note(`       done with it: DROP SCHEMA ${result.schema} CASCADE;   (database ${database.name})`);
}
