import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { docker, imageFor, newName, ROOT } from "./images.ts";

const database = newName();

/** Where the replica of the same container listens. */
const STANDBY_PORT = 5433;

/** A PostgreSQL and its replica that live as long as this file, in memory; the tests share its network. */
beforeAll(async () => {
  const options = "-c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp -c fsync=off";
  const script = [
    "initdb --pgdata=/data/main --username=shop --auth=trust --no-sync >/dev/null",
    `postgres -D /data/main ${options} &`,
    "until pg_isready --host=127.0.0.1 --quiet; do sleep 0.1; done",
    "pg_basebackup --host=127.0.0.1 --username=shop --pgdata=/data/standby --write-recovery-conf --checkpoint=fast --no-sync",
    `exec postgres -D /data/standby ${options} -p ${STANDBY_PORT}`,
  ].join("\n");
  const { code, output } = await docker([
    ...["run", "--detach", "--rm", "--name", database, "--network", "none"],
    ...["--tmpfs", "/data:rw,mode=1777", "--entrypoint", "sh", await imageFor("postgres")],
    ...["-euc", script],
  ]);
  expect(code, output).toBe(0);
  await vi.waitFor(
    async () => {
      const ready = await docker([
        ...["exec", database, "pg_isready", "--host=127.0.0.1", `--port=${STANDBY_PORT}`],
      ]);
      if (ready.code !== 0) throw new Error(ready.output);
    },
    { timeout: 60_000, interval: 200 },
  );
});

afterAll(async () => {
  await docker(["rm", "--force", database]);
});

/** The tests are not in the image: the checkout's folder lies over the image's. */
async function manage(command: string) {
  return docker(
    [
      ...["run", "--rm", "--interactive", "--name", newName()],
      ...["--network", `container:${database}`],
      ...["--volume", `${join(ROOT, "app")}:/app:ro`, "--tmpfs", "/run/app:rw,mode=1777"],
      // As whoever owns the checkout, whatever its modes are.
      ...["--user", `${process.getuid?.()}:${process.getgid?.()}`],
      ...["--env", "DATABASE_URL_FILE=/tmp/url", "--env", "TEST_STANDBY_URL_FILE=/tmp/standby"],
      ...["--entrypoint", "sh", await imageFor("app"), "-euc"],
      [
        `cat > /tmp/url; sed 's/127.0.0.1/&:${STANDBY_PORT}/' /tmp/url > /tmp/standby`,
        `mkdir /run/app/metrics; exec python3 manage.py ${command}`,
      ].join("\n"),
    ],
    "postgresql://shop@127.0.0.1/postgres",
  );
}

test("the shop's and routing's tests pass on PostgreSQL 17 and a replica, none skipped", async () => {
  const { code, output } = await manage("test --noinput");
  expect(code, output).toBe(0);
  expect(Number(/^Ran (\d+) tests? in/m.exec(output)?.[1])).toBeGreaterThan(80);
  expect(output).toMatch(/^OK$/m);
});

test("no migration is missing", async () => {
  const { code, output } = await manage("makemigrations --check --dry-run");
  expect(code, output).toBe(0);
});

test("Django's own check has nothing to say", async () => {
  const { code, output } = await manage("check --fail-level WARNING");
  expect(code, output).toBe(0);
});
