import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Docker } from "../../../../commands/docker.ts";
import { chosen, DRILLS } from "../../../../commands/drills/catalogue.ts";
import {
  pendingSteps,
  undoBy,
  undoLeft,
} from "../../../../commands/drills/faults/backup/journal.ts";
import { backups } from "../../../../commands/drills/faults/backup.ts";
import { limitsOf } from "../../../../commands/drills/limits.ts";
import { runDrill } from "../../../../commands/drills/run.ts";
import type { Scene } from "../../../../commands/drills/scene.ts";
import { parseSettings } from "../../../../settings.ts";
import { allBoxes, box, FakeStage, look, settings } from "./fakes.ts";

const at = vi.hoisted(() => ({ root: "" }));
vi.mock("../../../../commands/paths.ts", async (original) => ({
  ...(await original<object>()),
  privatePath: (...parts: string[]) => join(at.root, parts.join("-")),
}));

beforeEach(() => {
  at.root = mkdtempSync(join(tmpdir(), "holdfast-journal-"));
});
afterEach(() => rmSync(at.root, { recursive: true, force: true }));

const never = new AbortController().signal;
const builtin = parseSettings({
  stack: "lab",
  project: "holdfast",
  config: { backup: { cloud: { provider: "builtin" } } },
});

/** A Docker that answers by the first rule that fits, else with nothing, and writes down its orders. */
function fakeDocker(rules: readonly (readonly [RegExp, () => string])[], fails = /^$/) {
  const docker = new Docker("unix:///nowhere");
  const log: string[] = [];
  docker.run = async (args) => {
    const line = args.join(" ").replaceAll(/\s+/g, " ");
    log.push(line);
    const [, answer] = rules.find(([what]) => what.test(line)) ?? [];
    const code = fails.test(line) ? 1 : 0;
    return { code, stdout: answer?.() ?? "", stderr: code === 0 ? "" : "it does not work" };
  };
  docker.must = async (what, args, options) => {
    const result = await docker.run(args, options);
    if (result.code !== 0) {
      throw new Error(what);
    }
    return result;
  };
  return { docker, log };
}

const NOW = 1_800_000_000;
const up = { up: true, cause: "", error: "", recoverableTo: NOW, holes: [] };
const away = { ...up, up: false, cause: "unreachable", error: "503", recoverableTo: NOW - 90 };
const archive = (cloud: object) =>
  `${NOW}\n${JSON.stringify({
    ...{ at: NOW, repositories: { local: up, cloud } },
    ...{ backlog: { segments: 0, ageSeconds: 0 }, queues: {} },
  })}`;

/** A stage with S3 and a backup container, whose fault shows while `broken` says so. */
function stageOf(broken: (log: readonly string[]) => boolean, fails?: RegExp) {
  const boxes = [...allBoxes(), box("s3"), box("restore-drill")];
  const { docker, log } = fakeDocker(
    [
      [/archive\.json/, () => archive(broken(log) ? away : up)],
      [/date \+%s/, () => `${NOW}\n`],
      [/^cp .*-$/, () => "a tar archive"],
    ],
    fails,
  );
  const stage = Object.assign(new FakeStage(), { docker, settings: builtin });
  stage.looks = () => look(boxes);
  stage.alerts = async () =>
    broken(log)
      ? [{ name: "RepositoryFault", labels: { repository: "cloud", cause: "unreachable" } }]
      : [];
  return { stage, log };
}

const drillOf = (name: string) => {
  const drill = DRILLS.find((one) => one.name === name);
  if (!drill) throw new Error(name);
  return drill;
};

const changes = (log: readonly string[]) =>
  log.filter((line) => !/archive\.json|date \+/.test(line));

