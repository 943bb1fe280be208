/**
 * `database.replicas` 2 → 4 → 1 → 2 under the drills' load, every write in the ledger. The steps build
 * on each other and run in order.
 */
import { afterAll, describe, expect, it } from "vitest";
import { type Account, startLedger } from "./ledger.ts";
import { eventually, LiveStack, must, run, runInSteps } from "./stack.ts";

const stack = new LiveStack();
let endLoad: (() => Promise<Account>) | undefined;
runInSteps(stack);
// Before the stack goes; a load that a failed step left would wait for its input's end for ever.
afterAll(async () => {
  await endLoad?.().catch(() => undefined);
});

const named = (...numbers: number[]) => numbers.map((n) => `postgres-${n}`);
const volume = (n: number) => stack.container(`postgres-${n}-data`);

async function setReplicas(number: number): Promise<void> {
  const set = `pulumi config set --path database.replicas ${number}`;
  const { code, stderr } = await stack.pulumi(set);
  expect(code, stderr).toBe(0);
}

/** Until exactly these members are there, one leads, and the others stream in sync. */
async function whole(...numbers: number[]): Promise<void> {
  await eventually(`${numbers.length} members`, 120, async () => {
    const members = await stack.members();
    const roles = members.map(({ role }) => role).sort();
    const standbys = Array(numbers.length - 1).fill("quorum_standby");
    expect(members.map(({ name }) => name)).toEqual(named(...numbers));
    expect(roles).toEqual(["leader", ...standbys]);
    return true;
  });
}

/** Containers but those of members that come and go: id and start, as stack.settled() has them. */
async function others(): Promise<Record<string, string>> {
  const all = Object.entries(await stack.settled());
  return Object.fromEntries(all.filter(([alias]) => !named(3, 4, 5).includes(alias)));
}

/** What Prometheus scrapes of PostgreSQL: by instance, each twice, for it and for its Patroni. */
async function targets(): Promise<string[]> {
  const { prometheusUrl } = await stack.json<Record<string, string>>("outputs");
  const answer = await fetch(`${prometheusUrl}/api/v1/targets?state=active`);
  const { data } = (await answer.json()) as {
    data: { activeTargets: { labels: { job: string; instance: string } }[] };
  };
  return data.activeTargets
    .filter(({ labels }) => ["postgres", "patroni"].includes(labels.job))
    .map(({ labels }) => labels.instance)
    .sort();
}

/** Nothing names anybody else: slots, and all that Patroni keeps in etcd. */
async function noTraceBut(...numbers: number[]): Promise<void> {
  const [speaker = ""] = named(...numbers);
  const order = ["holdfast-scale-in", "remains", "--staying", named(...numbers).join(",")];
  await must("docker", ["exec", stack.container(speaker), ...order]);
  const own =
    "SELECT slot_name FROM pg_replication_slots WHERE slot_name ~ '^postgres_' ORDER BY 1";
  // A new member keeps spare slots for the others a few of Patroni's loops later.
  await eventually("each keeps a slot for each other one, and no more", 60, async () => {
    for (const member of named(...numbers)) {
      const slots = (await stack.sql(member, own)).split("\n").filter(Boolean);
      const peers = named(...numbers).filter((name) => name !== member);
      expect(slots, member).toEqual(peers.map((name) => name.replace("-", "_")));
    }
    return true;
  });
  await eventually("Prometheus knows the members", 60, async () => {
    const twice = named(...numbers).flatMap((name) => [name, name]);
    expect(await targets()).toEqual(twice);
    return true;
  });
}

/** The volumes that members left, as both commands tell. */
async function orphans(): Promise<string[]> {
  type Told = { orphans: { volume: string; member: string }[] };
  const told = await stack.json<Told>("volumes");
  const { stdout } = await stack.try("status", "--json");
  expect((JSON.parse(stdout) as Told).orphans).toEqual(told.orphans);
  return told.orphans.map((orphan) => orphan.volume);
}

/** Runs a line of shell on a volume, as root. */
async function onVolume(name: string, line: string): Promise<string> {
  const image = await must("docker", [
    ...["inspect", "-f", "{{.Config.Image}}", stack.container("postgres-1")],
  ]);
  const mount = ["--volume", `${name}:/volume`, "--entrypoint", "sh", "--user", "0"];
  return must("docker", ["run", "--rm", ...mount, image.trim(), "-euc", line]);
}

