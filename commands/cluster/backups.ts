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
  /** When it was last restored and found right; null: never. */
  readonly provenAt: string | null;
  readonly recoverableFrom: string | null;
  readonly recoverableTo: string | null;
  /** Known not to restore. */
  readonly damaged?: boolean;
}

/** What the restore drills of one repository and kind said. */
export interface Proof {
  readonly provenAt: string | null;
  readonly lastRunAt: string | null;
  /** Of the newest drill; null: there was none. */
  readonly passed: boolean | null;
  readonly error: string;
  readonly rtoSeconds: number | null;
  readonly rpoSeconds: number | null;
}

/** The state of one repository; times are ISO. */
export interface RepositoryState {
  readonly repository: string;
  /** Empty when it does its work. */
  readonly faults: readonly { readonly cause: string; readonly error: string }[];
  /** When it last told what it holds; null: never. */
  readonly answeredAt: string | null;
  /** Any instant in these can be recovered. */
  readonly windows: readonly (readonly [string, string])[];
  readonly recoverableTo: string | null;
  /** What the loss of the site would cost now. */
  readonly rpoSeconds: number | null;
  /** Gaps in its WAL behind the newest base backup. */
  readonly holes: number;
  /** By kind of restore: `physical`, `logical`. */
  readonly proofs: Readonly<Record<string, Proof>>;
}

/** What a site has to recover from. */
export interface BackupReport {
  /** Oldest first. */
  readonly backups: readonly Backup[];
  /** Empty when the backup container does not answer. */
  readonly repositories: readonly RepositoryState[];
}

const ANSWER_MS = 20_000;

/** The container that keeps the site's backups, when it runs. */
export function backupContainer(containers: readonly ContainerState[]): string | undefined {
  return containers.find(({ component, running }) => component === "backup" && running)?.name;
}

/** What the backup container knows of both repositories; nothing when it does not answer. */
export async function reportBackups(
  docker: Docker,
  containers: readonly ContainerState[],
): Promise<BackupReport> {
  const container = backupContainer(containers);
  const nothing = { backups: [], repositories: [] };
  if (!container) {
    return nothing;
  }
  const { code, stdout } = await docker.run(["exec", container, "holdfast-backups", "--report"], {
    timeoutMs: ANSWER_MS,
  });
  return code === 0 ? (JSON.parse(stdout) as BackupReport) : nothing;
}

/** The newest backup of each kind in each repository, in the order of the list. Pure. */
export function newestBackups<T extends Backup>(backups: readonly T[]): T[] {
  const newest = new Map(backups.map((backup) => [`${backup.repository}/${backup.kind}`, backup]));
  return backups.filter((backup) => newest.get(`${backup.repository}/${backup.kind}`) === backup);
}
