/** The commands through a `docker` on PATH and agents that speak the contract. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { activate } from "../../../../commands/site/activate.ts";
import { failback } from "../../../../commands/site/failback.ts";
import { failover } from "../../../../commands/site/failover.ts";
import { realPorts } from "../../../../commands/site/ports.ts";
import { reportOf, statusText } from "../../../../commands/site/statusText.ts";
import { switchover } from "../../../../commands/site/switchover.ts";
import type { SitePorts, Topology } from "../../../../commands/site/types.ts";
import { lookAt } from "../../../../commands/site/view.ts";
import { parseSettings } from "../../../../settings.ts";
import type { FakeSite, FakeWorld } from "./fakeDocker.ts";

const settings = parseSettings({ stack: "lab", project: "holdfast", config: {} });
const topology: Topology = {
  stack: "lab",
  sites: ["a", "b"],
  witness: false,
  automatic: false,
  seedSeconds: 5,
};
const PATH = process.env.PATH;
let folder = "";
let file = "";
let ports: SitePorts;
let said: string[] = [];

function site(name: "a" | "b", change: Partial<FakeSite> = {}): FakeSite {
  const isActive = name === "a";
  const names = ["etcd-1", "postgres-1", "site-agent", "pooler-1", "edge"];
  return {
    host: `tcp://host-${name}:2375`,
    up: true,
    containers: Object.fromEntries(names.map((alias) => [`lab-${name}-${alias}`, "running"])),
    agent: {
      site: name,
      role: isActive ? "active" : "standby",
      epoch: 3,
      active: "a",
      leader: "postgres-1",
      timeline: 2,
      lsn: "0/3000148",
      streaming: !isActive,
      lagBytes: isActive ? null : 0,
      lagSeconds: isActive ? null : 12.4,
      witness: null,
      replicas: 1,
    },
    ...change,
  };
}

function begin(world: FakeWorld): void {
  writeFileSync(file, JSON.stringify(world));
}

function now(): FakeWorld {
  return JSON.parse(readFileSync(file, "utf8")) as FakeWorld;
}

function verbs(): string[] {
  const lines = readFileSync(`${file}.log`, "utf8").split("\n");
  return lines.flatMap((line) => {
    const [, name, words] = /^exec lab-(.)-site-agent holdfast-site (.*) --json$/.exec(line) ?? [];
    return words === undefined || words === "status" ? [] : [`${name}: ${words}`];
  });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-fake-"));
  file = join(folder, "world.json");
  const program = join(import.meta.dirname, "fakeDocker.ts");
  writeFileSync(join(folder, "docker"), `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`);
  chmodSync(join(folder, "docker"), 0o755);
  process.env.PATH = `${folder}:${PATH}`;
  process.env.FAKE_DOCKER_WORLD = file;
  said = [];
  const addresses = { a: "tcp://host-a:2375", b: "tcp://host-b:2375" };
  ports = { ...realPorts(settings, { addresses, yes: true }), say: (text) => said.push(text) };
});

afterEach(() => {
  process.env.PATH = PATH;
  process.env.FAKE_DOCKER_WORLD = undefined;
  rmSync(folder, { recursive: true, force: true });
});

test("status: both sites, what is wrong, what to type", async () => {
  begin({ a: site("a"), b: site("b") });
  const well = await lookAt(ports, topology);
  expect(reportOf(well, topology)).toMatchObject({ healthy: true, active: "a", next: null });
  expect(statusText(well, topology)).toMatchInlineSnapshot(`
    "  site  role     epoch  leader      timeline  at         replicas  behind
      a     active   3      postgres-1  2         0/3000148  1         -
      b     standby  3      postgres-1  2         0/3000148  1         0 B, 12 s

      site a takes writes, the other one streams from it"
  `);
  begin({ a: site("a", { up: false }), b: site("b") });
  const lost = reportOf(await lookAt(ports, topology), topology);
  expect(lost).toMatchObject({ healthy: false, active: null });
  expect(lost.next).toBe("./holdfast site failover --to b --stack lab");
  expect(lost.says).toContain("site a: its Docker host does not answer (tcp://host-a:2375)");
});

test("switchover: drain, promotion at the token, the old site follows", async () => {
  begin({ a: site("a"), b: site("b") });
  const done = await switchover(ports, topology, "b");
  expect(verbs()).toEqual([
    "a: drain --epoch 4",
    "b: promote --epoch 5 --at 0/3000148",
    "a: demote --epoch 5 --follow b",
  ]);
  expect(done).toMatchObject({ active: "b", epoch: 5, token: "0/3000148", follows: "rewind" });
  // Repeating it changes nothing.
  expect(await switchover(ports, topology, "b")).toMatchObject({ active: "b", epoch: 5 });
});

describe("failover", () => {
  test("says what may be lost, and stops a site whose agent is gone over its Docker host", async () => {
    const a = site("a");
    begin({
      a: { ...a, containers: { ...a.containers, "lab-a-site-agent": "exited" } },
      b: site("b"),
    });
    const done = await failover(ports, topology, { to: "b", siteIsOff: undefined });
    expect(done).toMatchObject({
      active: "b",
      cleared: "stopped",
      loss: { seconds: 12.4, bytes: 0 },
    });
    expect(said.join("\n")).toContain("what site a took in the last 12 s");
    expect(now().a?.containers).toMatchObject({
      "lab-a-postgres-1": "exited",
      "lab-a-pooler-1": "exited",
      "lab-a-etcd-1": "running",
    });
  });

  test("takes no stop for one that Docker did not do", async () => {
    const a = site("a", { stubborn: true });
    begin({
      a: { ...a, containers: { ...a.containers, "lab-a-site-agent": "exited" } },
      b: site("b"),
    });
    await expect(failover(ports, topology, { to: "b", siteIsOff: undefined })).rejects.toThrow(
      "not stopped: lab-a-postgres-1",
    );
    expect(now().b?.agent.role).toBe("standby");
  });

  test("of a silent site wants a person's word, and says how it is given", async () => {
    begin({ a: site("a", { up: false }), b: site("b") });
    const refused = failover(ports, topology, { to: "b", siteIsOff: undefined });
    await expect(refused).rejects.toMatchObject({
      message: expect.stringContaining("site a can be neither reached nor stopped"),
      advice: expect.arrayContaining([
        "./holdfast site failover --to b --site-is-off a --stack lab",
      ]),
    });
    expect(verbs()).toEqual([]);
    const done = await failover(ports, topology, { to: "b", siteIsOff: "a" });
    expect(done).toMatchObject({ active: "b", cleared: "said" });
  });

  test("refuses a word about the wrong site", async () => {
    begin({ a: site("a"), b: site("b") });
    await expect(failover(ports, topology, { to: "b", siteIsOff: "b" })).rejects.toThrow(
      "a failover to site b asks about site a",
    );
    await expect(failover(ports, topology, { to: "c", siteIsOff: undefined })).rejects.toThrow(
      'no site "c"',
    );
  });
});

test("failback: what a failover stopped is started, follows, and is active again", async () => {
  const a = site("a");
  const off = Object.keys(a.containers).map((name) => [name, "exited"]);
  begin({
    a: { ...a, containers: Object.fromEntries(off), agent: { ...a.agent, role: "unconfirmed" } },
    b: site("b", { agent: { ...site("b").agent, role: "active", active: "b", epoch: 4 } }),
  });
  const done = await failback(ports, topology, { to: undefined, rejoinOnly: false });
  expect(done).toMatchObject({ active: "a", rejoined: "a", method: "rewind" });
  expect(verbs()).toEqual([
    "a: demote --epoch 4 --follow b",
    "b: drain --epoch 5",
    "a: promote --epoch 6 --at 0/3000148",
    "b: demote --epoch 6 --follow a",
  ]);
});

test("activate: the other one follows first; never beside an active one", async () => {
  const cold = { ...site("a").agent, role: "unconfirmed" };
  begin({ a: site("a", { agent: cold }), b: site("b") });
  const done = await activate(ports, topology, { site: undefined, siteIsOff: undefined });
  expect(done).toMatchObject({ active: "a", epoch: 6, cleared: "demoted" });
  expect(verbs()).toEqual(["b: demote --epoch 5 --follow a", "a: activate --epoch 6"]);
  const active = { ...site("b").agent, role: "active", active: "b", epoch: 4 };
  begin({ a: site("a", { agent: cold }), b: site("b", { agent: active }) });
  await expect(
    activate(ports, topology, { site: "a", siteIsOff: undefined }),
  ).rejects.toMatchObject({
    message: "site b is active in epoch 4, site a knows epoch 3",
    advice: ["it becomes a standby: ./holdfast site failback --stack lab"],
  });
});
