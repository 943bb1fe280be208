import type { Backup } from "../../../cluster/backups.ts";
import type { Docker } from "../../../docker.ts";
import type { Box } from "../../boxes.ts";
import type { Scene } from "../../scene.ts";
import { boxOf } from "../tools.ts";

const LIST_MS = 60_000;
const VERIFY_MS = 300_000;
const POLL_SECONDS = 2;

/** A fault that `holdfast-backups --verify` found. */
export interface FoundFault {
  readonly repository?: string;
  readonly label: string;
  readonly file: string;
  readonly problem: string;
}

/** What the backup container lists. @throws Fault */
export async function listed(docker: Docker, backup: Box): Promise<Backup[]> {
  const { stdout } = await docker.must(
    "listing the backups",
    ["exec", backup.name, "holdfast-backups", "--json"],
    { timeoutMs: LIST_MS },
  );
  return JSON.parse(stdout) as Backup[];
}

/** What `--verify` finds wrong; its exit code 1 is no failure here. @throws Error without an answer */
export async function verified(docker: Docker, backup: Box, label?: string): Promise<FoundFault[]> {
  const { stdout, stderr } = await docker.run(
    ["exec", backup.name, "holdfast-backups", "--json", "--verify", ...(label ? [label] : [])],
    { timeoutMs: VERIFY_MS },
  );
  try {
    return (JSON.parse(stdout) as { faults: FoundFault[] }).faults;
  } catch {
    throw new Error(`the check of the backups gave no answer: ${stderr.trim().slice(-300)}`);
  }
}

/** Full, differential or incremental: what a restore begins from. Pure. */
export function isBase({ kind }: Pick<Backup, "kind">): boolean {
  return ["full", "diff", "incr"].includes(kind);
}

/** The newest of a repository that fits, by its end. Pure. */
export function newestOf(
  backups: readonly Backup[],
  repository: string,
  fits: (backup: Backup) => boolean,
): Backup | undefined {
  return backups
    .filter((one) => one.repository === repository && one.stop !== null && fits(one))
    .toSorted((a, b) => (a.stop ?? "").localeCompare(b.stop ?? ""))
    .at(-1);
}

/** Waits until each repository has a newer backup that fits than `before`. @throws Error */
export async function untilNewer(
  scene: Scene,
  before: ReadonlyMap<string, Backup>,
  fits: (backup: Backup) => boolean,
  seconds: number,
): Promise<void> {
  const backup = boxOf(scene, "backup");
  const end = scene.now() + seconds;
  for (;;) {
    const now = await listed(scene.docker, backup);
    const waiting = [...before].filter(([repository, old]) => {
      const newest = newestOf(now, repository, fits);
      return !newest || newest.label === old.label;
    });
    if (waiting.length === 0) {
      return;
    }
    if (scene.now() > end) {
      const names = waiting.map(([repository]) => repository).join(", ");
      throw new Error(`no new backup came by itself in ${names} within ${seconds} s`);
    }
    await scene.sleep(POLL_SECONDS);
  }
}
