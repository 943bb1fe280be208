import { expect, it } from "vitest";
import { whatIsFixed } from "../../../commands/engine/fixed.ts";
import type { State } from "../../../commands/engine/state.ts";
import { parseSettings } from "../../../settings.ts";
import { record, settingsWith } from "../tree/mocks.ts";

const settings = (config: Record<string, unknown>) =>
  parseSettings({ stack: "dev", project: "holdfast", config });

const resource = (name: string, inputs = {}) => ({
  urn: `urn:pulumi:dev::holdfast::docker:index/volume:Volume::${name}`,
  type: "docker:index/volume:Volume",
  inputs,
});

const state: State = {
  pendingOperations: 0,
  resources: [
    ...[1, 2, 3].flatMap((n) => [resource(`a-etcd-${n}-data`), resource(`a-postgres-${n}-data`)]),
    resource("a-pooler-1-facts.json", { stdin: '{"database":"shop"}\n' }),
  ],
};

it("lets a stack be as it is, grow, or begin", () => {
  expect(whatIsFixed(state, settings({}))).toEqual([]);
  expect(whatIsFixed(state, settings({ database: { replicas: 4 } }))).toEqual([]);
  expect(whatIsFixed(state, settings({ database: { replicas: 1 } }))).toEqual([]);
  const empty = { pendingOperations: 0, resources: [] };
  expect(whatIsFixed(empty, settings({ etcd: { members: 5 } }))).toEqual([]);
});

it("names the key and the line that mends it", () => {
  const faults = whatIsFixed(
    state,
    settings({ etcd: { members: 5 }, database: { name: "store" } }),
  );
  expect(faults.map(([, mend]) => mend?.trim())).toEqual([
    "pulumi config set --path etcd.members 3 --stack dev",
    "pulumi config set --path database.name shop --stack dev",
  ]);
});

it("finds the database in what the program itself declares", async () => {
  const { all } = await record(settingsWith());
  const resources = all.map(({ urn, kind, inputs }) => ({ urn, type: kind, inputs }));
  const declared: State = { pendingOperations: 0, resources };
  expect(whatIsFixed(declared, settings({}))).toEqual([]);
  expect(whatIsFixed(declared, settings({ database: { name: "store" } })).flat()[0]).toContain(
    "the data is in shop",
  );
});