describe("the number of replicas, under load", () => {
  let untouched: Record<string, string> = {};

  it("comes up with two", async () => {
    await stack.holdfast("up");
    await whole(1, 2, 3);
    untouched = await others();
    endLoad = await startLedger(stack);
  });

  it("grows to four, and nothing else is touched", async () => {
    await setReplicas(4);
    await stack.holdfast("up");
    await whole(1, 2, 3, 4, 5);
    await noTraceBut(1, 2, 3, 4, 5);
    expect(await others()).toEqual(untouched);
    expect(await orphans()).toEqual([]);
  });

  it("is not lowered by a plain pulumi up, which touches nothing", async () => {
    await stack.holdfast("switchover", "--to", "postgres-4");
    await setReplicas(1);
    const before = await stack.settled();
    const { code, stdout, stderr } = await stack.pulumi("pulumi up --yes --non-interactive");
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain("cannot be deleted");
    expect(await stack.settled()).toEqual(before);
    await whole(1, 2, 3, 4, 5);
  });

  it("is lowered to one, the leader among those that leave, and an up that is killed goes on", async () => {
    const names = () => must("docker", ["ps", "--all", "--format", "{{.Names}}"]);
    const gone = async () => !(await names()).split("\n").includes(stack.container("postgres-5"));
    await stack.killEngineDuringUp(gone);
    const text = await stack.holdfast("up");
    expect(text).toContain("appUrl");
    await whole(1, 2);
    await noTraceBut(1, 2);
    expect(await others()).toEqual(untouched);
    expect(await orphans()).toEqual([volume(3), volume(4), volume(5)]);
    // Who left did so with all that it had.
    const files = await onVolume(volume(5), "ls /volume/17/main/PG_VERSION /volume/left.json");
    expect(files.trim().split("\n")).toHaveLength(2);
    await stack.holdfast("preview", "--expect-no-changes");
  }, 900_000);

  it("grows again: a new member on what an earlier one left starts empty", async () => {
    await onVolume(volume(3), "touch /volume/17/main/canary /volume/canary");
    await setReplicas(2);
    const up = await stack.try("up");
    expect(up.code, up.stderr).toBe(0);
    expect(up.stderr).toContain(`what an earlier one left on ${volume(3)} is removed first`);
    await whole(1, 2, 3);
    await noTraceBut(1, 2, 3);
    expect(await onVolume(volume(3), "find /volume -name canary -o -name left.json")).toBe("");
    const { stdout, stderr } = await run("docker", ["logs", stack.container("postgres-3")]);
    expect(stdout + stderr).toContain("is removed: starting empty");
    expect(stdout + stderr).not.toContain("Traceback");
    expect(await others()).toEqual(untouched);
    expect(await orphans()).toEqual([volume(4), volume(5)]);
  });

  it("failed no write, and every member has every one", async () => {
    const account = await endLoad?.();
    endLoad = undefined;
    console.log(`2 → 4 → 1 → 2: ${JSON.stringify(account)}`);
    expect(account?.acknowledged).toBeGreaterThan(0);
    expect(account).toMatchObject({ rejected: 0, unknown: 0, failedReads: 0, errors: [] });
    expect(account?.verdicts.map(({ wrong }) => wrong)).toEqual([0, 0, 0]);
  });

  it("is not lowered when the leader would be alone, unless somebody takes that risk", async () => {
    await stack.holdfast("switchover", "--to", "postgres-1").catch(() => undefined);
    expect(await stack.leader()).toBe("postgres-1");
    await whole(1, 2, 3);
    await must("docker", ["stop", stack.container("postgres-2")]);
    try {
      await setReplicas(1);
      const refused = await stack.try("up");
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toContain("without a synchronous replica: postgres-2 is exited");
      expect(refused.stderr).toContain("--accept-risk below-quorum");
      expect(Object.keys(await stack.containers())).toContain("postgres-3");
    } finally {
      await setReplicas(2);
      await must("docker", ["start", stack.container("postgres-2")]);
    }
    await whole(1, 2, 3);
  });

  it("drops what members left only when that risk is named", async () => {
    const refused = await stack.try("volumes", "--drop-orphans");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("--accept-risk drop-orphan-volumes");
    expect(await orphans()).toEqual([volume(4), volume(5)]);
    await stack.holdfast("volumes", "--drop-orphans", "--accept-risk", "drop-orphan-volumes");
    expect(await orphans()).toEqual([]);
    const left = await stack.leftovers();
    expect(left.filter((name) => /postgres-\d+-data$/.test(name))).toEqual([1, 2, 3].map(volume));
    await stack.holdfast("preview", "--expect-no-changes");
  });

  it("takes what members left away with everything else", async () => {
    await setReplicas(1);
    await stack.holdfast("up");
    expect(await orphans()).toEqual([volume(3)]);
    await stack.holdfast("down");
    expect(await stack.leftovers()).toContain(volume(3));
    await stack.holdfast("down", "--data");
    expect(await stack.leftovers()).toEqual([]);
  });
});
