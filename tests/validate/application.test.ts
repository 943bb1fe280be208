import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { STANDBY_PORT, startDatabase } from "./database.ts";
import { docker, imageFor, newName, ROOT } from "./images.ts";

const database = newName();

/** A PostgreSQL and its replica that live as long as this file; the tests share its network. */
beforeAll(() => startDatabase(database));

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
