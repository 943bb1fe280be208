import { describe, expect, test } from "vitest";
import {
  askBefore,
  catalogue,
  countOf,
  exitCodeOf,
  lineOf,
  timeName,
} from "../../../../commands/drill.ts";
import { chosen, DRILLS, nearest } from "../../../../commands/drills/catalogue.ts";
import { connectArgs } from "../../../../commands/drills/faults/crash.ts";
import { diskMiB } from "../../../../commands/drills/faults/loopDisk.ts";
import { limitersOf } from "../../../../commands/drills/faults/throttle.ts";
import { isProcessOf, parseProcesses } from "../../../../commands/drills/faults/tools.ts";
import { summaryOf } from "../../../../commands/drills/last.ts";
import { resultOf, skippedResult } from "../../../../commands/drills/result.ts";
import { Skipped } from "../../../../commands/drills/scene.ts";
import { box, record, rowsOf, settings } from "./fakes.ts";

const rows = [["postgres-1", rowsOf(record())]] as const;
const run = { drill: "postgres-killed", startedAt: "2026-11-25T09:00:00.000Z", settings };
const passed = resultOf(run, record(), { rows, redundancySeconds: 4 });
const missed = resultOf(run, record(), { rows, redundancySeconds: 61 });
const skipped = skippedResult("disk-full", run.startedAt, "this needs root");

describe("the catalogue", () => {
  test("each drill has a name of its own and one line", () => {
    const names = DRILLS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, description } of DRILLS) {
      expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z]+)*$/);
      expect(description).toMatch(/^[^\n]{10,90}$/);
    }
  });

  test("all is every drill but the long ones, and names are taken in the order given", () => {
    expect(chosen(["all"])).toEqual(DRILLS.filter(({ notInAll }) => !notInAll));
    expect(DRILLS.filter(({ notInAll }) => notInAll).map(({ family }) => family)).toContain(
      "backup",
    );
    expect(chosen(["crash"])).toEqual(DRILLS.filter(({ family }) => family === "crash"));
    expect(chosen(["network-cut", "switchover"]).map(({ name }) => name)).toEqual([
      "network-cut",
      "switchover",
    ]);
  });

  test("an unknown name is refused with the nearest and all names", () => {
    expect(nearest("swichover")).toBe("switchover");
    expect(nearest("al")).toBe("all");
    let advice: readonly string[] = [];
    try {
      chosen(["switchover", "etcd-al-killed"]);
    } catch (error) {
      ({ advice } = error as { advice: string[] });
    }
    expect(advice[0]).toBe("did you mean: ./holdfast drill etcd-all-killed");
    for (const { name } of DRILLS) {
      expect(advice.join("\n")).toContain(name);
    }
    expect(() => chosen([])).toThrow("no drill was named");
  });

  test("--list has a line for each, --json the same as objects", () => {
    expect(catalogue(false).split("\n")).toHaveLength(DRILLS.length + 1);
    const list = JSON.parse(catalogue(true)) as { name: string }[];
    expect(list).toHaveLength(DRILLS.length + 1);
    expect(list.at(-1)?.name).toBe("restore");
  });
});

