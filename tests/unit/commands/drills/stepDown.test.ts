import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UNTIL_NO_LEADER } from "../../../../commands/drills/faults/crash.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-step-down-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs it with a psql that gives these answers, a word each, the last one again and again; `-` fails. */
function ask(answers: string, seconds = 20): { code: number | null; lateMs: number } {
  writeFileSync(join(folder, "answers"), answers.split(" ").join("\n"));
  const psql = `#!/bin/sh
answer=$(head -n 1 ${folder}/answers)
[ "$(wc -l < ${folder}/answers)" = 0 ] || sed -i 1d ${folder}/answers
[ "$answer" = - ] && exit 2
echo "$answer"
`;
  writeFileSync(join(folder, "psql"), psql);
  chmodSync(join(folder, "psql"), 0o755);
  const env = { PATH: `${folder}:${process.env.PATH}` };
  const { status, stdout } = spawnSync("sh", ["-c", UNTIL_NO_LEADER, "sh", String(seconds)], {
    env,
  });
  return { code: status, lateMs: Number.parseInt(String(stdout), 10) };
}

test("three answers in a row end it, and the time of the first is told", () => {
  for (const answers of ["f f t", "f -"]) {
    const { code, lateMs } = ask(answers);
    expect(code).toBe(0);
    // Two more rounds of 0.2 s, and what the shell takes.
    expect(lateMs).toBeGreaterThanOrEqual(400);
    expect(lateMs).toBeLessThan(5000);
  }
});

test("a psql that fails once or twice has not seen a step-down", () => {
  expect(ask("f - f - - f", 2).code).toBe(4);
});

test("a member that was never seen to lead was not measured", () => {
  expect(ask("-").code).toBe(3);
  expect(ask("t").code).toBe(3);
});
