import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Fault } from "../../../commands/fault.ts";
import { followRestore } from "../../../commands/restore/follow.ts";
import { chooseRestorer, orderUnderWay, progressLine } from "../../../commands/restore/members.ts";
import type { MemberState, Phase, RestoreOrder } from "../../../commands/restore/types.ts";
import { lacking } from "../../../commands/restore/whole.ts";
import type { Settings } from "../../../settings.ts";

/** A cluster of three, as `docker exec` shows it: each member's phases as holdfast-restore goes through them. */
const world = vi.hoisted(() => ({
  phases: new Map<string, string>(),
  orders: new Map<string, unknown>(),
  went: new Set<string>(),
  log: [] as string[],
  site: "a",
  leader: "postgres-2",
  fail: "",
  refuse: "",
  backupCode: 0,
  prepareError: "",
}));

vi.mock("../../../commands/cluster/leader.ts", () => ({
  activeSite: async () => ({
    name: world.site,
    docker: { host: "unix:///x", run },
    containers: [
      ...["postgres-1", "postgres-2", "postgres-3"].map((alias) => ({
        ...{ alias, name: `c-${alias}`, component: "postgres", instance: Number(alias.slice(-1)) },
        ...{ running: true, state: "healthy" },
      })),
      { alias: "backup", name: "c-backup", component: "backup", instance: 0, running: true },
    ],
  }),
}));
vi.mock("../../../commands/cluster/members.ts", () => ({
  clusterMembers: async () => {
    const restorer = (world.orders.get("postgres-1") as RestoreOrder | undefined)?.restorer;
    const over = restorer !== undefined && world.phases.get(restorer) === "done";
    const leader = world.orders.size === 0 ? world.leader : over ? restorer : undefined;
    return ["postgres-1", "postgres-2", "postgres-3"].map((name) => ({
      ...{ name, timeline: 4, lagBytes: null },
      ...(name === leader
        ? { role: "leader", state: "running" }
        : { role: "replica", state: leader ? "streaming" : "stopped" }),
    }));
  },
}));

async function run(args: string[], options: { input?: string } = {}) {
  const ok = (stdout = "") => ({ code: 0, stdout, stderr: "" });
  const container = args.find((arg) => arg.startsWith("c-")) ?? "";
  const member = container.slice(2);
  if (args.includes("psql")) {
    return ok(args.at(-1)?.includes("heartbeat") ? "2026-11-25T08:59:55Z\n" : "");
  }
  if (args.includes("holdfast-backup")) {
    world.log.push(args.slice(args.indexOf("holdfast-backup") + 1).join(" "));
    if (args.includes("--prepare") && world.prepareError) {
      return { code: 1, stdout: "", stderr: world.prepareError };
    }
    const code = args.includes("full") ? world.backupCode : 0;
    return { code, stdout: "", stderr: code ? "holdfast-backup: cloud full: bucket gone" : "" };
  }
  const word = args.at(-1) as string;
  if (word === "state") {
    return ok(JSON.stringify(stateOf(member)));
  }
  world.log.push(`${member} ${word}`);
  if (word === "order") {
    if (world.refuse === member) {
      return { code: 2, stdout: "", stderr: "holdfast-restore: it carries out another order" };
    }
    world.orders.set(member, JSON.parse(options.input ?? ""));
    world.phases.set(member, world.fail === member ? "failed" : "stopped");
  } else if (word === "go") {
    world.went.add(member);
  } else if (word === "cancel") {
    world.orders.delete(member);
    world.phases.set(member, "none");
  }
  return ok();
}

/** Each look after `go` is one phase further. */
function stateOf(member: string): MemberState {
  const order = world.orders.get(member) as RestoreOrder | undefined;
  const before = world.phases.get(member) ?? "none";
  if (world.went.has(member) && before !== "done" && before !== "failed") {
    const phases = order?.restorer === member ? RESTORER : OTHERS;
    const next = phases[phases.indexOf(before as Phase) + 1] ?? "done";
    world.phases.set(member, next === "recovering" && world.fail === "recovery" ? "failed" : next);
  }
  const phase = (world.phases.get(member) ?? "none") as Phase;
  const failed = phase === "failed" ? "recovery ended before configured recovery target" : "";
  return {
    member,
    phase,
    detail: failed,
    since: "",
    id: order?.id ?? null,
    kept: [],
    label: order?.restorer === member ? "20261125-020000F" : null,
    data: null,
  };
}

