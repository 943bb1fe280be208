import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { forgetDeadDaemons } from "../../../commands/setup/docker.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-docker-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const note = (pid: number): string => {
  const file = join(folder, "docker.pid");
  writeFileSync(file, String(pid));
  return file;
};

it("forgets a daemon that is no more, so that a new one starts", () => {
  const { pid } = spawnSync("true");
  const file = note(pid);
  forgetDeadDaemons([file, join(folder, "there-is-none.pid")]);
  expect(existsSync(file)).toBe(false);
});

it("forgets a daemon whose number another program has now", () => {
  const file = note(process.pid);
  forgetDeadDaemons([file]);
  expect(existsSync(file)).toBe(false);
});

it("leaves the note of a daemon that runs", async () => {
  const program = join(folder, "dockerd");
  copyFileSync("/bin/sleep", program);
  const daemon = spawn(program, ["30"], { stdio: "ignore" });
  try {
    await new Promise((resolve) => daemon.once("spawn", resolve));
    const file = note(daemon.pid ?? 0);
    forgetDeadDaemons([file]);
    expect(existsSync(file)).toBe(true);
  } finally {
    daemon.kill();
  }
});
