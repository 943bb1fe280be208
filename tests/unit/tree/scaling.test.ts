import { beforeAll, describe, expect, test } from "vitest";
import { BUILTIN, type Recording, record, settingsWith } from "./mocks.ts";

/** The tree of the defaults. */
let whole: Recording;

beforeAll(async () => {
  whole = await record(settingsWith());
});

/** Every input of the smaller tree that is another one in the larger. */
function differences(small: Recording, large: Recording): string[] {
  return small.all.flatMap(({ label, inputs }) => {
    const after = large.get(label).inputs;
    return [...new Set([...Object.keys(inputs), ...Object.keys(after)])]
      .filter((key) => JSON.stringify(inputs[key]) !== JSON.stringify(after[key]))
      .map((key) => `${label} ${key}`);
  });
}

function added(small: Recording, large: Recording): string[] {
  const before = new Set(small.all.map(({ label }) => label));
  return large.all.map(({ label }) => label).filter((label) => !before.has(label));
}

describe("database.replicas 2 -> 4 -> 1", () => {
  const trees = new Map<number, Recording>();
  const withReplicas = (replicas: number): Recording => {
    const found = trees.get(replicas);
    if (found === undefined) throw new Error(`nothing was recorded with ${replicas}`);
    return found;
  };

  beforeAll(async () => {
    for (const replicas of [1, 2, 4]) {
      trees.set(replicas, await record(settingsWith({ database: { replicas } })));
    }
  });

  const ofMember = (n: number) => [
    `Command a-postgres-${n}-certificate`,
    `Command a-target-patroni-postgres-${n}`,
    `Command a-target-postgres-postgres-${n}`,
    `Container a-postgres-${n}`,
    `Volume a-postgres-${n}-data`,
  ];

  test.each([
    [2, 4, [4, 5]],
    [1, 4, [3, 4, 5]],
    [1, 2, [3]],
  ])("%i <-> %i comes and goes with the members' own resources alone", (few, many, members) => {
    const [small, large] = [withReplicas(few), withReplicas(many)];
    expect(added(small, large).sort()).toEqual(members.flatMap(ofMember).sort());
    expect(added(large, small)).toEqual([]);
  });

  test.each([
    [2, 4],
    [1, 4],
    [1, 2],
  ])("%i <-> %i touches nothing that stays: every input, option and URN is equal", (few, many) => {
    const [small, large] = [withReplicas(few), withReplicas(many)];
    expect(differences(small, large)).toEqual([]);
    const options = ({ get }: Recording, label: string) => {
      const { urn, parent, protect, retainOnDelete, propertyDependencies, ...rest } = get(label);
      const { replaceOnChanges, ignoreChanges, deleteBeforeReplace } = rest;
      const flags = {
        protect,
        retainOnDelete,
        replaceOnChanges,
        ignoreChanges,
        deleteBeforeReplace,
      };
      return { urn, parent, propertyDependencies, ...flags };
    };
    for (const { label } of small.all) {
      expect(options(small, label), label).toEqual(options(large, label));
    }
  });

  test("what stays waits for the last member, and for no other one's output", () => {
    for (const replicas of [1, 2, 4]) {
      const tree = withReplicas(replicas);
      const last = `Container a-postgres-${replicas + 1}`;
      expect(tree.waitsFor("Container a-router").has(last)).toBe(true);
      const leaning = tree.all
        .filter(({ propertyDependencies }) =>
          Object.values(propertyDependencies).flat().includes(last),
        )
        .map(({ label }) => label);
      expect(leaning).toEqual([]);
    }
  });
});

describe("application.instances.min 1 -> 3", () => {
  let small: Recording;
  let large: Recording;

  beforeAll(async () => {
    const instances = (min: number) => ({ application: { instances: { min, max: 4 } } });
    small = await record(settingsWith(instances(1)));
    large = await record(settingsWith(instances(3)));
  });

  test("touches what must run from now on, and two live files that name the number", () => {
    // Started in place; the alert on too few instances and the autoscaler are told.
    expect(differences(small, large).sort()).toEqual([
      "Command a-autoscaler.json stdin",
      "Command a-prometheus-rules stdin",
      "Container a-app-2 mustRun",
      "Container a-app-3 mustRun",
    ]);
    expect(added(small, large)).toEqual([]);
  });
});

