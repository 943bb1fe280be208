import { expect, test } from "vitest";
import { Docker } from "../../../commands/docker.ts";
import type { RunResult } from "../../../commands/exec.ts";
import { findDataRoot } from "../../../commands/setup/dataRoot.ts";

/** A Docker that says where it keeps its files, or nothing. */
class Kept extends Docker {
  readonly answer: RunResult;

  constructor(stdout: string, code = 0) {
    super("unix:///nowhere");
    this.answer = { code, stdout, stderr: "" };
  }

  override run(): Promise<RunResult> {
    return Promise.resolve(this.answer);
  }
}

test("Docker's folder is recorded where it is another than usual", async () => {
  expect(await findDataRoot(new Kept("/srv/docker\n"), "h1", {})).toEqual({
    hosts: { h1: { dataRoot: "/srv/docker" } },
  });
  expect(await findDataRoot(new Kept("/var/lib/docker\n"), "h1", {})).toEqual({});
});

test("what a person set is left alone, and a Docker that does not answer says nothing", async () => {
  const config = { hosts: { h1: { dataRoot: "/mnt" } } };
  expect(await findDataRoot(new Kept("/srv/docker\n"), "h1", config)).toEqual({});
  expect(await findDataRoot(new Kept("", 1), "h1", {})).toEqual({});
});
