import { type Beside, besideArguments } from "../cluster/beside.ts";
import { FOLDER } from "./pgbench.ts";

/** The three containers of a bench, none of them one of the stack's services. */
export type BenchContainer = "load" | "bare" | "pooler";

/** Uids of the images' own users, which tmpfs mounts have to name. */
const POSTGRES_UID = 999;
const POOLER_UID = 998;
/** Its tmpfs counts: pgbench's log of single transactions is there. */
const LOAD_MEMORY_MIB = 512;
/** As the members' `/dev/shm` (components/database/postgres.ts). */
const SHARED_MEMORY_MIB = 256;
/** Where the live files are, in a member and in the bare server. */
export const LIVE = "/etc/holdfast/live";

/**
 * Each waits for orders by `docker exec`, and ends by itself when nobody ends it.
 *
 * @param lifeSeconds longer than the whole bench
 */
export function runArguments(
  kind: BenchContainer,
  beside: Beside,
  run: string,
  image: string,
  lifeSeconds: number,
): string[] {
  const { settings, site } = beside;
  const own: Readonly<Record<BenchContainer, readonly string[]>> = {
    load: [
      ...["--tmpfs", tmpfs(FOLDER, POSTGRES_UID, "256m"), ...memory(LOAD_MEMORY_MIB)],
      "--read-only",
    ],
    // The same limits, files and kind of disk as a member; its volume goes with it.
    bare: [
      ...memory(settings.database.memoryMiB),
      `--shm-size=${SHARED_MEMORY_MIB}m`,
      ...["--volume", `${settings.project}-${settings.stack}-${site}-postgres-config:${LIVE}:ro`],
      ...["--volume", "/var/lib/postgresql"],
      ...["--tmpfs", tmpfs("/run/postgresql", POSTGRES_UID, "16m")],
    ],
    pooler: [
      ...memory(settings.pooler.memoryMiB),
      ...["--tmpfs", tmpfs("/run/pgbouncer", POOLER_UID, "4m")],
      "--read-only",
    ],
  };
  return [
    ...["--detach", "--rm", "--init", ...besideArguments(beside, "bench", run), ...own[kind]],
    ...["--cap-drop=ALL", "--security-opt=no-new-privileges:true"],
    ...["--entrypoint", "sleep", image, String(lifeSeconds)],
  ];
}

const memory = (mebibytes: number) => [`--memory=${mebibytes}m`, `--memory-swap=${mebibytes}m`];

const tmpfs = (path: string, uid: number, size: string) =>
  `${path}:rw,nosuid,nodev,noexec,size=${size},uid=${uid},gid=${uid},mode=0700`;
