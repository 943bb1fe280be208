/** A whole scale-in against a Docker that writes down what it is told. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Docker } from "../../../../commands/docker.ts";
import { type Engine, readState } from "../../../../commands/engine/workspace.ts";
import type { RunResult } from "../../../../commands/exec.ts";
import { factsOf } from "../../../../commands/plan/facts.ts";
import { lookAtSites } from "../../../../commands/scaleIn/look.ts";
import { finishScaling, prepareScaling } from "../../../../commands/scaleIn/scaleIn.ts";
import type { Ready } from "../../../../commands/setup/setUp.ts";
import { parseSettings } from "../../../../settings.ts";

const PREFIX = "holdfast-dev-a-";
const done = (value: unknown = ""): RunResult => ({
  code: 0,
  stdout: typeof value === "string" ? value : JSON.stringify(value),
  stderr: "",
});

/** A host with members 1 to `count`, and volumes of those and of some that left. */
class StandIn extends Docker {
  readonly told: string[] = [];
  count = 5;
  volumes = [1, 2, 3, 4, 5];
  leader = 1;
  tagged: number[] = [];
  settles = true;

  constructor() {
    super("unix:///nowhere");
  }

  override run(args: readonly string[]): Promise<RunResult> {
    return Promise.resolve(this.answer(args));
  }

  override must(_: string, args: readonly string[]): Promise<RunResult> {
    return this.run(args);
  }

  private answer(args: readonly string[]): RunResult {
    const numbers = Array.from({ length: this.count }, (_, index) => index + 1);
    const line = args.join(" ");
    if (args[0] === "ps") return done(numbers.map((n) => `postgres-${n}`).join("\n"));
    if (line.startsWith("volume ls")) return done(this.volumes.join("\n"));
    if (line.startsWith("inspect --type volume")) return done(this.volumes.map(volumeOf));
    if (args[0] === "inspect") return done(numbers.map(containerOf));
    if (args[0] === "exec" && args[2] === "python3")
      return done({ members: numbers.map(this.member) });
    this.told.push(line.replaceAll(PREFIX, ""));
    if (line.includes(" settle ")) {
      const answer = { leader: "postgres-1", handover: null };
      return done(this.settles ? answer : { error: "not within 60 s: postgres-3 leads" });
    }
    if (line.includes(" forget ")) return done({ forgotten: ["postgres-3"] });
    return done({});
  }

  private readonly member = (n: number) => ({
    name: `postgres-${n}`,
    role: n === this.leader ? "leader" : "quorum_standby",
    state: n === this.leader ? "running" : "streaming",
    timeline: 1,
    ...(this.tagged.includes(n) ? { tags: { nofailover: true, nosync: true } } : {}),
  });
}

function containerOf(n: number) {
  const labels = { "holdfast.component": "postgres", "holdfast.instance": String(n) };
  return {
    Name: `/${PREFIX}postgres-${n}`,
    State: { Status: "running", Health: { Status: "healthy" } },
    Config: { Labels: labels },
  };
}

function volumeOf(n: number) {
  const labels = { "holdfast.id": "cafe", "holdfast.site": "a", "holdfast.component": "postgres" };
  return {
    Name: `${PREFIX}postgres-${n}-data`,
    Labels: { ...labels, "holdfast.instance": String(n) },
  };
}

let folder = "";
let docker: StandIn;
let engine: Engine;

/** The members that the state knows, with protected volumes. */
function writeState(...members: number[]): void {
  const resources = members.flatMap((n) => [
    {
      urn: `urn::docker:index/volume:Volume::a-postgres-${n}-data`,
      type: "docker:index/volume:Volume",
      id: `${PREFIX}postgres-${n}-data`,
      protect: true,
    },
    {
      urn: `urn::docker:index/container:Container::a-postgres-${n}`,
      type: "docker:index/container:Container",
    },
  ]);
  const id = {
    urn: "urn::stack-id",
    type: "random:index/randomId:RandomId",
    outputs: { hex: "cafe" },
  };
  const file = join(folder, ".pulumi/stacks/holdfast/dev.json");
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(
    file,
    JSON.stringify({ checkpoint: { latest: { resources: [id, ...resources] } } }),
  );
}

const ready = (replicas: number): Ready => {
  const config = { database: { replicas } };
  const settings = parseSettings({ stack: "dev", project: "holdfast", config });
  const stack = { name: "dev", project: "holdfast", config, record: {}, settings };
  return { stack, enginePath: [], hosts: { h1: docker } };
};

