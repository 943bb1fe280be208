/** The policy pack: what it takes from the engine, what it reports, and what it cannot see. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PolicyResource, StackValidationPolicy } from "@pulumi/policy";
import { afterAll, describe, expect, test } from "vitest";
import { changesBetween, type Declared } from "../../../commands/plan/compare.ts";
import { breachesIn } from "../../../commands/plan/invariants.ts";
import { declaredOf, plainOf, remember } from "../../../policy/declared.ts";
import { policies } from "../../../policy/policies.ts";
import { BUILTIN } from "../tree/mocks.ts";
import { edited } from "./changes.ts";
import { declaredBy } from "./declared.ts";
import { BASE, unchanged } from "./previews.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-policy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const STATE = {
  deployment: {
    resources: BASE.map(({ urn, type, inputs, protect = false, retainOnDelete = false }) => ({
      urn,
      type,
      inputs,
      protect,
      retainOnDelete,
    })),
  },
};

/** The program as it is, with other inputs for some. */
function program(patches: Readonly<Record<string, Partial<Declared>>> = {}): Declared[] {
  return unchanged().map(({ urn, type, name, after = {}, protect, dependsOn = [] }) => ({
    urn,
    type,
    inputs: after,
    protect,
    dependsOn,
    ...patches[name],
  }));
}

function stateFile(): string {
  const file = join(folder, "state.json");
  writeFileSync(file, JSON.stringify(STATE));
  return file;
}

/** Runs one policy of the pack on a program; what it reported. */
async function report(name: string, declared: readonly Declared[], config = {}): Promise<string[]> {
  const policy = policies.find((each) => each.name === name) as StackValidationPolicy;
  const said: string[] = [];
  const stubs = new Map(declared.map(({ urn }) => [urn, { urn } as PolicyResource]));
  for (const { urn, inputs } of declared) remember({ urn, props: inputs });
  const resources = declared.map(
    ({ urn, type, protect, dependsOn = [] }) =>
      ({
        urn,
        type,
        props: {},
        opts: { protect },
        dependencies: dependsOn.flatMap((other) => stubs.get(other) ?? []),
        propertyDependencies: {},
      }) as unknown as PolicyResource,
  );
  const args = {
    resources,
    stackTags: new Map<string, string>(),
    getConfig: <T>() => config as T,
    notApplicable: (): never => {
      throw new Error("not applicable");
    },
  };
  await policy.validateStack(args, (message) => said.push(message));
  return said;
}