describe("application.instances.max 2 -> 5", () => {
  let small: Recording;
  let large: Recording;

  beforeAll(async () => {
    const instances = (max: number) => ({ application: { instances: { min: 1, max } } });
    small = await record(settingsWith(instances(2)));
    large = await record(settingsWith(instances(5)));
  });

  test("touches nothing that runs: the autoscaler's live file says the number", () => {
    expect(differences(small, large)).toEqual(["Command a-autoscaler.json stdin"]);
  });

  test("adds instances and their targets", () => {
    expect(added(small, large).sort()).toEqual([
      ...[3, 4, 5].map((n) => `Command a-target-app-app-${n}`),
      ...[3, 4, 5].map((n) => `Container a-app-${n}`),
    ]);
  });

  test("those beyond the minimum are made and started, and may be stopped", () => {
    const runs = [1, 2, 3, 4, 5].map((n) => large.get(`Container a-app-${n}`).inputs.mustRun);
    expect(runs).toEqual([true, false, false, false, false]);
  });
});

test("without Grafana nothing else changes", async () => {
  const without = await record(settingsWith({ monitoring: { grafana: false } }));
  expect(differences(without, whole)).toEqual([]);
  expect(
    added(without, whole).every(
      (label) => label.includes("grafana") || label.endsWith("dashboards"),
    ),
  ).toBe(true);
});

test("a cloud comes as a server, and as news for the members and who uses it", async () => {
  const cloud = await record(settingsWith(BUILTIN));
  expect(differences(whole, cloud).sort()).toEqual([
    "Command a-backup-backup.json stdin",
    "Command a-backup-pgbackrest.conf stdin",
    "Container a-backup uploads",
    "Container a-postgres-1 envs",
    "Container a-postgres-2 envs",
    "Container a-postgres-3 envs",
    "Container a-restore-drill uploads",
  ]);
  expect(added(whole, cloud).sort()).toEqual([
    "Command a-s3-certificate",
    "Container a-s3",
    "RemoteImage h1-image-s3",
    "S3Server a-s3",
    "Volume a-s3-data",
  ]);
});

test("one run is like the next", async () => {
  const second = await record(settingsWith());
  expect(differences(whole, second)).toEqual([]);
  expect(added(whole, second)).toEqual([]);
});

test("another objective is news for the status page's file, and its container stays", async () => {
  const after = await record(settingsWith({ objectives: { recoveryPoint: "2 min" } }));
  const changed = differences(whole, after);
  expect(changed).toContain("Command a-status.json stdin");
  expect(changed.filter((input) => input.startsWith("Container a-status"))).toEqual([]);
});

test.each([
  ["database.parameters", { database: { parameters: { work_mem: "8MB" } } }],
  ["database.hba", { database: { hba: ["host all all 10.9.0.0/16 scram-sha-256"] } }],
  ["database.durability", { database: { durability: "strict" } }],
  ["database.readLagLimit", { database: { readLagLimit: "64 MB" } }],
  ["backup.schedule", { backup: { schedule: { physical: "15 3 * * *" } } }],
  ["backup.logical", { backup: { logical: ["users"] } }],
  ["database.volumeSize", { database: { volumeSize: "100 GB" } }],
  ["monitoring.scrapeInterval", { monitoring: { scrapeInterval: "10 s" } }],
  ["pooler.poolSize", { pooler: { poolSize: 10 } }],
  ["application.scaling", { application: { scaling: { targetRequests: 7, downWindow: "1 min" } } }],
])("%s is applied in place: no container is replaced", async (_, config) => {
  const after = await record(settingsWith(config));
  const changed = differences(whole, after);
  expect(changed).not.toEqual([]);
  expect(changed.filter((input) => !/^Command \S+ stdin$/.test(input))).toEqual([]);
});
