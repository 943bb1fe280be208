/** An `up` that ends with its preview: only where a second run of the engine could change nothing. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  forgetApplied,
  isApplied,
  noteApplied,
  PROGRAM,
  programHash,
} from "../../../commands/engine/applied.ts";
import { provision } from "../../../commands/engine/provision.ts";
import { parseDeployment } from "../../../commands/engine/state.ts";
import type { Engine } from "../../../commands/engine/workspace.ts";
import { privatePath, ROOT } from "../../../commands/paths.ts";
import type { Ready } from "../../../commands/setup/setUp.ts";
import type { Stack } from "../../../commands/stack.ts";
import { parseSettings } from "../../../settings.ts";

const NAME = "applied-test";
const stackWith = (config: Stack["config"]): Stack => ({
  name: NAME,
  project: "holdfast",
  config,
  record: {},
  settings: parseSettings({ stack: NAME, project: "holdfast", config }),
});
const stack = stackWith({});
const deployment = (time: string, protect: boolean) => ({
  manifest: { time },
  resources: [{ urn: "urn::a-etcd-1-data", type: "docker:index/volume:Volume", protect }],
});
const state = parseDeployment(deployment("2026-11-28T10:00:00Z", true));

beforeEach(() => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  forgetApplied(NAME);
  vi.restoreAllMocks();
});

describe("what the last up left is known by", () => {
  it("its state: who else wrote it, or protected something else, has changed it", () => {
    expect(isApplied(stack, state)).toBe(false);
    noteApplied(NAME, programHash(stack), state);
    expect(isApplied(stack, state)).toBe(true);
    expect(isApplied(stack, parseDeployment(deployment("2026-11-28T10:00:01Z", true)))).toBe(false);
    expect(isApplied(stack, parseDeployment(deployment("2026-11-28T10:00:00Z", false)))).toBe(
      false,
    );
    writeFileSync(privatePath("stacks", `${NAME}.applied.json`), '{"program": "');
    expect(isApplied(stack, state)).toBe(false);
    forgetApplied(NAME);
    expect(isApplied(stack, state)).toBe(false);
  });

  it("every setting", () => {
    expect(programHash(stackWith({ database: { replicas: 3 } }))).not.toBe(programHash(stack));
  });

  it("every source of the program: what index.ts imports, over any number of files", () => {
    const open = [join(ROOT, "index.ts")];
    const seen = new Set(open);
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      for (const [, path = ""] of readFileSync(file, "utf8").matchAll(/from "(\.[^"]+)"/g)) {
        const other = join(dirname(file), path);
        if (!seen.has(other)) {
          seen.add(other);
          open.push(other);
        }
      }
    }
    const sources = [...seen].map((file) => relative(ROOT, file));
    expect(sources.length).toBeGreaterThan(50);
    const { files, folders } = PROGRAM;
    const known = (file: string) =>
      files.some((one) => one === file) || folders.some((one) => file.startsWith(`${one}/`));
    expect(sources.filter((file) => !known(file))).toEqual([]);
  });

  it("their content", () => {
    const copy = mkdtempSync(join(tmpdir(), "holdfast-program-"));
    try {
      for (const path of [...PROGRAM.folders, ...PROGRAM.files]) {
        cpSync(join(ROOT, path), join(copy, path), { recursive: true });
      }
      const before = programHash(stack, copy);
      const [first = ""] = readdirSync(join(copy, "settings"));
      const file = join(copy, "settings", first);
      writeFileSync(file, `${readFileSync(file, "utf8")}// later\n`);
      expect(programHash(stack, copy)).not.toBe(before);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});

describe("an up", () => {
  const ready = { stack, enginePath: [], hosts: {} } as Ready;
  let runs: string[] = [];
  const latest = () => deployment(`2026-11-28T10:00:0${runs.length}Z`, true);
  const engine = {
    name: NAME,
    env: {},
    stack: {
      up: () => {
        runs.push("up");
        return Promise.resolve({ outputs: { appUrl: { value: "u", secret: false } } });
      },
      outputs: () => Promise.resolve({ appUrl: { value: "u", secret: false } }),
      exportStack: () => Promise.resolve({ version: 3, deployment: latest() }),
    },
  } as unknown as Engine;
  const same = { changes: [], idle: true };
  const provide = (previewed: Parameters<typeof provision>[2], refresh = false) =>
    provision(ready, engine, previewed, refresh);

  beforeEach(() => {
    runs = [];
    vi.stubEnv("PULUMI_BACKEND_URL", "s3://elsewhere");
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("runs the engine once, and not again while all is the same; its outputs are the same", async () => {
    const first = await provide(undefined);
    expect(await provide(same)).toEqual(first);
    expect(await provide(same)).toEqual(first);
    expect(runs).toHaveLength(1);
  });

  it("runs it when there is a change, when it shall refresh, and when nobody knows what was applied", async () => {
    await provide(same);
    expect(runs).toHaveLength(1);
    await provide({ changes: [], idle: false });
    await provide(same, true);
    expect(runs).toHaveLength(3);
    runs.push("somebody else's");
    await provide(same);
    expect(runs).toHaveLength(5);
  });

  it("that failed is not one that was applied", async () => {
    await provide(undefined);
    vi.spyOn(engine.stack, "up").mockRejectedValueOnce(new Error("no room"));
    await expect(provide({ changes: [], idle: false })).rejects.toThrow("no room");
    runs.push("half");
    await provide(same);
    expect(runs.filter((run) => run === "up")).toHaveLength(2);
  });
});