const RESTORER: Phase[] = ["stopped", "clearing", "restoring", "recovering", "done"];
const OTHERS: Phase[] = ["stopped", "awaiting", "awaiting", "cloning", "done"];

const settings = {
  stack: "dev",
  sites: { a: {} },
  database: { name: "shop", replicas: 2, seedTimeoutSeconds: 5 },
} as unknown as Settings;
const request = {
  settings,
  target: { kind: "latest", value: "" },
  repository: "local",
} as const;

beforeEach(() => {
  Object.assign(world, {
    site: "a",
    leader: "postgres-2",
    fail: "",
    refuse: "",
    backupCode: 0,
    prepareError: "",
  });
  world.phases.clear();
  world.orders.clear();
  world.went.clear();
  world.log.length = 0;
});

describe("a restore of a whole cluster", () => {
  test("stops the leader last, begins with it, and ends whole", async () => {
    const outcome = await followRestore(request);
    const orders = world.log.filter((line) => line.endsWith(" order"));
    expect(orders.at(-1)).toBe("postgres-2 order");
    expect(orders).toHaveLength(3);
    expect(world.log.find((line) => line.endsWith(" go"))).toBe("postgres-2 go");
    expect(outcome).toMatchObject({
      member: "postgres-2",
      label: "20261125-020000F",
      recoveredTo: "2026-11-25T08:59:55Z",
      timeline: 4,
      members: 3,
      lacks: [],
    });
    expect(world.log.slice(-2)).toEqual(["--prepare", "--now full --repository all --wait 600"]);
  }, 20_000);

  test("of two sites the active one's own archive is meant, whichever that is now", async () => {
    world.site = "b";
    const two = { ...settings, sites: { a: {}, b: {} } } as unknown as Settings;
    await followRestore({ ...request, settings: two });
    expect(world.orders.get("postgres-1")).toMatchObject({ stanza: "dev-b" });
  }, 20_000);

  test("every member has the same order, with all of them in it", async () => {
    await followRestore({ ...request, label: "20261125-020000F", discard: true });
    const texts = new Set([...world.orders.values()].map((one) => JSON.stringify(one)));
    expect(texts.size).toBe(1);
    expect(world.orders.get("postgres-1")).toMatchObject({
      repository: "local",
      stanza: "dev-a",
      restorer: "postgres-2",
      members: ["postgres-1", "postgres-2", "postgres-3"],
      label: "20261125-020000F",
      discard: true,
    });
  }, 20_000);

  test("one that refuses: nobody begins, everybody goes on", async () => {
    world.refuse = "postgres-1";
    await expect(followRestore(request)).rejects.toThrow("it carries out another order");
    expect(world.log.filter((line) => line.endsWith(" cancel"))).toHaveLength(3);
    expect(world.went.size).toBe(0);
  }, 20_000);

  test("one that cannot: its own words, and nobody begins", async () => {
    world.fail = "postgres-2";
    await expect(followRestore(request)).rejects.toThrow("postgres-2 cannot restore");
    expect(world.went.size).toBe(0);
  }, 20_000);

  test("a recovery that fails: PostgreSQL's words, and how the old data comes back", async () => {
    world.fail = "recovery";
    const error = await followRestore(request).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain("recovery ended before configured recovery target");
    expect((error as Fault).advice.join()).toContain("restore --cancel");
  }, 20_000);

  test("interrupted before go: called off", async () => {
    const signal = AbortSignal.abort();
    await expect(followRestore({ ...request, signal })).rejects.toThrow("nothing was restored");
    expect(world.went.size).toBe(0);
  }, 20_000);

  test("one that is under way is followed, not ordered again", async () => {
    for (const name of ["postgres-1", "postgres-2", "postgres-3"]) {
      world.orders.set(name, { id: "earlier", restorer: "postgres-1" });
      world.phases.set(name, name === "postgres-1" ? "restoring" : "awaiting");
      world.went.add(name);
    }
    const outcome = await followRestore(request);
    expect(outcome.member).toBe("postgres-1");
    expect(world.log.some((line) => line.endsWith(" order"))).toBe(false);
  }, 20_000);

  test("a new stack that an earlier run has restored is not restored again", async () => {
    world.orders.set("postgres-1", { id: "earlier", restorer: "postgres-1" });
    world.phases.set("postgres-1", "done");
    const outcome = await followRestore({ ...request, fresh: true });
    expect(outcome).toMatchObject({ member: "postgres-1", label: "20261125-020000F", lacks: [] });
    expect(world.log).toEqual(["--prepare", "--now full --repository all --wait 600"]);
    // In place, a second restore is what was asked for.
    await followRestore(request);
    expect(world.log.filter((line) => line.endsWith(" order"))).toHaveLength(3);
  }, 20_000);

  test("a new stack that leads with other data is left as it is", async () => {
    const error = await followRestore({ ...request, fresh: true }).catch((thrown) => thrown);
    expect(String(error)).toContain("postgres-2 leads stack dev already");
    expect((error as Fault).advice.join()).toContain("--overwrite --stack dev");
    expect(world.log).toEqual([]);
  }, 20_000);

  test("a new stack in which nobody leads is restored, also after a try that failed", async () => {
    world.leader = "";
    world.phases.set("postgres-1", "failed");
    const { member } = await followRestore({ ...request, fresh: true });
    expect(member).toBe("postgres-1");
  }, 20_000);

  test("a backup that cannot be taken is no success", async () => {
    world.backupCode = 1;
    const { lacks } = await followRestore(request);
    expect(lacks).toEqual(["no fresh backup: cloud full: bucket gone"]);
  }, 20_000);

  test("repositories of another cluster go on with this one", async () => {
    world.prepareError =
      "holdfast-backup: another cluster; type: holdfast-backup --accept-new-cluster";
    const { lacks } = await followRestore(request);
    expect(lacks).toEqual([]);
    expect(world.log.at(-1)).toBe("--accept-new-cluster");
  }, 20_000);
});