describe("S3 that answers 503", () => {
  const isBroken = (log: readonly string[]) =>
    log.findLastIndex((line) => line.startsWith("start ")) >
    log.findLastIndex((line) => line.startsWith("network connect"));

  test("is replaced by a stand-in of its address, and comes back when the alert has fired", async () => {
    const { stage, log } = stageOf(isBroken);
    const result = await runDrill(drillOf("s3-unavailable"), stage, never);
    expect(result.error).toBeUndefined();
    expect(result.passed).toBe(true);
    expect(result.alertSeconds).toBe(0);
    expect(result.wholeAgainSeconds).toBeLessThan(1);
    const done = changes(log).map((line) => line.split(" ").slice(0, 2).join(" "));
    expect(done).toEqual([
      "create --name",
      ...["cp holdfast-lab-a-s3:/etc/holdfast/secrets/tls.crt", "cp -"],
      ...["cp holdfast-lab-a-s3:/etc/holdfast/secrets/tls.key", "cp -"],
      "network disconnect",
      "start holdfast-lab-a-s3-stand-in",
      "rm --force",
      "network connect",
    ]);
    expect(log.find((line) => line.startsWith("create"))).toMatch(
      /--network holdfast-lab-a-network --ip 10\.80\.1\.11 --network-alias s3 .*holdfast\/router:1/,
    );
    // It lasted as long as it has to at least.
    const [begin = 0, end = 0] = ["fault: s3-unavailable", "undone: S3 answers again"].map(
      (mark) => stage.marks.get(mark) ?? 0,
    );
    expect(end - begin).toBe(20);
    expect(pendingSteps("lab")).toEqual([]);
  });

  test("lasts as long as a person says", async () => {
    const { stage } = stageOf(isBroken);
    stage.hold = 600;
    await runDrill(drillOf("s3-unavailable"), stage, never);
    const undone = stage.marks.get("undone: S3 answers again") ?? 0;
    expect(undone - (stage.marks.get("fault: s3-unavailable") ?? 0)).toBe(600);
  });

  test("that the system did not notice is no pass", async () => {
    const { stage } = stageOf(() => false);
    const result = await runDrill(drillOf("s3-unavailable"), stage, never);
    expect(result.error).toContain("nothing was broken");
    expect(result.objectives.find(({ name }) => name === "alertSeconds")?.met).toBe(false);
  });

  test("that stays away after its repair is no pass", async () => {
    const { stage } = stageOf((log) => log.some((line) => line.startsWith("start ")));
    const result = await runDrill(drillOf("s3-unavailable"), stage, never);
    expect(result.error).toContain("the backups are not whole after 60 s: cloud is not up");
  });

  test("is put in order when the stand-in does not start", async () => {
    const { stage, log } = stageOf(() => false, /^start /);
    const result = await runDrill(drillOf("s3-unavailable"), stage, never);
    expect(result.error).toBe("starting the stand-in for S3");
    expect(
      changes(log)
        .slice(-2)
        .map((line) => line.split(" ")[0]),
    ).toEqual(["rm", "network"]);
  });
});

describe("the journal", () => {
  const scene = (docker: Docker, undos: (() => Promise<unknown>)[]) =>
    ({
      docker,
      settings,
      undo: (_: string, work: () => Promise<unknown>) => undos.push(work),
      cleanUp: (_: string, work: () => Promise<unknown>) => undos.push(work),
    }) as unknown as Scene;

  test("holds what is to be undone until it is, for a launcher that comes after a killed one", async () => {
    const { docker, log } = fakeDocker([]);
    const undos: (() => Promise<unknown>)[] = [];
    undoBy(scene(docker, undos), "first", [{ args: ["start", "a"] }]);
    undoBy(scene(docker, undos), "second", [{ args: ["start", "b"] }, { args: ["start", "c"] }]);
    expect(await undoLeft(docker, "lab")).toEqual(["second", "first"]);
    expect(log).toEqual(["start b", "start c", "start a"]);
    expect(await undoLeft(docker, "lab")).toEqual([]);
    expect(existsSync(join(at.root, "drills-lab-undo.json"))).toBe(false);
  });

  test("keeps what could not be undone, and passes over what was undone before", async () => {
    const undos: (() => Promise<unknown>)[] = [];
    const failing = fakeDocker([], /connect/).docker;
    undoBy(scene(failing, undos), "connected", [{ args: ["network", "connect"] }]);
    await expect(undos[0]?.()).rejects.toThrow("it does not work");
    expect(pendingSteps("lab")).toHaveLength(1);
    undos.splice(0);
    const done = [{ args: ["network", "connect"], done: "does not work" }];
    undoBy(scene(failing, undos), "connected again", done);
    await undos[0]?.();
    expect(pendingSteps("lab").map(({ what }) => what)).toEqual(["connected"]);
  });
});

describe("family backup", () => {
  test("without a cloud of its own, what breaks S3 is skipped and nothing is touched", async () => {
    for (const drill of ["s3-unavailable", "bucket-gone", "credentials-revoked", "wal-deleted"]) {
      const { stage, log } = stageOf(() => false);
      const result = await runDrill(drillOf(drill), Object.assign(stage, { settings }), never);
      expect(result.skipped).toContain("no repository in the cloud");
      expect(log).toEqual([]);
    }
  });

  test.each(backups.map(({ name, alert }) => [name, alert !== undefined] as const))(
    "%s: nobody who writes may notice; whole again, and alerted where it names an alert",
    (name, alerts) => {
      const limits = limitsOf(name, settings);
      expect(limits).toMatchObject({ lost: 0, rejected: 0, unknown: 0, writeGapSeconds: 5 });
      expect(limits.wholeAgainSeconds).toBeGreaterThan(0);
      expect(limits.alertSeconds !== undefined).toBe(alerts);
    },
  );

  test("is run in whole by its name, and in part by all", () => {
    expect(chosen(["backup"])).toEqual(backups);
    const inAll = chosen(["all"]).filter(({ family }) => family === "backup");
    expect(inAll.map(({ name }) => name)).toEqual(["wal-deleted"]);
  });
});
