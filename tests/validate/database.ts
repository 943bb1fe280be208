import { expect, vi } from "vitest";
import { docker, imageFor } from "./images.ts";

/** Where the replica of the same container listens. */
export const STANDBY_PORT = 5433;

/**
 * Starts a PostgreSQL and a replica of it in memory, in a container of this name without a network:
 * role `shop` is their superuser, without a password. Others join by `--network container:<name>`;
 * whoever started it removes it.
 */
export async function startDatabase(name: string): Promise<void> {
  const options = "-c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp -c fsync=off";
  const script = [
    "initdb --pgdata=/data/main --username=shop --auth=trust --encoding=UTF8 --no-sync >/dev/null",
    `postgres -D /data/main ${options} &`,
    "until pg_isready --host=127.0.0.1 --quiet; do sleep 0.1; done",
    "pg_basebackup --host=127.0.0.1 --username=shop --pgdata=/data/standby --write-recovery-conf --checkpoint=fast --no-sync",
    `exec postgres -D /data/standby ${options} -p ${STANDBY_PORT}`,
  ].join("\n");
  const { code, output } = await docker([
    ...["run", "--detach", "--rm", "--name", name, "--network", "none"],
    ...["--tmpfs", "/data:rw,mode=1777", "--entrypoint", "sh", await imageFor("postgres")],
    ...["-euc", script],
  ]);
  expect(code, output).toBe(0);
  await vi.waitFor(
    async () => {
      const ready = await docker([
        ...["exec", name, "pg_isready", "--host=127.0.0.1", `--port=${STANDBY_PORT}`],
      ]);
      if (ready.code !== 0) throw new Error(ready.output);
    },
    { timeout: 60_000, interval: 200 },
  );
}
