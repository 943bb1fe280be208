import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { readExtension } from "../../../components/monitoring/extensions.ts";
import { type Recording, record, settingsWith } from "./mocks.ts";

const facts = { stack: "dev", site: "a", collector: true };
let without: Recording;
let tree: Recording;

beforeAll(async () => {
  without = await record(settingsWith());
  tree = await record(settingsWith({ monitoring: { extensions: "docs/examples/extension" } }));
});

test("an extension adds its files and changes nothing", () => {
  const before = new Set(without.all.map(({ label }) => label));
  const added = tree.all.map(({ label }) => label).filter((label) => !before.has(label));
  expect(added.toSorted()).toEqual([
    "Command a-extension-rules-queue",
    "Command a-extension-targets-queue",
    "Command a-grafana-extension-queue",
  ]);
  const LINES = "Command a-collector.yml";
  for (const { label, inputs } of without.all.filter((one) => one.label !== LINES)) {
    expect(JSON.stringify(tree.get(label).inputs), label).toBe(JSON.stringify(inputs));
  }
  expect(JSON.stringify(tree.get(LINES).inputs)).toContain("file_log/queue");
});

test("rules and targets are checked by promtool before they are there, and taken away again", () => {
  for (const kind of ["rules", "targets"]) {
    const { create, delete: remove } = tree.get(`Command a-extension-${kind}-queue`).inputs;
    expect(create).toContain("promtool check");
    expect(remove).toContain("rm -f /live/");
  }
  const { delete: remove } = tree.get("Command a-extension-rules-queue").inputs;
  // Targets and dashboards are watched for; rules are not.
  expect(remove).toContain("docker kill --signal HUP");
});

test("a folder that is not there is a fault", () => {
  expect(() => readExtension("docs/nowhere", facts)).toThrow(
    "monitoring.extensions = docs/nowhere: there is no such folder",
  );
});

test("an empty folder, or none, adds nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-extension-"));
  try {
    const nothing = { targets: [], rules: [], dashboards: [], logs: [] };
    expect(readExtension(folder, facts)).toEqual(nothing);
    expect(readExtension("", facts)).toEqual(nothing);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
