import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Docker, type DockerObject } from "../../../../commands/docker.ts";
import { takeLock } from "../../../../commands/drills/lock.ts";
import { refuseOthersStack } from "../../../../commands/drills/owner.ts";
import { writeResults } from "../../../../commands/drills/results.ts";
import { Site } from "../../../../commands/drills/site.ts";
import { Fault } from "../../../../commands/fault.ts";
import { settings } from "./fakes.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-drills-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe("two drills at once", () => {
  test("the second is refused while the first lives", () => {
    const file = join(folder, "lock");
    takeLock(file, "lab");
    expect(readFileSync(file, "utf8")).toBe(`${process.pid}\n`);
    // This very process is a live Node.js.
    expect(() => takeLock(file, "lab")).toThrow(
      `process ${process.pid} runs drills or a bench on stack lab already`,
    );
    expect(existsSync(file)).toBe(true);
  });

  test("what a killed one left, or nobody can read, is replaced", () => {
    const file = join(folder, "lock");
    for (const text of ["999999999\n", "", "1\n"]) {
      writeFileSync(file, text);
      takeLock(file, "lab");
      expect(readFileSync(file, "utf8")).toBe(`${process.pid}\n`);
    }
  });
});

describe("whose stack it is", () => {
  const container = (id: string): DockerObject => ({
    kind: "container",
    id: "c1",
    name: "holdfast-lab-a-postgres-1",
    labels: { "holdfast.stack": "lab", "holdfast.id": id },
  });
  const dockerWith = (...objects: DockerObject[]) => {
    const docker = new Docker("unix:///nowhere");
    docker.objectsOf = async () => objects;
    return docker;
  };
  const stateOf = (hex: string) => {
    vi.stubEnv("PULUMI_BACKEND_URL", `file://${folder}`);
    const stacks = join(folder, ".pulumi", "stacks", "holdfast");
    mkdirSync(stacks, { recursive: true });
    const resource = { urn: "urn:pulumi:lab::holdfast::x::stack-id", type: "x", outputs: { hex } };
    const text = JSON.stringify({ checkpoint: { latest: { resources: [resource] } } });
    writeFileSync(join(stacks, "lab.json"), text);
  };

  test("this clone's own is broken", async () => {
    stateOf("aabb");
    await expect(refuseOthersStack(dockerWith(container("aabb")), "lab")).resolves.toBeUndefined();
  });

  test("another clone's of the same name is not, nor one without any state here", async () => {
    stateOf("aabb");
    const docker = dockerWith(container("aabb"), container("ccdd"));
    await expect(refuseOthersStack(docker, "lab")).rejects.toThrow("another clone's stack lab");
    rmSync(join(folder, ".pulumi"), { recursive: true });
    await expect(refuseOthersStack(docker, "lab")).rejects.toThrow(Fault);
  });
});

test("a Docker that does not answer costs no report", async () => {
  const site = new Site(settings);
  site.boxes = () => Promise.reject(new Error("Cannot connect to the Docker daemon"));
  const about = { startedAt: "2026-11-25T09:30:00.000Z", planned: 3, ended: "broken" } as const;
  const report = await writeResults(join(folder, "new"), site, about, []);
  expect(readFileSync(report, "utf8")).toContain("0 of 3 drills ran");
  const json = JSON.parse(readFileSync(join(folder, "new", "results.json"), "utf8"));
  expect(json).toMatchObject({ ...about, passed: false, machine: { docker: "unknown" } });
});
