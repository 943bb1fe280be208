import { describe, expect, test } from "vitest";
import { Docker } from "../../../../commands/docker.ts";
import { drill, needAlone, refuseRestoreOptions, secondsOf } from "../../../../commands/drill.ts";
import { checkTarget } from "../../../../commands/drills/restore/command.ts";
import {
  parseRecord,
  type RestoreRecord,
  resultOfRecord,
} from "../../../../commands/drills/restore/record.ts";
import {
  restoreArguments,
  restoreBox,
  runRestore,
} from "../../../../commands/drills/restore/run.ts";
import { restoreText } from "../../../../commands/drills/restore/table.ts";
import type { RunOptions } from "../../../../commands/exec.ts";
import { box } from "./fakes.ts";

const record: RestoreRecord = {
  id: "20261125T101200Z-cloud-physical",
  startedAt: "2026-11-25T10:12:00Z",
  finishedAt: "2026-11-25T10:12:20Z",
  repository: "cloud",
  kind: "physical",
  label: "20261125-021500F",
  target: { kind: "latest", value: "" },
  passed: true,
  error: "",
  rtoSeconds: 12.34,
  rpoSeconds: 4.5,
  recoveredTo: "2026-11-25T10:11:55Z",
  mark: { lsn: "0/5000148", at: "2026-11-25T10:11:50Z" },
  tables: 12,
  rows: 10345,
  checks: [
    { name: "pgbackrest verify", passed: true, detail: "12 files" },
    { name: "checksums", passed: true, detail: "12 tables" },
  ],
  marker: { presentAt: "2026-11-25T10:11:50Z", absentAt: "2026-11-25T10:12:00Z" },
  bytes: 43_000_000,
};
const objectives = { recoveryTimeSeconds: 60, recoveryPointSeconds: 60 };
const failed: RestoreRecord = {
  ...record,
  passed: false,
  error: "pgbackrest restore: checksum error",
  ...{ rtoSeconds: null, rpoSeconds: null, recoveredTo: null, mark: null, marker: null },
  ...{ tables: null, rows: null, bytes: null, label: "" },
  checks: [{ name: "restore", passed: false, detail: "checksum error" }],
};

describe("a record", () => {
  test("is the last line that is one, whatever was said before", () => {
    const text = `restoring\n{"at": 1}\n${JSON.stringify(record)}\n`;
    expect(parseRecord(text)).toEqual(record);
    expect(parseRecord("restoring\nno space left\n")).toBeUndefined();
    expect(parseRecord('{"at": 1}')).toBeUndefined();
    expect(parseRecord("{broken")).toBeUndefined();
  });

  test("proves only when it says so and every check passed, and there was one", () => {
    expect(resultOfRecord(record)).toMatchObject({ drill: "restore", passed: true });
    expect(resultOfRecord(record).error).toBeUndefined();
    expect(resultOfRecord(failed)).toMatchObject({
      passed: false,
      error: "pgbackrest restore: checksum error",
    });
    const [first, second] = record.checks;
    const checks = [first, { ...second, passed: false }] as RestoreRecord["checks"];
    expect(resultOfRecord({ ...record, checks })).toMatchObject({
      passed: false,
      error: "failed: checksums",
    });
    const unmade = [...record.checks, { name: "amcheck", passed: null, detail: "no extension" }];
    expect(resultOfRecord({ ...record, checks: unmade }).passed).toBe(true);
    expect(resultOfRecord({ ...record, checks: unmade.slice(2) }).passed).toBe(false);
    const text = restoreText([resultOfRecord({ ...record, checks: unmade })], objectives);
    expect(text).toMatch(/not checked +amcheck +no extension/);
    expect(text).toContain("cloud, physical: proven, but for what was not checked: amcheck");
    expect(resultOfRecord({ ...record, checks: [] })).toMatchObject({
      passed: false,
      error: "nothing was checked",
    });
  });
});

describe("what a person reads", () => {
  test("of a proof", () => {
    expect(restoreText([resultOfRecord(record)], objectives)).toMatchInlineSnapshot(`
      "restore from cloud, physical: proven
        restored      20261125-021500F, 41 MiB
        recovered to  2026-11-25T10:11:55Z (asked for: latest)
        RTO           12.3 s (objective 60 s)
        RPO           4.50 s (objective 60 s)
        compared      12 tables, 10,345 rows, as they were at 0/5000148
        marker        the row written at 2026-11-25T10:11:50Z is there; the one of 2026-11-25T10:12:00Z is not there, rightly
        record        20261125T101200Z-cloud-physical
        ok  pgbackrest verify  12 files
        ok  checksums          12 tables"
    `);
  });

  test("of a failure, with what was not measured said so; and the total of several", () => {
    const text = restoreText([resultOfRecord(record), resultOfRecord(failed)], objectives);
    expect(text).toContain("restore from cloud, physical: NOT PROVEN");
    expect(text).toContain("  pgbackrest restore: checksum error");
    expect(text).toMatch(/RTO +not measured/);
    expect(text).toMatch(/restored +nothing/);
    expect(text).toMatch(/FAIL +restore +checksum error/);
    expect(text.split("\n").at(-1)).toBe("1 of 2 restores proven");
  });
});

