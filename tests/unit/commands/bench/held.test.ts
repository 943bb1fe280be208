import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Held } from "../../../../commands/bench/held.ts";
import { measuredBy } from "../../../../commands/bench/pgbench.ts";
import { Docker } from "../../../../commands/docker.ts";

/** A `docker` that runs what it should run in a container right here. */
const folder = mkdtempSync(join(tmpdir(), "holdfast-held-"));
const before = process.env.PATH;
beforeAll(() => {
  const program = join(folder, "docker");
  writeFileSync(program, '#!/bin/sh\nshift 3\nexec "$@"\n');
  chmodSync(program, 0o755);
  process.env.PATH = `${folder}${delimiter}${before}`;
});
afterAll(() => {
  process.env.PATH = before;
  rmSync(folder, { recursive: true, force: true });
});

const docker = new Docker("unix:///nowhere");
const held = (script: string) => new Held(docker, "it", ["container", "sh", "-c", script]);

describe("a program that is held", () => {
  test("answers line by line, and ends when it is let go", async () => {
    const one = held('echo first; while read -r line; do echo "said $line"; done; echo last');
    expect(await one.line(5)).toBe("first");
    one.say("a b");
    expect(await one.line(5)).toBe("said a b");
    expect(await one.end(5)).toEqual({ code: 0, stdout: "first\nsaid a b\nlast\n", stderr: "" });
  });

  test("is waited for while it is held", async () => {
    expect(await held("sleep 0.2; echo done; exit 3").closed(5)).toMatchObject({
      code: 3,
      stdout: "done\n",
    });
  });

  test("is let go at an interruption", async () => {
    const controller = new AbortController();
    const closed = held("cat; echo let go").closed(10, controller.signal);
    controller.abort();
    expect(await closed).toMatchObject({ code: 0, stdout: "let go\n" });
  });

  test("is let go when its time is over", async () => {
    expect(await held("cat; echo let go").closed(0.2)).toMatchObject({
      code: 124,
      stdout: "let go\n",
    });
  });

  test("that ends or says nothing is a fault with its own words", async () => {
    const gone = held("echo why >&2; exit 1");
    await expect(gone.line(5)).rejects.toThrow("it ended");
    const silent = held("cat");
    await expect(silent.line(0.1)).rejects.toThrow("it gave no answer within 0.1 s");
    await silent.end(5);
  });
});

describe("pgbench's answer", () => {
  const quiet = new AbortController().signal;
  const closed = (code: number, stdout: string, stderr = "") => ({
    closed: async () => ({ code, stdout, stderr }),
  });

  test("is what it measured", async () => {
    const output = JSON.stringify({ tps: 7, transactions: 70, p50Ms: 1, p95Ms: 2, p99Ms: 3 });
    const answer = JSON.stringify({ seconds: 1, code: 0, output });
    expect(await measuredBy(closed(0, answer), 10, quiet)).toMatchObject({ tps: 7 });
  });

  test("that failed, or never came, is a fault", async () => {
    const failed = closed(0, JSON.stringify({ code: 1, output: "" }), "could not connect");
    await expect(measuredBy(failed, 10, quiet)).rejects.toMatchObject({
      message: "pgbench measured nothing",
      advice: ["| could not connect"],
    });
    await expect(measuredBy(closed(124, ""), 10, quiet)).rejects.toThrow("within 10 s");
  });

  test("of one that was interrupted counts for nothing", async () => {
    const aborted = AbortSignal.abort();
    await expect(measuredBy(closed(0, "{}"), 10, aborted)).rejects.toThrow(/abort/i);
  });
});
