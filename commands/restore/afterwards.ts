import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../../settings.ts";
import { backupContainer } from "../cluster/backups.ts";
import { activeSite } from "../cluster/leader.ts";
import type { Docker } from "../docker.ts";
import { tail } from "../exec.ts";
import { Fault } from "../fault.ts";
import { step } from "../ui.ts";

const ANSWER_MS = 10_000;
const AGAIN_MS = 500;
/** Strict durability takes no write before a replica streams. */
const FIRST_WRITE_MS = 600_000;
/** A full base backup of the largest database that one volume is likely to hold. */
const BACKUP_MS = 6 * 3_600_000;
/** How long a backup waits for another one, seconds. */
const OTHER_RUN_SECONDS = 600;
/** holdfast-backup's words when the repository belongs to another cluster than the one that runs. */
const ANOTHER_CLUSTER = "--accept-new-cluster";
/** Its exit code while nobody leads, by its own look. */
const NOT_READY = 69;

/** Rows from before this PostgreSQL was started were restored; the next heartbeat comes at once. */
const NEWEST_RESTORED =
  "SELECT to_char(max(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')" +
  " FROM holdfast.heartbeat WHERE at < pg_postmaster_start_time()";
/** A commit that changes nothing. */
const WRITE = "SELECT pg_logical_emit_message(true, 'holdfast', 'first write after a restore')";

/** The newest heartbeat in the restored database, ISO; null when it has none. */
export async function recoveredTo(
  docker: Docker,
  container: string,
  database: string,
): Promise<string | null> {
  for (const name of [database, "postgres"]) {
    const { code, stdout } = await psql(docker, container, name, NEWEST_RESTORED);
    if (code === 0 && stdout.trim() !== "") {
      return stdout.trim();
    }
  }
  return null;
}

/** Writes until a commit succeeds. @returns when it did, ISO. @throws Fault */
export async function firstWrite(
  docker: Docker,
  container: string,
  signal?: AbortSignal,
): Promise<string> {
  const end = Date.now() + FIRST_WRITE_MS;
  for (;;) {
    const { code, stderr } = await psql(docker, container, "postgres", WRITE);
    if (code === 0) {
      return new Date().toISOString();
    }
    if (Date.now() > end || signal?.aborted) {
      throw new Fault("the restored leader takes no write", ...tail(stderr, 3));
    }
    await sleep(AGAIN_MS);
  }
}

function psql(docker: Docker, container: string, database: string, text: string) {
  const options = "PGOPTIONS=-c statement_timeout=5s";
  const program = ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", text];
  return docker.run(["exec", "--env", options, container, ...program], { timeoutMs: ANSWER_MS });
}

/**
 * The stanza made right for the restored cluster, and a full backup in every repository: the older
 * ones are of a history that it has left.
 *
 * @returns what could not be done, in sentences; empty when all was
 */
export async function backUpAnew(settings: Settings, signal?: AbortSignal): Promise<string[]> {
  return step("fresh backups", "a full backup in each repository", async (progress) => {
    const { docker, containers } = await activeSite(settings);
    const container = backupContainer(containers);
    if (!container) {
      return { value: ["the backup container does not run: no fresh backup was taken"] };
    }
    const inside = (...args: string[]) =>
      docker.run(["exec", container, "holdfast-backup", ...args], {
        timeoutMs: BACKUP_MS,
        ...(signal ? { signal } : {}),
      });
    const lacks: string[] = [];
    let prepared = await inside("--prepare");
    for (let times = 0; prepared.code === NOT_READY && times < 60; times++) {
      progress("waiting until the backup container sees the leader");
      await sleep(1_000);
      prepared = await inside("--prepare");
    }
    if (prepared.code !== 0) {
      if (prepared.stderr.includes(ANOTHER_CLUSTER)) {
        progress("the repositories go on with this cluster");
        const accepted = await inside("--accept-new-cluster");
        lacks.push(...reasons(accepted));
        return { value: lacks, title: titleOf(lacks) };
      }
      lacks.push(...reasons(prepared));
    }
    const wait = ["--wait", String(OTHER_RUN_SECONDS)];
    lacks.push(...reasons(await inside("--now", "full", "--repository", "all", ...wait)));
    return { value: lacks, title: titleOf(lacks) };
  });
}

function titleOf(lacks: readonly string[]): string {
  return lacks.length === 0 ? "a fresh full backup in every repository" : "fresh backups: not all";
}

function reasons({ code, stderr }: { readonly code: number; readonly stderr: string }): string[] {
  if (code === 0) {
    return [];
  }
  const lines = tail(stderr, 3).map((line) => line.replace(/^holdfast-backup: /, ""));
  return [`no fresh backup: ${lines.join(" ") || `holdfast-backup ended with ${code}`}`];
}
