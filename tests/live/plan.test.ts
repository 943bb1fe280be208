/**
 * The safety plan is right: each class of change is made for real, under load, and what the plan said is
 * held against what happened. The steps build on each other and run in order.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodesWith, observe, type PrintedPlan, report } from "./planned.ts";
import { eventually, LiveStack, runInSteps } from "./stack.ts";

const stack = new LiveStack();
let databaseUrl = "";
runInSteps(stack);

const set = async (key: string, value: string) => {
  const { code, stderr } = await stack.pulumi(`pulumi config set --path ${key} ${value}`);
  expect(code, stderr).toBe(0);
};
const later = async (file: string) =>
  appendFileSync(join(stack.folder, file), "# a later version\n");

const whole = () =>
  eventually("every replica streams in sync", 120, async () => {
    const roles = (await stack.members()).map(({ role }) => role);
    return (
      roles.includes("leader") && roles.every((role) => /leader|(quorum|sync)_standby/.test(role))
    );
  });

/** Previews and makes a change under load, and compares. */
async function asSaid(change: string, ...accept: string[]): Promise<void> {
  const options = accept.flatMap((name) => ["--accept-risk", name]);
  const plan = await stack.json<PrintedPlan>("preview", ...options);
  expect(plan.refused).toEqual([]);
  const happened = await observe(stack, databaseUrl, () => stack.holdfast("up", ...options));
  report(change, plan, happened);
  expect(happened.replaced).toEqual(nodesWith(plan, "replacement"));
  expect(happened.made).toEqual(nodesWith(plan, "new"));
  expect(happened.removed).toEqual(nodesWith(plan, "removed"));
  // Whatever reloads, is changed in place or restarts PostgreSQL keeps its container running.
  expect(happened.restarted).toEqual([]);
  expect(happened.postgresRestarted).toEqual(
    nodesWith(plan, "rolling restart").filter((alias) => alias.startsWith("postgres-")),
  );
  // The leader was asked for, so the plan names one number.
  expect(plan.handovers[0]).toBe(plan.handovers[1]);
  expect(happened.handovers).toBe(plan.handovers[0]);
  const failed = happened.record.writes.filter(({ outcome }) => outcome !== "acknowledged");
  expect(failed).toEqual([]);
  for (const { member, lost, duplicated, phantom } of happened.verdicts) {
    expect({ lost, duplicated, phantom }, member).toEqual({
      lost: [],
      duplicated: [],
      phantom: [],
    });
  }
  await whole();
  await stack.holdfast("preview", "--expect-no-changes");
}

/** Pulumi's own preview with the policy pack, on the stack's state. */
async function byPolicy() {
  const files = 'export F="$PWD/.holdfast/run"; mkdir -p "$F"';
  const exported = 'pulumi stack export --file "$F/exported.json"';
  const config = `printf '{"endangers-data": {"state": "%s"}}' "$F/exported.json" > "$F/policy.json"`;
  const preview =
    'pulumi preview --non-interactive --color never --ignore-protect --policy-pack policy --policy-pack-config "$F/policy.json"';
  return stack.pulumi([files, exported, config, preview].join(" && "));
}

/** A change that `preview` and `up` refuse by these names, and that touches nothing. */
async function isRefused(...names: string[]): Promise<void> {
  const before = await stack.settled();
  const { code, stdout } = await stack.try("preview", "--json");
  expect(code).toBe(1);
  expect([...(JSON.parse(stdout) as PrintedPlan).refused].sort()).toEqual(names);
  const { code: upCode, stderr } = await stack.try("up");
  expect(upCode).toBe(1);
  for (const name of names) {
    expect(stderr).toContain(`--accept-risk ${name}`);
  }
  expect(await stack.settled()).toEqual(before);
}

describe("a plan that is right", () => {
  it("comes up", async () => {
    await stack.holdfast("up");
    const outputs = await stack.json<Record<string, string>>("outputs", "--show-secrets");
    databaseUrl = outputs.databaseUrl ?? "";
    await whole();
    await stack.holdfast("preview", "--expect-no-changes");
    const again = await stack.try("up");
    expect(again.stderr).toContain("nothing to change");
    expect(again.stdout).toContain("appUrl");
  });

  it("the policy pack objects to nothing in it", async () => {
    const { code, stdout, stderr } = await byPolicy();
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/holdfast@v/);
    expect(stdout).not.toMatch(/\[mandatory\]|compares-with-state/);
  });

  it("reload: a parameter of PostgreSQL", async () => {
    await set("database.parameters.work_mem", "9MB");
    await asSaid("database.parameters.work_mem 9MB");
  });

  it("reload: a rule of pg_hba.conf", async () => {
    await set("'database.hba[0]'", "'host all all 10.9.0.0/16 scram-sha-256'");
    await asSaid("database.hba one rule");
  });

  it("reload: the poolers", async () => {
    await set("pooler.poolSize", "25");
    await asSaid("pooler.poolSize 25");
  });

  it("rolling restart: max_connections raised", async () => {
    await set("database.maxConnections", "210");
    await asSaid("database.maxConnections 210");
  });

  it("refused: max_connections lowered; accepted, the leader restarts in place", async () => {
    await set("database.maxConnections", "190");
    await isRefused("lower-hot-standby");
    const policy = await byPolicy();
    expect(policy.code).not.toBe(0);
    expect(policy.stdout).toContain("lower-hot-standby: max_connections 210 → 190");
    await asSaid("database.maxConnections 190", "lower-hot-standby");
  });

  it("rolling restart, and memory in place", async () => {
    await set("database.memory", "'576 MB'");
    await asSaid("database.memory 576 MB");
  });

  it("replacement: a new image of etcd", async () => {
    await later("images/etcd/Dockerfile");
    await asSaid("a new image of etcd");
  });

  it("replacement: a new image of PostgreSQL", async () => {
    await later("images/postgres/Dockerfile");
    await asSaid("a new image of PostgreSQL");
  });

  it("new: a further replica", async () => {
    await set("database.replicas", "3");
    await asSaid("database.replicas 3");
  });

  it("removed: the same replica, whose volume stays", async () => {
    await set("database.replicas", "2");
    const { code, stdout, stderr } = await byPolicy();
    expect(code, stdout + stderr).toBe(0);
    const { notes } = await stack.json<PrintedPlan>("preview");
    expect(notes).toContain("stays on the host, unused: a-postgres-4-data");
    await asSaid("database.replicas 2");
    expect(await stack.leftovers()).toContain(stack.container("postgres-4-data"));
  });

  it("refused: the cloud repository dropped; accepted, its server and volume go", async () => {
    await set("backup.cloud.provider", "none");
    await isRefused("cloud-repository", "delete-data-volume");
    await asSaid("backup.cloud.provider none", "cloud-repository", "delete-data-volume");
    expect((await stack.leftovers()).filter((name) => name.includes("s3-data"))).toEqual([]);
  });

  it("leaves nothing behind", async () => {
    await stack.holdfast("down", "--data");
    expect(await stack.leftovers()).toEqual([]);
  });
});
