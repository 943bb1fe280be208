/** What the plan says of each class of change, from previews of the real engine. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { assess } from "../../../commands/plan/assess.ts";
import type { Effect, Plan } from "../../../commands/plan/types.ts";
import { RECORDED, type Recorded, recorded, unchanged } from "./previews.ts";

interface Expected {
  /** Nodes by what happens to them; all others: nothing. */
  readonly nodes?: Partial<Record<Effect, readonly string[]>>;
  readonly handovers?: readonly [number, number];
  readonly risks?: readonly string[];
}

const members = ["a-postgres-1", "a-postgres-2", "a-postgres-3"];
const leases = ["a-etcd-1", "a-etcd-2", "a-etcd-3"];
const instances = ["a-app-1", "a-app-2", "a-app-3", "a-app-4"];

const EXPECTED: Readonly<Record<Recorded, Expected>> = {
  "work-mem": { nodes: { reload: members } },
  hba: { nodes: { reload: members } },
  durability: { nodes: { reload: members } },
  "pool-size": { nodes: { reload: ["a-pooler-1", "a-pooler-2"] } },
  "max-connections-up": { nodes: { "rolling restart": members }, handovers: [1, 1] },
  "max-connections-down": {
    nodes: { "rolling restart": members },
    risks: ["lower-hot-standby"],
  },
  memory: { nodes: { "rolling restart": members }, handovers: [1, 1] },
  "scale-out": { nodes: { new: ["a-postgres-4"], reload: ["a-prometheus"] } },
  "scale-in": {
    nodes: { removed: ["a-postgres-3"], reload: ["a-prometheus"] },
    handovers: [0, 1],
  },
  "postgres-image": { nodes: { replacement: members }, handovers: [1, 2] },
  "etcd-image": { nodes: { replacement: leases } },
  "app-image": { nodes: { replacement: instances } },
  "etcd-unchained": { nodes: { replacement: leases }, risks: ["etcd-members-at-once"] },
  "postgres-unchained": {
    nodes: { replacement: members },
    handovers: [1, 2],
    risks: ["database-members-at-once"],
  },
  "cloud-none": {
    nodes: { replacement: ["a-backup", ...members, "a-restore-drill"], removed: ["a-s3"] },
    handovers: [1, 2],
    risks: ["cloud-repository", "delete-data-volume"],
  },
  "database-name": {
    nodes: {
      reload: ["a-backup", "a-pooler-1", "a-pooler-2", "a-restore-drill"],
      replacement: [...instances, "a-postgres-exporter"],
    },
    risks: ["another-database"],
  },
  "etcd-members": {
    nodes: {
      removed: ["a-etcd-2", "a-etcd-3"],
      replacement: ["a-autoscaler", "a-etcd-1", "a-guard", ...members],
      reload: ["a-prometheus"],
    },
    handovers: [1, 2],
    risks: ["change-etcd-members", "delete-data-volume"],
  },
  subnet: {
    nodes: { replacement: [...leases, ...members] },
    handovers: [1, 2],
    // etcd's members know each other by their addresses.
    risks: ["change-etcd-members", "replace-network"],
  },
  "docker-host": { risks: ["another-docker-host"] },
  unprotected: { risks: ["lift-protection"] },
  "password-length": {
    nodes: { replacement: [...instances, "a-backup", "a-restore-drill"] },
    risks: ["backup-cipher", "replace-password"],
  },
  "stack-id": {
    nodes: { replacement: [...leases, ...members] },
    handovers: [1, 2],
    risks: ["delete-data-volume", "replace-network", "replace-stack-id"],
  },
  "volume-renamed": {
    nodes: { replacement: members },
    handovers: [1, 2],
    risks: ["delete-data-volume", "leave-data-behind"],
  },
};

test("every recorded preview is read here, and can be recorded anew", () => {
  const folder = join(import.meta.dirname, "previews");
  const files = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
  expect(files.sort()).toEqual(["base", ...RECORDED].map((name) => `${name}.jsonl`).sort());
  const script = readFileSync(join(folder, "record.py"), "utf8");
  expect(RECORDED.filter((name) => !script.includes(`    "${name}": (`))).toEqual([]);
});