describe("who restores", () => {
  const place = (name: string, timeline?: number, lsn = "0/0") => ({
    name,
    state: {
      data: timeline === undefined ? null : { system: "7", timeline, lsn },
    } as MemberState,
  });

  test("the leader", () => {
    expect(chooseRestorer([place("postgres-1", 9), place("postgres-2", 1)], "postgres-2")).toBe(
      "postgres-2",
    );
  });

  test("without one, the newest data: timeline, then position as a number", () => {
    const places = [
      place("postgres-1", 3, "0/F0000000"),
      place("postgres-2", 3, "1/0"),
      place("postgres-3", 2, "F/0"),
    ];
    expect(chooseRestorer(places, undefined)).toBe("postgres-2");
  });

  test("without any data the first", () => {
    expect(chooseRestorer([place("postgres-1"), place("postgres-2")], "postgres-7")).toBe(
      "postgres-1",
    );
  });
});

test("an order is under way from go until it is done or failed", () => {
  const under = (phase: Phase) => orderUnderWay([{ state: { id: "x", phase } as MemberState }]);
  expect(under("restoring")).toBe("x");
  expect(under("cloning")).toBe("x");
  for (const phase of ["stopped", "failed", "done", "none", "waiting"] as const) {
    expect(under(phase)).toBeUndefined();
  }
  expect(orderUnderWay([{ state: null }])).toBeUndefined();
});

test("what a cluster lacks", () => {
  const member = (name: string, role: string, state: string, timeline = 4) => {
    return { name, role, state, timeline, lagBytes: 0 };
  };
  const leader = member("postgres-1", "leader", "running");
  expect(lacking([leader, member("postgres-2", "replica", "streaming")], 2)).toEqual([]);
  expect(lacking([leader, member("postgres-2", "replica", "creating replica")], 3)).toEqual([
    "postgres-2 is creating replica",
    "2 of 3 members are there",
  ]);
  expect(lacking([leader, member("postgres-2", "replica", "streaming", 3)], 2)).toEqual([
    "postgres-2 is on timeline 3",
  ]);
  expect(lacking([], 1)).toEqual(["nobody leads", "0 of 1 members are there"]);
});

test("where the members are, in one line", () => {
  const state = { phase: "restoring", detail: "43 % of the files" } as MemberState;
  const line = progressLine([
    { name: "postgres-1", state },
    { name: "postgres-2", state: null },
  ]);
  expect(line).toBe("postgres-1 restoring (43 % of the files); postgres-2 does not answer");
});
