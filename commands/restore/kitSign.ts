import { setTimeout as sleep } from "node:timers/promises";
import { isTree, valueAt } from "../../settings/tree.ts";
import type { Settings } from "../../settings.ts";
import { backupContainer } from "../cluster/backups.ts";
import { activeSite } from "../cluster/leader.ts";
import type { RepositoryName } from "./types.ts";

/** What the backup container knows of the archives; written every few seconds. */
const FACTS = "/run/holdfast/archive.json";
const POLL_MS = 2_000;
const ANSWER_MS = 5_000;

/**
 * When the environment that a repository belongs to was last heard of: the newest segment in its
 * archive. Asked until the backup container answers, which may not be there yet.
 *
 * @param before milliseconds since 1970; what is newer is the new environment's own
 * @returns ISO time; undefined when `signal` ends it, and where nothing was archived
 */
export async function lastSignOfLife(
  settings: Settings,
  repository: RepositoryName,
  before: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  while (!signal.aborted) {
    const text = await readFacts(settings).catch(() => undefined);
    const at = text === undefined ? undefined : newestSegment(text, repository);
    if (at !== undefined) {
      return at * 1000 <= before ? new Date(at * 1000).toISOString() : undefined;
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

async function readFacts(settings: Settings): Promise<string | undefined> {
  const { docker, containers } = await activeSite(settings);
  const container = backupContainer(containers);
  if (container === undefined) {
    return undefined;
  }
  const { code, stdout } = await docker.run(["exec", container, "cat", FACTS], {
    timeoutMs: ANSWER_MS,
  });
  return code === 0 ? stdout : undefined;
}

/** Unix seconds of a repository's newest segment; undefined while nobody has looked. Pure. */
export function newestSegment(text: string, repository: RepositoryName): number | undefined {
  try {
    const facts: unknown = JSON.parse(text);
    const at = isTree(facts) ? valueAt(facts, ["repositories", repository, "lastSegmentAt"]) : 0;
    return typeof at === "number" && at > 0 ? at : undefined;
  } catch {
    return undefined; // it is being written
  }
}
