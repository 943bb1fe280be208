/** `up` before it begins, with a stand-in for the engine that answers as recorded. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { previewStack } from "../../../commands/engine/previewing.ts";
import { liftProtection, protectingAgain } from "../../../commands/engine/protection.ts";
import type { Engine } from "../../../commands/engine/workspace.ts";
import { Fault } from "../../../commands/fault.ts";
import { planBeforeUp } from "../../../commands/plan/beforeUp.ts";
import type { Ready } from "../../../commands/setup/setUp.ts";

/** Writes the answer where `--event-log` says, and notes every call. */
const PULUMI = `#!/usr/bin/env bash
echo "$@" >>"$FAKE/calls"
[ "$1" = preview ] || exit 0
while [ $# -gt 0 ]; do [ "$1" = --event-log ] && log=$2; shift; done
echo "$log" >>"$FAKE/logs"
cp "$FAKE/answer.jsonl" "$log"
echo "  error: it went wrong"
exit "$(cat "$FAKE/code")"
`;

let folder: string;
let engine: Engine;
const settings = { sites: {}, database: { replicas: 2 } };
const ready = { stack: { name: "nobody", settings }, hosts: {} } as unknown as Ready;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-engine-"));
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", "pulumi"), PULUMI);
  chmodSync(join(folder, "bin", "pulumi"), 0o755);
  const env = { PATH: `${join(folder, "bin")}:${process.env.PATH}`, FAKE: folder };
  engine = { name: "nobody", env } as unknown as Engine;
  vi.stubEnv("PATH", env.PATH);
  vi.stubEnv("PULUMI_BACKEND_URL", `file://${folder}`);
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  writeState();
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const URN = (name: string, type: string) => `urn:pulumi:nobody::holdfast::${type}::${name}`;

interface Step {
  readonly op: string;
  readonly name: string;
  readonly type: string;
}
const cipher: Step = {
  op: "replace",
  name: "backup-cipher",
  type: "random:index/randomPassword:RandomPassword",
};
const volume: Step = { op: "delete", name: "a-etcd-1-data", type: "docker:index/volume:Volume" };
const urns = [cipher, volume].map(({ name, type }) => URN(name, type));

/** What the engine answers to a preview. */
function answer(code: number, steps: readonly Step[], ...errors: readonly string[]): void {
  const events = steps.map(({ op, name, type }) => {
    const side = { inputs: { length: 1 }, protect: true };
    const sides = { old: side, new: op === "delete" ? null : side };
    return { resourcePreEvent: { metadata: { op, urn: URN(name, type), type, ...sides } } };
  });
  const said = errors.map((message) => ({ diagnosticEvent: { severity: "error", message } }));
  const lines = [...events, ...said].map((event) => JSON.stringify(event));
  writeFileSync(join(folder, "answer.jsonl"), `${lines.join("\n")}\n`);
  writeFileSync(join(folder, "code"), String(code));
}

/** What the state has, and that is without protection. */
function writeState(...bare: readonly Step[]): void {
  const file = join(folder, ".pulumi/stacks/holdfast/nobody.json");
  mkdirSync(join(file, ".."), { recursive: true });
  const resources = bare.map(({ name, type }) => ({ urn: URN(name, type), type }));
  writeFileSync(file, JSON.stringify({ checkpoint: { latest: { resources } } }));
}

const calls = () =>
  existsSync(join(folder, "calls"))
    ? readFileSync(join(folder, "calls"), "utf8").trim().split("\n")
    : [];
const look = (...accepted: string[]) => planBeforeUp(ready, engine, { accepted, refresh: false });

test("a preview leaves no file behind: its log has every input of the stack", async () => {
  answer(0, [cipher]);
  const { code, text, changes } = await previewStack(engine, ["--color", "never"]);
  expect({ code, names: changes.map(({ name }) => name) }).toEqual({
    code: 0,
    names: ["backup-cipher"],
  });
  expect(text).toContain("it went wrong");
  const [log = ""] = readFileSync(join(folder, "logs"), "utf8").trim().split("\n");
  expect(log).toMatch(/events\.jsonl$/);
  expect(existsSync(join(log, ".."))).toBe(false);
});

describe("one preview decides, and touches nothing", () => {
  test("it goes past what is protected: else the plan would end there", async () => {
    answer(0, []);
    await look();
    expect(calls()).toEqual([expect.stringMatching(/^preview .*--ignore-protect/)]);
  });

  test("what was not accepted is refused", async () => {
    answer(0, [cipher]);
    await expect(look()).rejects.toMatchObject({
      message: "this endangers data, and nothing was changed",
      advice: expect.arrayContaining(["to do it all the same: --accept-risk backup-cipher"]),
    });
    await expect(look("replace-network")).rejects.toThrow("this endangers data");
    answer(0, [cipher, volume]);
    await expect(look("backup-cipher")).rejects.toThrow("this endangers data");
    expect(calls().every((call) => call.startsWith("preview"))).toBe(true);
  });

  test("what was accepted is let pass", async () => {
    answer(0, [cipher]);
    expect((await look("backup-cipher")).changes).toHaveLength(1);
    expect(calls()).toHaveLength(1);
  });

  test("whether there is anything to do: an operation that is not known counts as one", async () => {
    answer(0, [{ ...cipher, op: "same" }]);
    expect((await look()).idle).toBe(true);
    answer(0, [
      { ...cipher, op: "same" },
      { ...volume, op: "read" },
    ]);
    expect((await look()).idle).toBe(false);
    answer(0, []);
    expect((await look()).idle).toBe(false);
  });

  test("one that fails ends it: with the engine's errors, else with what it printed", async () => {
    answer(255, [], "<{%reset%}>no such plugin<{%reset%}>");
    const failure = await look().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Fault);
    expect((failure as Fault).message).toBe("the preview failed, and nothing was changed");
    expect((failure as Fault).advice).toEqual(["no such plugin"]);
    answer(255, []);
    await expect(look()).rejects.toMatchObject({
      advice: [expect.stringContaining("it went wrong")],
    });
  });
});

describe("protection in the state", () => {
  const fails = () => Promise.reject(new Error("no room"));

  test("is lifted from what is named, and from nothing else", async () => {
    await liftProtection(engine, urns);
    await liftProtection(engine, []);
    expect(calls()).toEqual([
      `state unprotect ${urns.join(" ")} --yes --stack nobody --non-interactive`,
    ]);
  });

  test("comes back when the work fails, to what of it is still there without", async () => {
    writeState(volume, { ...volume, name: "a-etcd-2-data" });
    await expect(protectingAgain(engine, urns, fails)).rejects.toThrow("no room");
    expect(calls()).toEqual([`state protect ${urns[1]} --yes --stack nobody --non-interactive`]);
  });

  test("is left as it is when the work succeeds, or nothing was lifted", async () => {
    writeState(volume);
    expect(await protectingAgain(engine, urns, () => Promise.resolve(7))).toBe(7);
    await expect(protectingAgain(engine, [], fails)).rejects.toThrow("no room");
    expect(calls()).toEqual([]);
  });

  test("a state that cannot be changed hides no error", async () => {
    writeState(volume);
    writeFileSync(join(folder, "bin", "pulumi"), "#!/bin/sh\nexit 1\n");
    await expect(protectingAgain(engine, urns, fails)).rejects.toThrow("no room");
  });
});