describe("compared with a state", () => {
  test("the same program changes nothing", () => {
    const changes = changesBetween(STATE, program());
    expect(changes.filter(({ action }) => action !== "none")).toEqual([]);
  });

  test("what is no longer declared is deleted, what is new is made", () => {
    const without = program().filter(({ urn }) => !urn.endsWith("::a-backup"));
    const changes = changesBetween(STATE, [
      ...without,
      {
        urn: "urn:pulumi:s::p::docker:index/volume:Volume::new",
        type: "docker:index/volume:Volume",
        inputs: {},
        protect: false,
      },
    ]);
    const done = changes.filter(({ action }) => action !== "none");
    expect(done.map(({ name, action }) => `${name} ${action}`)).toEqual([
      "new create",
      "a-backup delete",
    ]);
  });

  test("memory is applied in place, an image replaces, a secret is not compared", () => {
    const change = (inputs: object) => {
      const [node] = unchanged().filter(({ name }) => name === "a-etcd-1");
      const found = changesBetween(
        STATE,
        program({ "a-etcd-1": { inputs: { ...node?.after, ...inputs } } }),
      );
      return found.find(({ name }) => name === "a-etcd-1")?.action;
    };
    expect(change({ memory: 999, memorySwap: 999 })).toBe("update");
    expect(change({ image: "other" })).toBe("replace");
    expect(change({ image: "[secret]" })).toBe("none");
    expect(change({ image: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" })).toBe("none");
  });
});

describe("policy endangers-data", () => {
  const conf = "a-postgres-postgresql.conf";
  const lowered = () => {
    const [file] = unchanged().filter(({ name }) => name === conf);
    const { inputs = {} } = edited(conf, "max_connections = 200", "max_connections = 150");
    return program({ [conf]: { inputs: { ...file?.after, ...inputs } } });
  };

  test("reports a risk with what to do instead, unless it is accepted", async () => {
    const state = stateFile();
    const said = await report("endangers-data", lowered(), { state });
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(
      /^a-postgres-postgresql.conf: lower-hot-standby: max_connections 200 → 150/,
    );
    expect(
      await report("endangers-data", lowered(), { state, acceptRisk: ["lower-hot-standby"] }),
    ).toEqual([]);
    expect(await report("compares-with-state", lowered())).toEqual([]);
  });

  test("sees a volume that is no longer declared", async () => {
    const without = program().filter(({ urn }) => !urn.endsWith("::a-backup-repository"));
    const said = await report("endangers-data", without, { state: stateFile() });
    expect(said).toEqual([expect.stringContaining("delete-data-volume")]);
  });

  test("without a state it says nothing, and another policy says that", async () => {
    expect(await report("endangers-data", lowered())).toEqual([]);
    expect(await report("compares-with-state", lowered())).toEqual([
      expect.stringContaining("invariants alone were checked"),
    ]);
  });
});

describe("invariants", () => {
  test.each([
    ["the defaults", {}],
    ["a cloud repository", BUILTIN],
    ["one replica, strict", { database: { replicas: 1, durability: "strict" } }],
  ])("hold for this checkout with %s", async (_, config) => {
    const declared = await declaredBy(config);
    expect(breachesIn(changesBetween({}, declared))).toEqual([]);
    // And by hand, so that it is not an empty list that holds everything.
    const [member] = declared.filter(({ urn }) => urn.endsWith("::a-postgres-2"));
    expect(member?.dependsOn?.some((urn) => urn.endsWith("::a-postgres-1"))).toBe(true);
  });

  test("the program keeps them all", () => {
    expect(breachesIn(changesBetween({}, program()))).toEqual([]);
  });

  test("protected: a data volume, a password, the network", async () => {
    const bare = { protect: false };
    const said = await report(
      "protected",
      program({
        "a-postgres-2-data": bare,
        "etcd-root": bare,
        "a-network": bare,
        "a-router-config": bare,
      }),
    );
    expect(said[0]).toMatch(/protect: true is missing/);
    for (const name of ["a-postgres-2-data", "etcd-root", "a-network"])
      expect(said[0]).toContain(name);
    expect(said[0]).not.toContain("router");
  });

  test("chained: members that do not wait for each other", async () => {
    const said = await report("chained", program({ "a-etcd-2": { dependsOn: [] } }));
    expect(said[0]).toContain("a-etcd-1, a-etcd-2");
  });

  test("durable and backed-up: by the rendered files", async () => {
    const [file] = unchanged().filter(({ name }) => name === "a-postgres-postgresql.conf");
    const text = String(file?.after?.stdin);
    const worse = text
      .replace("archive_mode = on", "archive_mode = off")
      .replace("jit = off", "fsync = off");
    const declared = program({
      "a-postgres-postgresql.conf": { inputs: { ...file?.after, stdin: worse } },
    });
    expect(await report("durable", declared)).toEqual(["a-postgres-postgresql.conf: fsync"]);
    expect(await report("backed-up", declared)).toEqual([
      "a-postgres-postgresql.conf: WAL is not archived",
    ]);
    const without = program().filter(({ urn }) => !urn.endsWith("::a-backup"));
    expect(await report("backed-up", without)).toEqual([expect.stringContaining("no repository")]);
  });
});

test("a value that a preview does not know is no error", () => {
  const proxy = new Proxy({ known: 1, unknown: 2 } as Record<string, unknown>, {
    get: (target, key) => {
      if (key === "unknown") throw new Error("can't be known during preview");
      return target[String(key)];
    },
  });
  expect(plainOf({ list: [proxy] })).toEqual({
    list: [{ known: 1, unknown: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }],
  });
});

test("what the stack's list lacks is taken from what was declared before", () => {
  const urn = "urn:pulumi:s::p::docker:index/volume:Volume::x";
  remember({ urn, props: { name: "input" } });
  const resource = {
    urn,
    type: "t",
    props: { name: "output" },
    opts: { protect: true },
    dependencies: [],
    propertyDependencies: {},
  };
  expect(declaredOf([resource as unknown as PolicyResource])).toEqual([
    { urn, type: "t", inputs: { name: "input" }, protect: true, dependsOn: [], computedFrom: [] },
  ]);
});
