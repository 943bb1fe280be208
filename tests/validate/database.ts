import { expect, vi } from "vitest";
import { docker, imageFor } from "./images.ts";

/**
 * Starts a PostgreSQL in memory, in a container of this name without a network: role `shop` is its
 * superuser, without a password. Others join by `--network container:<name>`; whoever started it
 * removes it.
 */
export async function startDatabase(name: string): Promise<void> {
  const script = [
    "initdb --pgdata=/data/main --username=shop --auth=trust --encoding=UTF8 --no-sync >/dev/null",
    "exec postgres -D /data/main -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp -c fsync=off",
  ].join("\n");
  const { code, output } = await docker([
    ...["run", "--detach", "--rm", "--name", name, "--network", "none"],
    ...["--tmpfs", "/data:rw,mode=1777", "--entrypoint", "sh", await imageFor("postgres")],
    ...["-euc", script],
  ]);
  expect(code, output).toBe(0);
  await vi.waitFor(
    async () => {
      const ready = await docker(["exec", name, "pg_isready", "--host=127.0.0.1"]);
      if (ready.code !== 0) throw new Error(ready.output);
    },
    { timeout: 60_000, interval: 200 },
  );
}
