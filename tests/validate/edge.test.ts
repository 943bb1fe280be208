/** The real edge before real instances that die, hang and fall sick: who still gets requests, and what becomes of them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { READY_SECONDS } from "../../components/application/rollout.ts";
import { renderEdgeHaproxyCfg } from "../../templates/edge/haproxy.cfg.ts";
import { docker, imageFor, newName, ROOT } from "./images.ts";

interface Asked {
  readonly kind: "get" | "post" | "keyed";
  readonly name: string;
  readonly begin: number;
  readonly end: number;
  readonly status: number;
  readonly by: string;
  readonly error: string;
}

interface Seen {
  readonly fault: number;
  readonly requests: readonly Asked[];
  /** By instance: lines of `<time> <method> <request's name>`. */
  readonly seen: Readonly<Record<string, readonly string[]>>;
}

/** A line of the edge's access log, as far as it is read here. */
interface Line {
  readonly time: string;
  readonly requestId: string;
  readonly server: string;
  readonly retries: number;
}

/** The promise: a faulty instance gets nothing after so long. */
const NO_TRAFFIC_SECONDS = 2;
const world = newName();
const edge = newName();
/** Loopback addresses stand for the slots; the last ones are empty, as most are. */
const SLOTS = ["127.0.1.1", "127.0.1.2", "127.0.1.3", "127.0.1.4", "127.0.1.5"];

beforeAll(async () => {
  const image = await imageFor("drill");
  const run = ["run", "--detach", "--rm", "--network"];
  const mount = ["--volume", `${join(ROOT, "tests/validate/edge")}:/world:ro`];
  await must([
    ...[...run, "none", "--name", world, ...mount, "--user", "0", "--tmpfs", "/run/world"],
    ...["--entrypoint", "sleep", image, "900"],
  ]);
  const config = renderEdgeHaproxyCfg({ addresses: SLOTS, edgeTimeoutSeconds: 12 });
  await must([
    ...["create", "--rm", "--name", edge, "--network", `container:${world}`],
    ...["--tmpfs", "/run/haproxy:rw,uid=997,gid=997", "--env", "HOLDFAST_CONFIG=/haproxy.cfg"],
    await imageFor("haproxy"),
  ]);
  const folder = mkdtempSync(join(tmpdir(), "hfval-"));
  writeFileSync(join(folder, "haproxy.cfg"), config, { mode: 0o644 });
  await must(["cp", join(folder, "haproxy.cfg"), `${edge}:/haproxy.cfg`]);
  rmSync(folder, { recursive: true });
  await must(["start", edge]);
});

afterAll(async () => {
  await docker(["rm", "--force", edge, world]);
});

test("without a fault every request is answered, by all instances, each once", async () => {
  const { requests, seen } = await under("none");
  expect(failed(requests)).toEqual([]);
  expect(new Set(requests.map(({ by }) => by)).size).toBe(3);
  expect(timesSeen(seen, requests)).toEqual([1]);
});

test.each(["killed", "all-but-one-killed"])(
  "%s: nothing fails but what a dead instance had begun and nobody may repeat",
  async (fault) => {
    const run = await under(fault);
    const { requests, seen } = run;
    expectOnlyBegunPostsLost(requests, seen);
    expect(secondsOfTraffic(fault, run)).toBeLessThan(NO_TRAFFIC_SECONDS);
    expect(Math.max(...requests.map(({ begin, end }) => end - begin))).toBeLessThan(3);
  },
);

test("hung: it gets nothing after 2 s, and what it had is repeated once it is ended", async () => {
  const run = await under("hung");
  expectOnlyBegunPostsLost(run.requests, run.seen);
  expect(secondsOfTraffic("hung", run)).toBeLessThan(NO_TRAFFIC_SECONDS);
});

test("stalled, all of them for 2 s: requests wait, and nothing fails", async () => {
  const { requests, seen, log } = await under("stalled");
  expect(log).toContain("backend again has no server available");
  expect(failed(requests)).toEqual([]);
  expect(timesSeen(seen, requests)).toEqual([1]);
  expect(Math.max(...requests.map(({ begin, end }) => end - begin))).toBeLessThan(5);
});