describe("running one", () => {
  test("asks for what was said alone", () => {
    expect(restoreArguments({})).toEqual(["holdfast-restore-drill", "--json"]);
    const all = { repository: "local", kind: "logical", to: "2026-11-25T10:00:00Z", wait: 120 };
    expect(restoreArguments(all).slice(2).join(" ")).toBe(
      "--repository local --kind logical --to 2026-11-25T10:00:00Z --wait 120",
    );
  });

  test("needs the container", () => {
    expect(restoreBox([box("restore-drill")], "lab").alias).toBe("restore-drill");
    for (const boxes of [[], [box("restore-drill", { status: "exited" })]]) {
      expect(() => restoreBox(boxes, "lab")).toThrow(/restore-drill of stack lab is/);
    }
  });

  const running = (code: number, stdout: string, stderr = "") => {
    const docker = new Docker("unix:///nowhere");
    docker.run = async (_: readonly string[], options: RunOptions = {}) => {
      for (const line of stderr.split("\n").filter(Boolean)) {
        options.onLine?.(line);
      }
      return { code, stdout, stderr };
    };
    return runRestore(docker, box("restore-drill"), {});
  };

  test("is proven by its record and its exit code together", async () => {
    const text = `${JSON.stringify(record)}\n`;
    expect(await running(0, text)).toMatchObject({ passed: true });
    expect(await running(1, text)).toMatchObject({
      passed: false,
      error: "holdfast-restore-drill ended with exit code 1",
    });
    expect(await running(1, JSON.stringify(failed))).toMatchObject({ passed: false });
  });

  test("without a record is an error that quotes the program", async () => {
    await expect(running(75, "", "another")).rejects.toThrow("another restore drill runs");
    await expect(running(1, "", "no backup of that kind")).rejects.toMatchObject({
      message: "the restore drill left no record (exit code 1)",
      advice: ["| no backup of that kind"],
    });
  });

  test("that a person interrupts ends the program inside, and is no result", async () => {
    const person = new AbortController();
    const docker = new Docker("unix:///nowhere");
    const log: string[] = [];
    docker.run = async () => {
      person.abort();
      await new Promise((resolve) => setImmediate(resolve));
      return { code: 137, stdout: "", stderr: "" };
    };
    docker.must = async (what, args) => {
      log.push(what);
      const listing =
        "7 /usr/bin/python3 /usr/local/bin/holdfast-restore-drill --json \n8 tini -- x \n";
      return { code: 0, stdout: args.includes("-c") ? listing : "", stderr: "" };
    };
    await expect(runRestore(docker, box("restore-drill"), {}, person.signal)).rejects.toThrow();
    expect(log).toEqual(["listing the processes of restore-drill", "signalling restore-drill"]);
  });
});

describe("the command", () => {
  const options = { stack: "lab", yes: false, json: false, list: false, times: "1" };

  test("takes restore by itself alone, and its options with restore alone", async () => {
    expect(() => needAlone(["restore"])).not.toThrow();
    expect(() => needAlone(["restore", "restore"])).toThrow("runs by itself");
    await expect(drill({ ...options, args: ["switchover", "restore"] })).rejects.toMatchObject({
      advice: ["./holdfast drill restore", "./holdfast drill switchover"],
    });
    expect(() => refuseRestoreOptions({})).not.toThrow();
    const given = { ...options, args: ["switchover"], kind: "logical", to: "x" };
    await expect(drill(given)).rejects.toThrow("--kind, --to: only with restore");
  });

  test("takes a time with its zone", () => {
    for (const to of [undefined, "2026-11-25T10:00:00Z", "2026-11-25 10:00:00.123456+01:00"]) {
      expect(() => checkTarget(to)).not.toThrow();
    }
    for (const to of ["yesterday", "2026-11-25T10:00:00", "2026-13-41T10:00:00Z", ""]) {
      expect(() => checkTarget(to)).toThrow("expected a time with its zone");
    }
  });

  test("takes seconds to hold", () => {
    expect(secondsOf(undefined)).toBeUndefined();
    expect(secondsOf("600")).toBe(600);
    for (const typed of ["0", "-1", "x", ""]) {
      expect(() => secondsOf(typed)).toThrow("expected seconds");
    }
  });
});