describe("the command", () => {
  test("counts from 1", () => {
    expect(countOf("3")).toBe(3);
    for (const typed of ["0", "-1", "1.5", "x", ""]) {
      expect(() => countOf(typed)).toThrow("whole number from 1");
    }
  });

  test("asks before it breaks any stack but dev; without a terminal it refuses", async () => {
    await expect(askBefore("dev", chosen(["switchover"]), false)).resolves.toBeUndefined();
    await expect(askBefore("shop", chosen(["switchover"]), true)).resolves.toBeUndefined();
    await expect(askBefore("shop", chosen(["switchover"]), false)).rejects.toMatchObject({
      message: "nothing was broken",
      advice: [expect.stringContaining("--yes --stack shop")],
    });
  });

  test("fails for a missed objective and for a stack that did not come back, not for a skip", () => {
    expect(exitCodeOf({ results: [passed, skipped] })).toBe(0);
    expect(exitCodeOf({ results: [passed, missed] })).toBe(1);
    expect(exitCodeOf({ results: [passed], ended: "broken" })).toBe(1);
    expect(exitCodeOf({ results: [passed], ended: "interrupted" })).toBe(130);
  });

  test("fails when nothing ran: what was skipped has not passed", () => {
    expect(exitCodeOf({ results: [skipped, skipped] })).toBe(1);
    expect(exitCodeOf({ results: [] })).toBe(1);
  });

  test("says each outcome in a line", () => {
    expect(lineOf(passed)).toBe("  ok   postgres-killed: write gap 1 s, 8 acknowledged");
    expect(lineOf(missed)).toContain("fail postgres-killed: redundancySeconds 61 (limit 60)");
    expect(lineOf(skipped)).toBe("  skip disk-full: this needs root");
    expect(timeName(new Date("2026-11-25T09:12:00.123Z"))).toBe("2026-11-25T09-12-00");
  });

  test("leaves a summary for status", () => {
    expect(summaryOf([passed, missed, skipped], "2026-11-25T10:00:00.000Z")).toEqual({
      at: "2026-11-25T10:00:00.000Z",
      passed: 1,
      missed: 1,
      skipped: 1,
      writeGapSeconds: expect.closeTo(1),
      failed: ["postgres-killed"],
    });
    expect(summaryOf([skipped], "x").writeGapSeconds).toBeNull();
  });
});

describe("the tools of faults", () => {
  test("processes are read from /proc, without the reader", () => {
    const text =
      "1 tini -- x \n8 /usr/bin/python3 /usr/bin/patroni /run \n9 \n70 sh -c for d in /proc/[0-9]*; do \n";
    expect(parseProcesses(text)).toEqual([
      { pid: 1, args: "tini -- x" },
      { pid: 8, args: "/usr/bin/python3 /usr/bin/patroni /run" },
    ]);
  });

  test("a process is killed from outside only when it is in the container's control groups", () => {
    const one = box("postgres-1", { id: "5fe441d7" });
    expect(isProcessOf(one, "4:memory:/docker/5fe441d7\n")).toBe(true);
    expect(isProcessOf(one, "4:memory:/docker/aaaa\n")).toBe(false);
    expect(isProcessOf(one, "")).toBe(false);
  });

  test("a container comes back with its own address and name", () => {
    expect(connectArgs("net", "10.0.0.11", { id: "abc", alias: "postgres-1" })).toEqual(
      "network connect --ip 10.0.0.11 --alias postgres-1 net abc".split(" "),
    );
    expect(connectArgs("net", "", { id: "abc", alias: "app-1" })).not.toContain("--ip");
  });

  test("a small disk holds the data and some room, or it is not made", () => {
    expect(diskMiB(100, 10_000)).toBe(430);
    expect(() => diskMiB(5000, 100_000)).toThrow(Skipped);
    expect(() => diskMiB(100, 500)).toThrow(Skipped);
  });

  test("control groups of both versions limit writes", () => {
    expect(limitersOf("11:memory:/docker/ab\n7:blkio:/docker/ab\n", "254:0")).toEqual([
      {
        file: "/sys/fs/cgroup/blkio/docker/ab/blkio.throttle.write_bps_device",
        set: "254:0 65536",
        lift: "254:0 0",
      },
      {
        file: "/sys/fs/cgroup/blkio/docker/ab/blkio.throttle.write_iops_device",
        set: "254:0 20",
        lift: "254:0 0",
      },
    ]);
    expect(limitersOf("0::/system.slice/docker-ab.scope\n", "8:0")).toEqual([
      {
        file: "/sys/fs/cgroup/system.slice/docker-ab.scope/io.max",
        set: "8:0 wbps=65536 wiops=20",
        lift: "8:0 wbps=max wiops=max",
      },
    ]);
    expect(limitersOf("", "8:0")).toEqual([]);
  });
});