test("sick: it gets nothing after 2 s, and nothing fails", async () => {
  const { requests, seen, fault } = await under("sick");
  expect(failed(requests)).toEqual([]);
  expect(timesSeen(seen, requests)).toEqual([1]);
  const last = Math.max(...(seen["app-1"] ?? []).map((line) => Number(line.split(" ")[0])));
  console.log(`sick: last request after ${(last - fault).toFixed(2)} s`);
  expect(last - fault).toBeLessThan(NO_TRAFFIC_SECONDS);
});

test("rolled, two instances: with the wait that `up` keeps nothing fails, and one always serves", async () => {
  const { requests, seen, log } = await under("rolled", String(READY_SECONDS));
  expect(failed(requests)).toEqual([]);
  expect(timesSeen(seen, requests)).toEqual([1]);
  // Without what the edge says of the instances of an earlier test.
  const own = log.slice(log.indexOf(" is UP"));
  expect(own.match(/Server app\/app-[12] is DOWN/g)).toHaveLength(2);
  expect(own).not.toContain("has no server available");
});

test("reloaded under load: no request fails", async () => {
  const running = under("none");
  for (let n = 0; n < 3; n++) {
    await sleep(3500);
    await must(["kill", "--signal", "HUP", edge]);
  }
  const { requests } = await running;
  expect(failed(requests)).toEqual([]);
});

let runs = 0;

async function under(
  fault: string,
  ...more: string[]
): Promise<Seen & { lines: Line[]; log: string }> {
  const since = new Date().toISOString();
  runs += 1;
  const folder = `/run/world/${runs}`;
  await must(["exec", world, "mkdir", folder]);
  const program = ["python3", "/world/world.py", fault, folder, ...more];
  const { code, output } = await docker(["exec", world, ...program]);
  expect(code, output).toBe(0);
  const { output: log } = await docker(["logs", "--since", since, edge]);
  const lines = log.split("\n").filter((line) => line.startsWith('{"time"'));
  const parsed = lines.map((line) => JSON.parse(line) as Line);
  return { ...(JSON.parse(output) as Seen), lines: parsed, log };
}

/**
 * GET, and POST with a key, are always answered; a bare POST is lost only with the instance that had it,
 * and never done twice.
 */
function expectOnlyBegunPostsLost(requests: readonly Asked[], seen: Seen["seen"]): void {
  const lost = failed(requests);
  expect(lost.filter(({ kind, status }) => kind !== "post" || status !== 502)).toEqual([]);
  // What 7 places of each of the two faulty instances hold at most.
  expect(lost.length).toBeLessThanOrEqual(14);
  const posts = requests.filter(({ kind }) => kind === "post");
  expect(timesSeen(seen, posts).every((times) => times <= 1)).toBe(true);
}

function failed(requests: readonly Asked[]): Asked[] {
  return requests.filter(({ status }) => status !== 200);
}

/** How often requests reached an instance: each count once. */
function timesSeen(seen: Seen["seen"], requests: readonly Asked[]): number[] {
  const all = Object.values(seen).flatMap((lines) => lines.map((line) => line.split(" ")[2] ?? ""));
  const times = new Map<string, number>();
  for (const name of all) times.set(name, (times.get(name) ?? 0) + 1);
  return [...new Set(requests.map(({ name }) => times.get(name) ?? 0))];
}

/** From the fault until the last request that the edge gave to a faulty instance, or took back from one. */
function secondsOfTraffic(
  what: string,
  { lines, requests, fault }: Seen & { readonly lines: readonly Line[] },
): number {
  const faulty = what === "all-but-one-killed" ? ["app-1", "app-2"] : ["app-1"];
  const given = lines
    .filter(({ server, retries }) => faulty.includes(server) || retries > 0)
    .map(({ time }) => Date.parse(time) / 1000 - fault);
  const slow = Math.max(...requests.map(({ begin, end }) => end - begin));
  const last = Math.max(0, ...given);
  console.log(
    `${what}: last request given to it after ${last.toFixed(2)} s, ${failed(requests).length} of ` +
      `${requests.length} failed, slowest ${slow.toFixed(2)} s`,
  );
  return last;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function must(args: readonly string[]): Promise<string> {
  const { code, output } = await docker(args);
  if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${output}`);
  return output.trim();
}
