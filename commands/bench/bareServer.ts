import { setTimeout as wait } from "node:timers/promises";
import type { Settings } from "../../settings.ts";
import type { Docker } from "../docker.ts";
import { psql } from "../drills/ledgerTable.ts";
import { Fault } from "../fault.ts";
import { LIVE } from "./containers.ts";
import { identifier } from "./database.ts";

const DATA = "/var/lib/postgresql/bench";
/** initdb syncs what it wrote. */
const MAKE_MS = 60_000;
const ANSWER_MS = 30_000;
const START_SECONDS = 30;
const POLL_MS = 250;

/**
 * Makes the bare server's data directory as a member's, with the stack's own postgresql.conf and
 * pg_hba.conf. What it would archive goes nowhere: the stack's archive is not its own.
 */
const MAKE_BARE = `set -eu
initdb --pgdata=${DATA} --data-checksums --encoding=UTF8 --locale=C.UTF-8 \\
  --auth-local=peer --auth-host=scram-sha-256 >/dev/null
cp ${LIVE}/postgresql.conf ${LIVE}/pg_hba.conf ${DATA}/`;

/** Runs until it is ended; its words are in a file beside its data. */
const RUN_BARE = `exec postgres -D ${DATA} -c archive_command=true \\
  -c unix_socket_directories=/run/postgresql >${DATA}.log 2>&1`;

/** A PostgreSQL without Patroni and without replicas, in a container that waits for it. @throws Fault */
export async function startBare(
  docker: Docker,
  container: string,
  { database }: Pick<Settings, "database">,
  signal: AbortSignal,
): Promise<void> {
  await docker.must("making the bare PostgreSQL", ["exec", container, "sh", "-c", MAKE_BARE], {
    timeoutMs: MAKE_MS,
  });
  await docker.must("starting it", ["exec", "--detach", container, "sh", "-c", RUN_BARE]);
  const ready = ["exec", container, "pg_isready", "--quiet", "--host", "/run/postgresql"];
  const end = performance.now() + START_SECONDS * 1000;
  while ((await docker.run(ready, { timeoutMs: ANSWER_MS })).code !== 0) {
    if (performance.now() > end) {
      const { stdout } = await docker.run(["exec", container, "tail", "-n5", `${DATA}.log`]);
      throw new Fault("the bare PostgreSQL does not start", ...stdout.trim().split("\n"));
    }
    await wait(POLL_MS, undefined, { signal });
  }
  await psql(docker, container, "postgres", `CREATE DATABASE ${identifier(database.name)};`);
}
