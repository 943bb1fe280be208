import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { countQuery, sideSchema } from "../../../commands/restore/table.ts";
import { outcomeOf, pipeline, type TableRequest } from "../../../commands/restore/tablePipe.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-table-"));
afterAll(() => rmSync(folder, { recursive: true }));

const request: TableRequest = {
  tables: ["shop_order", "it's"],
  repository: "cloud",
  kind: "physical",
  until: "2026-11-25T12:00:00Z",
  database: "shop",
  owner: "shop",
  schema: "restored_20261125_121500",
};

/** Runs the pipeline with a `docker` that is a shell function of ours; its exit code. */
function runs(sender: string, loader: string): number {
  const fake = join(folder, "docker");
  writeFileSync(
    fake,
    `#!/bin/sh\ncase "$*" in *holdfast-restore-table*) ${sender};; *psql*) ${loader};; esac\n`,
    { mode: 0o755 },
  );
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  try {
    execFileSync("bash", ["-c", pipeline("drill", "leader", request)], { env });
    return 0;
  } catch (error) {
    return (error as { status: number }).status;
  }
}

describe("the way from a backup to the leader", () => {
  test("asks for these tables and loads into that database, each word as it is", () => {
    const line = pipeline("drill", "leader", request);
    expect(line).toContain("'--table=shop_order' '--table=it'\\''s' '--repository=cloud'");
    expect(line).toContain("'--to=2026-11-25T12:00:00Z'");
    expect(line).toMatch(/\| 'docker' 'exec' '--interactive' 'leader' 'psql'/);
    expect(line).toContain("'--set=ON_ERROR_STOP=1'");
    expect(pipeline("d", "l", { ...request, until: "" })).not.toContain("--to=");
  });

  test("tells who failed", () => {
    expect(runs("echo 'SELECT 1'", "cat > /dev/null")).toBe(0);
    expect(runs("exit 1", "cat > /dev/null")).toBe(1);
    expect(runs("echo x", "cat > /dev/null; exit 3")).toBe(2);
    expect(runs("exit 75", "exit 3")).toBe(3);
  });

  test("carries what the sender writes to the loader", () => {
    const file = join(folder, "loaded");
    runs("printf 'BEGIN;\\nCOMMIT;\\n'", `cat > ${file}`);
    expect(execFileSync("cat", [file], { encoding: "utf8" })).toBe("BEGIN;\nCOMMIT;\n");
  });
});

describe("what became of it", () => {
  const result = {
    repository: "cloud",
    kind: "logical",
    label: "20261125T024500Z",
    asOf: null,
    schema: "restored_1",
    tables: [{ schema: "public", name: "shop_order", rows: 7 }],
  };
  const own = "holdfast-restore-table: ";

  test("is in the sender's last line", () => {
    const stderr = `initdb noise\n${own}loading\n${own}result ${JSON.stringify(result)}\n`;
    expect(outcomeOf({ code: 0, stderr })).toEqual(result);
  });

  test("is the sender's own reason when it fails", () => {
    const stderr = `${own}opening\n${own}failed: there is no table x in this backup\n`;
    expect(() => outcomeOf({ code: 1, stderr })).toThrow(
      /nothing was changed: there is no table x/,
    );
  });

  test("is psql's reason when that ends first and breaks the pipe", () => {
    const stderr = `psql:<stdin>:3: ERROR:  role "shop" does not exist\n${own}failed: whoever loads has ended\n`;
    expect(() => outcomeOf({ code: 3, stderr })).toThrow(/role "shop" does not exist/);
  });

  test("is a failure too when no result was said, whatever the exit codes", () => {
    expect(() => outcomeOf({ code: 0, stderr: "" })).toThrow(/were not brought back/);
  });
});

test("the side schema needs no quotes", () => {
  expect(sideSchema(new Date("2026-11-25T13:15:09.123Z"))).toBe("restored_20261125_131509");
});

test("live rows are counted where the table is still there", () => {
  const query = countQuery([
    { schema: "public", name: "shop_order", rows: 1 },
    { schema: "public", name: `o'd "n`, rows: 1 },
  ]);
  const [first, second] = query.trim().split("\n");
  expect(first).toBe(
    `SELECT format('SELECT 0, count(*) FROM %s', to_regclass('"public"."shop_order"')) ` +
      `WHERE to_regclass('"public"."shop_order"') IS NOT NULL \\gexec`,
  );
  expect(second).toContain(`to_regclass('"public"."o''d ""n"')`);
});