function touched(plan: Plan): Partial<Record<Effect, string[]>> {
  const nodes: Partial<Record<Effect, string[]>> = {};
  for (const { node, effect } of plan.nodes.filter(({ effect }) => effect !== "nothing")) {
    nodes[effect] = [...(nodes[effect] ?? []), node].sort();
  }
  return nodes;
}

test("a stack to which nothing happens: no node touched, no risk, nothing to show", () => {
  const plan = assess(unchanged());
  expect(touched(plan)).toEqual({});
  expect(plan).toMatchObject({ order: [], handovers: [0, 0], stalls: [], risks: [], files: [] });
  expect(plan.changes).toEqual({ create: 0, update: 0, replace: 0, delete: 0 });
  expect(plan.nodes.map(({ node }) => node)).toContain("a-postgres-3");
});

describe.each(RECORDED)("%s", (name) => {
  const plan = assess(recorded(name));
  const { nodes = {}, handovers = [0, 0], risks = [] } = EXPECTED[name];

  test("what happens to each node", () => {
    const sorted = Object.entries(nodes).map(([effect, list]) => [effect, [...list].sort()]);
    expect(touched(plan)).toEqual(Object.fromEntries(sorted));
  });

  test("how often a leader hands over", () => {
    expect(plan.handovers).toEqual(handovers);
  });

  test("what is refused", () => {
    expect(plan.risks.map((risk) => risk.name).sort()).toEqual(risks);
    expect(plan.risks.every(({ resources }) => resources.length > 0)).toBe(true);
  });
});

describe("with a leader that is known", () => {
  const replaced = recorded("postgres-image");

  test.each([
    [1, 2], // 1 hands over to 3, which is last and hands over to 1
    [2, 1], // 2 hands over to 1, which is done
    [3, 1],
  ])("postgres-%i leads: %i handovers while all are replaced", (leader, count) => {
    const plan = assess(replaced, { leaders: { a: leader }, figures: {} });
    expect(plan.handovers).toEqual([count, count]);
  });

  test("the removal of the leader is a handover, of a replica none", () => {
    const of = (leader: number) =>
      assess(recorded("scale-in"), { leaders: { a: leader }, figures: {} }).handovers;
    expect(of(3)).toEqual([1, 1]);
    expect(of(1)).toEqual([0, 0]);
  });
});

describe("order", () => {
  const what = (name: Recorded) => assess(recorded(name)).order.map((step) => step.what);

  test("files before the containers that read them, deletions last", () => {
    const steps = what("cloud-none");
    const at = (part: string) => steps.findIndex((step) => step.includes(part));
    expect(at("a-backup-backup.json")).toBeLessThan(at("a-backup: replaced"));
    expect(at("a-backup: replaced")).toBeLessThan(at("a-postgres-1, a-postgres-2, a-postgres-3"));
    expect(steps.at(-1)).toBe("a-s3: removed");
    expect(at("a-backup-pgbackrest.conf")).toBe(at("a-backup-backup.json")); // one step
  });

  test("those beyond the minimum are replaced first; migrations run before", () => {
    expect(what("app-image")).toEqual([
      "app: images built or fetched",
      "a-migrations: run to the end",
      "a-app-3, a-app-4, a-app-1, a-app-2: replaced, one at a time, each when the one before is healthy",
    ]);
  });

  test("a broken chain is told as it is", () => {
    expect(what("etcd-unchained").at(-1)).toMatch(/: replaced, at once$/);
  });

  test("raised values: replicas first and a handover; lowered: the leader first, as leader", () => {
    expect(what("max-connections-up")[0]).toMatch(
      /replicas restart one at a time, then the leader/,
    );
    expect(what("max-connections-down")[0]).toMatch(/the leader restarts as leader, replicas/);
  });
});

test("an orphan is named: its volume stays on the host", () => {
  expect(assess(recorded("scale-in")).notes).toEqual([
    "stays on the host, unused: a-postgres-3-data",
  ]);
});

test("the files that change, as unified diffs", () => {
  const [file, ...others] = assess(recorded("max-connections-up")).files;
  expect(others).toEqual([]);
  expect(file).toMatchObject({ path: "postgresql.conf", action: "changed" });
  expect(file?.diff).toContain("-max_connections = 200\n+max_connections = 210\n");
  const targets = assess(recorded("scale-out")).files;
  expect(targets.map(({ action }) => action)).toEqual(["created", "created"]);
});
