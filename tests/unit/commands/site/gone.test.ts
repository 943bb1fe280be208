/** A data centre whose Docker host takes no more connections: what asks all of them ends, and shows the rest. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { inspectStack } from "../../../../commands/cluster/inspect.ts";
import { activeSite, readableSite } from "../../../../commands/cluster/leader.ts";
import { lookAtSite } from "../../../../commands/cluster/look.ts";
import { Docker, HostSilent } from "../../../../commands/docker.ts";
import type { State } from "../../../../commands/engine/state.ts";
import { lookAtSites } from "../../../../commands/scaleIn/look.ts";
import { setUpDocker } from "../../../../commands/setup/docker.ts";
import { withoutHost } from "../../../../commands/setup/setUp.ts";
import { settingsWith } from "../../tree/mocks.ts";
import type { FakeSite, FakeWorld } from "./fakeDocker.ts";
import { settings } from "./twoHosts.ts";

const PATH = process.env.PATH;
let folder = "";
let said = "";

function site(name: string, change: Partial<FakeSite> = {}): FakeSite {
  const names = ["postgres-1", "site-agent", "backup", "edge"];
  return {
    host: `tcp://host-${name}:2375`,
    up: true,
    containers: Object.fromEntries(names.map((alias) => [`lab-${name}-${alias}`, "running"])),
    volumes: [`lab-${name}-postgres-1-data`, `lab-${name}-postgres-4-data`],
    agent: { site: name, role: "standby", epoch: 3, active: "a", streaming: false },
    ...change,
  };
}

function begin(world: FakeWorld): void {
  writeFileSync(join(folder, "world.json"), JSON.stringify(world));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-gone-"));
  const program = join(import.meta.dirname, "fakeDocker.ts");
  writeFileSync(join(folder, "docker"), `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`);
  chmodSync(join(folder, "docker"), 0o755);
  process.env.PATH = `${folder}:${PATH}`;
  process.env.FAKE_DOCKER_WORLD = join(folder, "world.json");
  said = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += String(text);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  process.env.PATH = PATH;
  process.env.FAKE_DOCKER_WORLD = undefined;
  rmSync(folder, { recursive: true, force: true });
});

test("status shows the services of the site that is there, and what members left", async () => {
  begin({ a: site("a", { up: false }), b: site("b") });
  const found = await inspectStack(settings);
  expect(found.services.map(({ site, name }) => `${site} ${name}`)).toEqual([
    "b backup",
    "b edge",
    "b site-agent",
  ]);
  expect(found.orphans).toEqual([
    { volume: "lab-b-postgres-4-data", site: "b", member: "postgres-4" },
  ]);
});

test("a host that lists its containers and no volumes is shown with what it has, and with what it says", async () => {
  const { volumes: _, ...without } = site("b");
  begin({ b: without });
  const found = await lookAtSite(settings, "b");
  expect(found.silent).toBe(
    "the Docker host tcp://host-b:2375 does not list volumes: no volumes here",
  );
  expect(found.members).toMatchObject([{ name: "postgres-1", state: "running" }]);
  expect(found.orphans).toEqual([]);
});

test("backups are read where they can be, and what is missing is said", async () => {
  begin({ a: site("a", { up: false }), b: site("b") });
  expect(await readableSite(settings)).toMatchObject({
    name: "b",
    docker: { host: "tcp://host-b:2375" },
  });
  expect(said).toContain("site a: its Docker host does not answer (tcp://host-a:2375)");
  expect(said).toContain("no site says that it takes writes; this is what site b has");
  expect(said).toContain("./holdfast site status --stack lab");
  // After a failover nothing but the host is missing.
  const agent = { site: "b", role: "active", epoch: 5, active: "b" };
  begin({ a: site("a", { up: false }), b: site("b", { agent }) });
  said = "";
  expect((await readableSite(settings)).name).toBe("b");
  expect(said).toContain("tcp://host-a:2375");
  expect(said).not.toContain("no site says");
  begin({ a: site("a", { up: false }), b: site("b", { up: false }) });
  await expect(readableSite(settings)).rejects.toThrow("no Docker host of stack lab answers");
});

test("what changes something ends, and says which host and what to type", async () => {
  begin({ a: site("a", { up: false }), b: site("b") });
  const error = await activeSite(settings).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HostSilent);
  expect((error as HostSilent).message).toBe(
    "the Docker host of site a does not answer (tcp://host-a:2375): Cannot connect to the Docker daemon",
  );
  expect((error as HostSilent).advice.join("\n")).toContain("./holdfast site status --stack lab");
});

test("a site that is silent and followed is not mistaken for the one that follows it", async () => {
  const agent = { site: "a", role: "standby", epoch: 5, active: "b", streaming: false };
  begin({ a: site("a", { agent }), b: site("b", { up: false }) });
  await expect(activeSite(settings)).rejects.toThrow("the Docker host of site b does not answer");
  // Two that do not agree: the first one, as where nobody knows.
  const other = { site: "b", role: "standby", epoch: 4, active: "a", streaming: false };
  begin({ a: site("a", { agent }), b: site("b", { agent: other }) });
  expect((await activeSite(settings)).name).toBe("a");
});

test.each([
  {
    what: "lists nothing",
    change: { up: false },
    why: "the Docker host of site b does not answer",
  },
  { what: "lists no volumes", change: { volumes: undefined }, why: "does not list volumes" },
])("a host that $what is not planned for as one that has nothing", async ({ change, why }) => {
  begin({ a: site("a"), b: site("b", change) });
  const members = ["a-postgres-1", "b-postgres-1"].map((name) => ({
    urn: `urn::docker:index/container:Container::${name}`,
    type: "docker:index/container:Container",
  }));
  const hosts = Object.fromEntries(
    Object.entries(settings.hosts).map(([name, { docker }]) => [name, new Docker(docker)]),
  );
  const stack = { name: "lab", project: "holdfast", config: {}, record: {}, settings };
  const state = { pendingOperations: 0, resources: members } as unknown as State;
  const error = await lookAtSites({ stack, enginePath: [], hosts }, state).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HostSilent);
  expect((error as HostSilent).message).toContain(why);
  expect((error as HostSilent).message).toContain("tcp://host-b:2375");
  expect((error as HostSilent).advice).toEqual([
    "look at: DOCKER_HOST=tcp://host-b:2375 docker info",
    "which site takes writes, and what helps: ./holdfast site status --stack lab",
  ]);
});

test("up and preview name the host, and what helps without it", async () => {
  begin({ a: site("a", { up: false }), b: site("b") });
  const wish = { name: "h1", address: "tcp://host-a:2375", configured: true };
  const advice = withoutHost(settings, "h1");
  const error = await setUpDocker(wish, advice).catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    message: expect.stringContaining("tcp://host-a:2375, which is host h1 (hosts.h1.docker)"),
    advice: [
      "look at: DOCKER_HOST=tcp://host-a:2375 docker info",
      "which site takes writes, and what helps: ./holdfast site status --stack lab",
      "if site a is lost: ./holdfast site failover --to b --stack lab",
      expect.stringContaining("--path hosts.h1.docker"),
    ],
  });
  // Of one site there is nothing else to go on with.
  expect(withoutHost(settingsWith({}, "lab"), "h1")).toEqual([]);
});
