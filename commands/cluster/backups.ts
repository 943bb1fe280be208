import type { Docker } from "../docker.ts";
import type { ContainerState } from "./containers.ts";

/** A base backup or a dump; times are ISO. */
export interface Backup {
  readonly repository: string;
  readonly kind: string;
  readonly label: string;
  readonly start: string;
  /** null for a dump that nobody can read. */
  readonly stop: string | null;
  readonly bytes: number | null;
  readonly provenAt: string | null;
  readonly recoverableFrom: string | null;
  readonly recoverableTo: string | null;
}

const ANSWER_MS = 20_000;

/** The container that keeps the site's backups, when it runs. */
export function backupContainer(containers: readonly ContainerState[]): string | undefined {
  return containers.find(({ component, running }) => component === "backup" && running)?.name;
}

/** What the backup container lists, oldest first; nothing when it does not answer. */
export async function listBackups(
  docker: Docker,
  containers: readonly ContainerState[],
): Promise<Backup[]> {
  const container = backupContainer(containers);
  if (!container) {
    return [];
  }
  const { code, stdout } = await docker.run(["exec", container, "holdfast-backups", "--json"], {
    timeoutMs: ANSWER_MS,
  });
  return code === 0 ? (JSON.parse(stdout) as Backup[]) : [];
}
