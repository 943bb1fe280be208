import type { Settings } from "../settings.ts";
import { backupContainer } from "./cluster/backups.ts";
import { type ActiveSite, activeSite, readableSite } from "./cluster/leader.ts";
import { passThrough } from "./exec.ts";
import { Fault } from "./fault.ts";
import type { GlobalOptions } from "./options.ts";
import { loadStack } from "./stack.ts";

export interface BackupOptions extends GlobalOptions {
  readonly now: string;
  readonly repository: string;
}

export interface BackupsOptions extends GlobalOptions {
  readonly verify?: string | true;
}

/** Takes a backup at once; the tool inside the backup container does the work. */
export function backup({ stack, now, repository, json }: BackupOptions): Promise<number> {
  const what = ["--now", now, "--repository", repository];
  return inside(stack, activeSite, ["holdfast-backup", ...what, ...(json ? ["--json"] : [])]);
}

/**
 * Lists the backups of both repositories and what they are worth, or checks every file of them
 * against its sum.
 */
export function backups({ stack, verify, json }: BackupsOptions): Promise<number> {
  const labels = typeof verify === "string" ? [verify] : [];
  const check = verify ? ["--verify", ...labels] : [];
  return inside(stack, readableSite, ["holdfast-backups", ...check, ...(json ? ["--json"] : [])]);
}

async function inside(
  stack: string,
  siteOf: (settings: Settings) => Promise<ActiveSite>,
  command: readonly string[],
): Promise<number> {
  const { docker, containers } = await siteOf(loadStack(stack).settings);
  const container = backupContainer(containers);
  if (!container) {
    throw new Fault(
      `the backup container of stack ${stack} does not run`,
      `./holdfast up --stack ${stack}`,
    );
  }
  return passThrough(docker.host, ["exec", container, ...command]);
}
