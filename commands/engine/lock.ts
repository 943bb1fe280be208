import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { stateFolder } from "./backend.ts";

const PROJECT = "holdfast";

/** Who holds a stack's state, as the backend writes it down. */
export interface Lock {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
}

export interface FoundLock {
  readonly file: string;
  readonly lock: Lock;
}

/** The text of a lock file; undefined when it is none. Pure. */
export function parseLock(text: string): Lock | undefined {
  try {
    const { pid, username, hostname, timestamp } = JSON.parse(text) as Partial<Lock>;
    return typeof pid === "number" && typeof hostname === "string"
      ? { pid, hostname, username: username ?? "", timestamp: timestamp ?? "" }
      : undefined;
  } catch {
    return undefined;
  }
}

/** The locks of a stack in the local backend. */
export function findLocks(stack: string): FoundLock[] {
  const folder = stateFolder();
  const locks = folder && join(folder, ".pulumi", "locks", "organization", PROJECT, stack);
  if (!locks || !existsSync(locks)) {
    return [];
  }
  return readdirSync(locks).flatMap((name) => {
    const file = join(locks, name);
    const lock = parseLock(readFileSync(file, "utf8"));
    return lock ? [{ file, lock }] : [];
  });
}

/** Whether a lock was left behind: taken on this machine, by an engine that is no more. Another machine's never is. */
export function isStale(lock: Lock, machine = hostname(), isEngine = engineRuns): boolean {
  return lock.hostname === machine && !isEngine(lock.pid);
}

/** Whether that process is alive and a Pulumi engine: its number may have gone to another program since. */
function engineRuns(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("pulumi");
  } catch {
    return false;
  }
}

export function removeLock({ file }: FoundLock): void {
  rmSync(file, { force: true });
  rmSync(`${file}.attrs`, { force: true }); // the backend's own note about the file
}
