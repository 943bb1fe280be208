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
import { afterEach, beforeEach, expect, test } from "vitest";
import { previewStack } from "../../../commands/engine/previewing.ts";
import type { Engine } from "../../../commands/engine/workspace.ts";
import { Fault } from "../../../commands/fault.ts";
import { planBeforeUp } from "../../../commands/plan/beforeUp.ts";
import type { Ready } from "../../../commands/setup/setUp.ts";

/** Writes the n-th answer where `--event-log` says, and notes every call. */
const PULUMI = `#!/usr/bin/env bash
echo "$@" >>"$FAKE/calls"
[ "$1" = preview ] || exit 0
n=$(grep -c ^preview "$FAKE/calls")
while [ $# -gt 0 ]; do [ "$1" = --event-log ] && log=$2; shift; done
echo "$log" >>"$FAKE/logs"
cp "$FAKE/$n.jsonl" "$log"
echo "  error: it is protected"
exit "$(cat "$FAKE/$n.code")"
`;

let folder: string;
let engine: Engine;
const ready = { stack: { name: "nobody", settings: { sites: {} } }, hosts: {} } as unknown as Ready;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-engine-"));
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", "pulumi"), PULUMI);
  chmodSync(join(folder, "bin", "pulumi"), 0o755);
  const env = { PATH: `${join(folder, "bin")}:${process.env.PATH}`, FAKE: folder };
  engine = { name: "nobody", env } as unknown as Engine;
  process.env.PATH = env.PATH;
});

afterEach(() => {
  process.env.PATH = process.env.PATH?.split(":").slice(1).join(":") ?? "";
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

/** What the engine answers to the n-th preview. */
function answer(n: number, code: number, ...steps: readonly Step[]): void {
  const lines = steps.map(({ op, name, type }) => {
    const side = { inputs: { length: 1 }, protect: true };
    const metadata = {
      op,
      urn: URN(name, type),
      type,
      old: side,
      new: op === "delete" ? null : side,
    };
    return JSON.stringify({ resourcePreEvent: { metadata } });
  });
  writeFileSync(join(folder, `${n}.jsonl`), `${lines.join("\n")}\n`);
  writeFileSync(join(folder, `${n}.code`), String(code));
}

const calls = () => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
const stateCalls = () => calls().filter((call) => call.startsWith("state"));
const before = (...accepted: string[]) => planBeforeUp(ready, engine, { accepted, refresh: false });

test("a preview leaves no file behind: its log has every input of the stack", async () => {
  answer(1, 0, cipher);
  const { code, text, changes } = await previewStack(engine, ["--color", "never"]);
  expect({ code, names: changes.map(({ name }) => name) }).toEqual({
    code: 0,
    names: ["backup-cipher"],
  });
  expect(text).toContain("it is protected");
  const [log = ""] = readFileSync(join(folder, "logs"), "utf8").trim().split("\n");
  expect(log).toMatch(/events\.jsonl$/);
  expect(existsSync(join(log, ".."))).toBe(false);
});

test("nothing dangerous: one preview, and the state is left alone", async () => {
  answer(1, 0);
  await before();
  expect(calls()).toHaveLength(1);
});

test("what was not accepted is refused, and the state is left alone", async () => {
  answer(1, 1, cipher);
  await expect(before()).rejects.toMatchObject({
    message: "this endangers data, and nothing was changed",
    advice: expect.arrayContaining(["to do it all the same: --accept-risk backup-cipher"]),
  });
  expect(stateCalls()).toEqual([]);
});

test("of what was accepted the protection is lifted, and of nothing else", async () => {
  answer(1, 1, cipher);
  answer(2, 0, cipher);
  await before("backup-cipher");
  expect(stateCalls()).toEqual([
    `state unprotect ${URN(cipher.name, cipher.type)} --yes --stack nobody --non-interactive`,
  ]);
});

test("what shows only then and was not accepted puts the protection back", async () => {
  answer(1, 1, cipher);
  answer(2, 1, cipher, volume);
  await expect(before("backup-cipher")).rejects.toThrow("this endangers data");
  expect(stateCalls().map((call) => call.split(" ")[1])).toEqual(["unprotect", "protect"]);
});

test("a preview that fails for another reason ends it, with the engine's words", async () => {
  answer(1, 255);
  const failure = await before().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Fault);
  expect((failure as Fault).message).toBe("the preview failed, and nothing was changed");
  expect((failure as Fault).advice.join("\n")).toContain("it is protected");
});