/** As `up` does it: the gate looks, then what it saw is prepared. */
async function prepare(replicas: number, ...accepted: string[]): Promise<ReadonlySet<string>> {
  const wanted = ready(replicas);
  const sites = await lookAtSites(wanted, await readState(engine));
  return prepareScaling(wanted, engine, sites, accepted);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-scale-in-"));
  vi.stubEnv("PULUMI_BACKEND_URL", `file://${folder}`);
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  docker = new StandIn();
  engine = { name: "dev", env: {}, stack: null as never };
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

describe("before Pulumi", () => {
  it("tells those that leave, and settles in one that stays", async () => {
    writeState(1, 2, 3, 4, 5);
    await prepare(1);
    const leaving = ["postgres-3", "postgres-4", "postgres-5"];
    const settled = docker.told.findIndex((line) => line.includes("settle"));
    expect(docker.told[settled]).toBe(
      "exec postgres-1 holdfast-scale-in --json settle --leaving postgres-3,postgres-4,postgres-5",
    );
    expect(docker.told.slice(0, settled).sort()).toEqual(
      leaving
        .flatMap((name) => [
          `exec ${name} holdfast-scale-in --json leave`,
          `kill --signal HUP ${name}`,
        ])
        .sort(),
    );
    expect(docker.told).toHaveLength(settled + 1);
  });

  it("settles in a member that stays also when the leader leaves", async () => {
    writeState(1, 2, 3, 4, 5);
    docker.leader = 5;
    await prepare(2);
    const order = docker.told.find((line) => line.includes("settle"));
    expect(order).toBe(
      "exec postgres-1 holdfast-scale-in --json settle --leaving postgres-4,postgres-5",
    );
  });

  it("says to the tool that a leader may be alone when that was accepted, and only then", async () => {
    writeState(1, 2, 3, 4, 5);
    await prepare(1, "below-quorum");
    expect(docker.told.find((line) => line.includes("settle"))).toMatch(/ --alone$/);
  });

  it("takes everything back when they cannot be spared", async () => {
    writeState(1, 2, 3);
    docker.count = 3;
    docker.settles = false;
    await expect(prepare(1)).rejects.toThrow(/nobody left.*postgres-3 leads/);
    expect(docker.told.slice(-2)).toEqual([
      "exec postgres-3 holdfast-scale-in --json stay",
      "kill --signal HUP postgres-3",
    ]);
  });

  it("a Docker that has nothing of the stack is no objection in a review, and one for up", async () => {
    writeState(1, 2, 3);
    docker.count = 0;
    docker.volumes = [];
    const wanted = ready(1);
    const sites = await lookAtSites(wanted, await readState(engine));
    const [review, up] = [true, false].map((one) => factsOf(wanted.stack, sites, one).scaling);
    expect(review?.risks).toEqual([]);
    expect(review?.notes).toEqual([
      "site a cannot be asked from here whether postgres-3 may leave: up asks",
    ]);
    expect(up?.risks.map(({ name }) => name)).toEqual(["nobody-leads"]);
    // After a down its volumes are here: so it is the place, and nobody leads.
    docker.volumes = [1, 2, 3];
    const down = await lookAtSites(wanted, await readState(engine));
    expect(factsOf(wanted.stack, down, true).scaling?.risks).toHaveLength(1);
  });

  it("what the gate sees: who leads, and what that says against the change", async () => {
    writeState(1, 2, 3, 4, 5);
    docker.leader = 4;
    const wanted = ready(1);
    const facts = factsOf(wanted.stack, await lookAtSites(wanted, await readState(engine)), false);
    expect(facts.leaders).toEqual({ a: 4 });
    expect(facts.scaling).toEqual({ risks: [], notes: [] });
  });

  it("leaves out a member that is dead already", async () => {
    writeState(1, 2, 3, 4);
    docker.count = 3;
    await prepare(1);
    expect(docker.told.filter((line) => line.endsWith(" leave"))).toEqual([
      "exec postgres-3 holdfast-scale-in --json leave",
    ]);
  });

  it("lets those stay that an earlier run had told to leave", async () => {
    writeState(1, 2, 3, 4, 5);
    docker.tagged = [4, 5];
    await prepare(3);
    expect(docker.told.slice(0, 2)).toEqual([
      "exec postgres-4 holdfast-scale-in --json stay",
      "kill --signal HUP postgres-4",
    ]);
    expect(docker.told.filter((line) => line.endsWith(" leave"))).toEqual([
      "exec postgres-5 holdfast-scale-in --json leave",
    ]);
  });

  it("marks what members left before new ones come upon it", async () => {
    writeState(1, 2);
    docker.count = 2;
    docker.volumes = [1, 2, 3];
    await prepare(2);
    expect(docker.told).toHaveLength(1);
    expect(docker.told[0]).toMatch(
      /^run --rm --network none .*postgres-3-data:\/left\/postgres-3 /,
    );
    expect(docker.told[0]).not.toContain("postgres-2-data");
  });

  it("does nothing when the number stays, grows, or begins", async () => {
    writeState(1, 2, 3, 4, 5);
    await prepare(4);
    await prepare(7);
    writeState();
    await prepare(1);
    expect(docker.told).toEqual([]);
  });
});

describe("after Pulumi", () => {
  it("drops what is left of those that left, also of an earlier run", async () => {
    writeState(1, 2);
    docker.count = 2;
    await finishScaling(ready(1), engine, new Set());
    expect(docker.told[0]).toMatch(/^run .*postgres-3-data.*postgres-4-data.*postgres-5-data/);
    expect(docker.told.slice(1)).toEqual([
      "exec postgres-1 holdfast-scale-in --json forget --staying postgres-1,postgres-2",
    ]);
  });

  it("marks only what was not there before", async () => {
    writeState(1, 2);
    docker.count = 2;
    docker.volumes = [1, 2, 3];
    const before = await prepare(1);
    docker.volumes = [1, 2, 3, 4];
    await finishScaling(ready(1), engine, before);
    const marked = docker.told.filter((line) => line.startsWith("run "));
    expect(marked.map((line) => line.match(/postgres-\d-data/g))).toEqual([
      ["postgres-3-data"],
      ["postgres-4-data"],
    ]);
  });

  it("has nothing to do where nobody left", async () => {
    writeState(1, 2, 3, 4, 5);
    await finishScaling(ready(4), engine, new Set());
    expect(docker.told).toEqual([]);
  });
});
