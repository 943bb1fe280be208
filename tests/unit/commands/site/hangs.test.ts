/** A Docker host that takes a connection and never says a word. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { inspectStack, isHealthy } from "../../../../commands/cluster/inspect.ts";
import { readableSite } from "../../../../commands/cluster/leader.ts";
import { Docker } from "../../../../commands/docker.ts";
import { DockerControl } from "../../../../commands/site/dockerControl.ts";
import { reportOf } from "../../../../commands/site/statusText.ts";
import { dockerAddresses, topologyOf } from "../../../../commands/site/topology.ts";
import { lookAt } from "../../../../commands/site/view.ts";
import { settings } from "./twoHosts.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-hangs-"));
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * A `docker` of which site a's host hangs, and site b's answers without the time in which Node.js starts.
 *
 * @returns a limit that it keeps on a machine as busy as this one is now, in milliseconds
 */
async function beginHanging(): Promise<number> {
  const agent = { site: "b", role: "standby", epoch: 3, active: "a", streaming: false };
  const labels = { "holdfast.component": "postgres", "holdfast.instance": "1" };
  const member = {
    Name: "/lab-b-postgres-1",
    State: { Status: "running" },
    Config: { Labels: labels },
  };
  writeFileSync(join(folder, "agent.json"), JSON.stringify(agent));
  writeFileSync(join(folder, "containers.json"), JSON.stringify([member]));
  const script = [
    "#!/bin/sh",
    '[ "$DOCKER_HOST" = tcp://host-b:2375 ] || exec sleep 60',
    'case "$*" in',
    "'ps --all --quiet '*) echo lab-b-postgres-1 ;;",
    "'ps --all --format '*) printf 'lab-b-site-agent\\tsite-agent\\trunning\\n' ;;",
    `'inspect --type container '*) cat ${folder}/containers.json ;;`,
    `'exec lab-b-site-agent holdfast-site status '*) cat ${folder}/agent.json ;;`,
    "'volume ls '*) ;;",
    "*) exit 1 ;;",
    "esac",
  ];
  writeFileSync(join(folder, "docker"), `${script.join("\n")}\n`);
  chmodSync(join(folder, "docker"), 0o755);
  const start = performance.now();
  await new Docker("tcp://host-b:2375").run(["ps", "--all", "--quiet", "once"]);
  return Math.max(200, Math.ceil(20 * (performance.now() - start)));
}

// Without the limit it would be 8 s and more.
test("a host that hangs keeps nobody for longer than the limit", { timeout: 7_000 }, async () => {
  const limit = await beginHanging();
  const topology = topologyOf(settings);
  const control = new DockerControl("lab", dockerAddresses(settings, []), limit);
  const [found, view, readable] = await Promise.all([
    inspectStack(settings, limit),
    lookAt({ control }, topology),
    readableSite(settings, limit),
  ]);
  expect(found.silent).toEqual([
    `the Docker host of site a does not answer (tcp://host-a:2375): nothing within ${limit / 1000} s`,
  ]);
  expect(found.members).toMatchObject([{ site: "b", name: "postgres-1", state: "running" }]);
  expect(isHealthy(found)).toBe(false);
  expect(reportOf(view, topology).says).toContain(
    "site a: its Docker host does not answer (tcp://host-a:2375)",
  );
  expect(readable.name).toBe("b");
});

test("the limit is 15 s: two questions, one after the other, take half a minute", () => {
  expect(new Docker("tcp://host-a:2375").answerMs).toBe(15_000);
});
