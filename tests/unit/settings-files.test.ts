import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { schema } from "../../settings/schema.ts";
import { readEngineConfig, readPulumiFiles } from "../../settings/sources.ts";
import { loadSettings, loadSettingsFromFiles, parseSettings } from "../../settings.ts";

const repository = join(import.meta.dirname, "../..");
let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-settings-"));
  write("Pulumi.yaml", "name: holdfast\nconfig:\n  database: {type: object, default: {}}\n");
});
afterEach(() => rmSync(root, { recursive: true }));

function write(file: string, text: string) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

describe("the committed files", () => {
  test("dev is what a laptop gets", () => {
    const settings = loadSettingsFromFiles(repository, "dev");
    expect(settings.database).toMatchObject({ replicas: 2, memoryMiB: 512, maxConnections: 200 });
    expect(settings.application.instances).toEqual({ min: 2, max: 4 });
  });

  test("Pulumi.yaml declares every group and nothing else, with an empty default", () => {
    const { project, config } = readPulumiFiles(repository, "no-such-stack");
    expect(project).toBe("holdfast");
    expect(config).toEqual(Object.fromEntries(Object.keys(schema.shape).map((key) => [key, {}])));
  });
});

test("a stack's groups come from its file, the rest from Pulumi.yaml and the defaults", () => {
  write(
    "Pulumi.yaml",
    "name: holdfast\nconfig:\n  etcd: {type: object, default: {members: 5, memory: 256 MB}}\n  holdfast:pooler: {value: {poolSize: 10}}\n  docker:x: {value: y}\n",
  );
  write("Pulumi.dev.yaml", "config:\n  holdfast:etcd: {members: 1}\n  aws:region: here\n");
  const { etcd, pooler } = loadSettingsFromFiles(root, "dev");
  // As the engine does it: the stack's group replaces Pulumi.yaml's as a whole.
  expect(etcd).toEqual({ members: 1, memoryMiB: 128 });
  expect(pooler.poolSize).toBe(10);
});

test("a stack without a file has the defaults", () => {
  const settings = loadSettingsFromFiles(root, "lab");
  expect(settings).toEqual(parseSettings({ stack: "lab", project: "holdfast", config: {} }));
});

test("the record is merged", () => {
  write(".holdfast/stacks/dev.json", '{"ports": {"app": 8081}}');
  expect(loadSettingsFromFiles(root, "dev").ports.app).toBe(8081);
  expect(loadSettingsFromFiles(root, "lab").ports.app).toBe(8080);
});

test("faults in a file are named with the stack they are in", () => {
  write("Pulumi.lab.yaml", "config:\n  holdfast:database: {replicas: two}\n");
  expect(() => loadSettingsFromFiles(root, "lab")).toThrow(
    /^Settings of stack lab: 1 fault\n {2}database\.replicas = "two".*\n.* --stack lab$/,
  );
});

test("a date without quotes stays a date", () => {
  write("Pulumi.dev.yaml", "config:\n  holdfast:images: {refresh: 2026-11-23}\n");
  expect(loadSettingsFromFiles(root, "dev").images.refresh).toBe("2026-11-23");
  // The same line as the engine hands it over.
  const config = { images: { refresh: "2026-11-23 00:00:00 +0000 UTC" } };
  const { images } = parseSettings({ stack: "dev", project: "holdfast", config });
  expect(images.refresh).toBe("2026-11-23");
});

test("encrypted values are refused unread", () => {
  write("Pulumi.dev.yaml", "config:\n  holdfast:database: {name: {secure: v1:abc:def}}\n");
  expect(() => loadSettingsFromFiles(root, "dev")).toThrow("database: stored as a secret");
});

test.each([
  ["Pulumi.dev.yaml", "config:\n  a: [1\n", /^Pulumi\.dev\.yaml:\d+: /],
  [
    ".holdfast/stacks/dev.json",
    "{",
    /^\.holdfast\/stacks\/dev\.json is not JSON[\s\S]*rm \.holdfast/,
  ],
])("unreadable: %s", (file, text, why) => {
  write(file, text);
  expect(() => loadSettingsFromFiles(root, "dev")).toThrow(why);
});

test("a folder without Pulumi.yaml", () => {
  rmSync(join(root, "Pulumi.yaml"));
  expect(() => loadSettingsFromFiles(root, "dev")).toThrow(/no Pulumi\.yaml in /);
});

test("a stack's name is checked before it becomes a file's", () => {
  expect(() => loadSettingsFromFiles(root, "../dev")).toThrow(/stack name "\.\.\/dev"/);
});

describe("what the engine hands over", () => {
  test("groups are JSON, other namespaces are not ours", () => {
    const flat = {
      "holdfast:database": '{"replicas":3,"trustLocal":true,"memory":"1 GB"}',
      "holdfast:colour": "blue",
      "pulumi:autonaming": '{"pattern":"x"}',
    };
    expect(readEngineConfig("holdfast", flat, "")).toEqual({
      project: "holdfast",
      config: {
        database: { replicas: 3, trustLocal: true, memory: "1 GB" },
        colour: "blue",
      },
      secrets: [],
    });
    const secrets = '["holdfast:database", "aws:key"]';
    expect(readEngineConfig("holdfast", flat, secrets).secrets).toEqual(["database"]);
  });

  test("faults become a RunError: the engine prints its text alone", async () => {
    await pulumi.runtime.setMocks(
      { newResource: ({ name }) => ({ id: name, state: {} }), call: () => ({}) },
      "holdfast",
      "unit",
      false,
    );
    pulumi.runtime.setAllConfig({ "holdfast:etcd": '{"members":5}' });
    expect(loadSettings()).toMatchObject({ stack: "unit", etcd: { members: 5 } });
    pulumi.runtime.setAllConfig({ "holdfast:etcd": '{"members":2}' });
    expect(loadSettings).toThrow(pulumi.RunError);
    expect(loadSettings).toThrow("etcd.members = 2: expected 1, 3, 5 or 7");
  });
});
