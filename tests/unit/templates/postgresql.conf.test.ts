import { expect, test } from "vitest";
import {
  type PostgresqlConfArgs,
  renderPostgresqlConf,
} from "../../../templates/postgresql.conf.ts";

const args: PostgresqlConfArgs = {
  memoryMiB: 512,
  volumeSizeMiB: 10240,
  maxConnections: 200,
  archiveTimeoutSeconds: 30,
  archiveCommand: "pgbackrest --stanza=dev-a archive-push %p",
  authentication: "scram-sha-256",
  parameters: {},
};

/** The parameters of a rendered file, the last of a name winning, as in PostgreSQL. */
function parameters(text: string): Map<string, string> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => line.split(" = ", 2) as [string, string]));
}

test("the whole file", async () => {
  await expect(renderPostgresqlConf(args)).toMatchFileSnapshot("./__snapshots__/postgresql.conf");
});

test("keeps what the users asked for", () => {
  const values = parameters(renderPostgresqlConf(args));
  expect(values.get("wal_level")).toBe("'replica'");
  expect(Number(values.get("max_wal_senders"))).toBeGreaterThanOrEqual(10);
  expect(values.get("wal_keep_size")).toBe("'128MB'");
  expect(values.get("listen_addresses")).toBe("'*'");
});

test("memory follows the container, within bounds", () => {
  const large = parameters(renderPostgresqlConf({ ...args, memoryMiB: 65536 }));
  expect(large.get("shared_buffers")).toBe("'16384MB'");
  expect(large.get("effective_cache_size")).toBe("'49152MB'");
  expect(large.get("work_mem")).toBe("'256MB'");
  expect(large.get("maintenance_work_mem")).toBe("'1024MB'");
  const small = parameters(renderPostgresqlConf({ ...args, memoryMiB: 128, maxConnections: 1000 }));
  expect(small.get("work_mem")).toBe("'1MB'");
  expect(small.get("maintenance_work_mem")).toBe("'16MB'");
});

test("the user's parameter takes the place of ours, once", () => {
  const text = renderPostgresqlConf({
    ...args,
    parameters: { Work_mem: "7MB", "auto_explain.log_format": "it's", jit: true },
  });
  expect(text.match(/^work_mem = /gm)).toHaveLength(1);
  expect(parameters(text).get("work_mem")).toBe("'7MB'");
  expect(parameters(text).get("auto_explain.log_format")).toBe("'it''s'");
  expect(parameters(text).get("jit")).toBe("on");
});
