import type { Docker } from "../docker.ts";
import { shellQuote } from "../engine/env.ts";
import { type RunResult, run } from "../exec.ts";
import { Fault } from "../fault.ts";

/** What tables are wanted, from which backup, and where they go. */
export interface TableRequest {
  readonly tables: readonly string[];
  readonly repository: "local" | "cloud";
  readonly kind: "logical" | "physical";
  /** ISO time; empty for the newest. */
  readonly until: string;
  readonly database: string;
  /** The role that owns the live tables. */
  readonly owner: string;
  /** The schema that is made. */
  readonly schema: string;
}

export interface RestoredTable {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
}

/** What `holdfast-restore-table` says when it is done. */
export interface TableResult {
  readonly repository: string;
  readonly kind: string;
  readonly label: string;
  /** ISO time of the state that the tables are in; null where nothing tells. */
  readonly asOf: string | null;
  readonly schema: string;
  readonly tables: readonly RestoredTable[];
}

/** How long to wait for a restore drill that is under way. */
const WAIT_SECONDS = 1800;
/** What the tool's own lines on standard error begin with; PostgreSQL's programs write others. */
const OWN = "holdfast-restore-table: ";
const RESULT = `${OWN}result `;
const FAILED = `${OWN}failed: `;

/**
 * Sends the tables from the container that opens backups to the leader's psql: SQL in one
 * transaction, which commits as its last statement.
 *
 * @param onProgress called with what is being done
 * @throws Fault with the words of whichever of the two failed first
 */
export async function pipeTables(
  docker: Docker,
  from: string,
  leader: string,
  request: TableRequest,
  onProgress: (doing: string) => void,
): Promise<TableResult> {
  const result = await run("bash", ["-c", pipeline(from, leader, request)], {
    env: { ...process.env, DOCKER_HOST: docker.host },
    log: "restore",
    onLine: (line) => {
      if (line.startsWith(OWN) && !line.startsWith(RESULT) && !line.startsWith(FAILED)) {
        onProgress(line.slice(OWN.length));
      }
    },
  });
  return outcomeOf(result);
}

/** Both programs; the exit code tells which failed: 1 the sender, 2 psql, 3 both. Pure. */
export function pipeline(from: string, leader: string, request: TableRequest): string {
  const send = [
    ...["docker", "exec", from, "holdfast-restore-table"],
    ...request.tables.map((table) => `--table=${table}`),
    `--repository=${request.repository}`,
    `--kind=${request.kind}`,
    ...(request.until ? [`--to=${request.until}`] : []),
    `--database=${request.database}`,
    `--owner=${request.owner}`,
    `--schema=${request.schema}`,
    `--wait=${WAIT_SECONDS}`,
  ];
  // Over the socket, as the superuser of the operating system's name: no password travels.
  const load = [
    ...["docker", "exec", "--interactive", leader, "psql", "--no-psqlrc", "--quiet"],
    ...["--set=ON_ERROR_STOP=1", "--output=/dev/null", `--dbname=${request.database}`],
  ];
  const words = (list: readonly string[]) => list.map(shellQuote).join(" ");
  return `${words(send)} | ${words(load)}; codes=("\${PIPESTATUS[@]}"); exit $(( (codes[0] != 0) + 2 * (codes[1] != 0) ))`;
}

/** Pure. @throws Fault */
export function outcomeOf({ code, stderr }: Pick<RunResult, "code" | "stderr">): TableResult {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const found = lines.find((line) => line.startsWith(RESULT));
  if (code === 0 && found) {
    return JSON.parse(found.slice(RESULT.length)) as TableResult;
  }
  const refused = lines.find((line) => /^psql:.*(ERROR|FATAL)|^(ERROR|FATAL):/.test(line));
  const failed = lines.find((line) => line.startsWith(FAILED))?.slice(FAILED.length);
  // A loader that fails breaks the pipe of the sender: its own words are the reason then.
  const reason = (code & 2) !== 0 && refused ? refused : (failed ?? lines.at(-1));
  const [why = "", ...there] = (reason ?? `exit code ${code}`).split(/\. (?=This backup holds)/);
  throw new Fault(
    `the tables were not brought back, and nothing was changed: ${why}`,
    ...there,
    "what the programs wrote: .holdfast/logs/restore.log",
  );
}
