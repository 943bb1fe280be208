import { describe, expect, test } from "vitest";
import {
  type ArchiveFacts,
  holesOf,
  lacks,
  type Observed,
  parseObserved,
  type RepositoryFacts,
} from "../../../../commands/drills/faults/backup/facts.ts";
import { isBase, newestOf } from "../../../../commands/drills/faults/backup/listed.ts";
import { held, needBuiltin } from "../../../../commands/drills/faults/backup/place.ts";
import { loseable, ofNewestTimeline } from "../../../../commands/drills/faults/backup/segments.ts";
import { spans } from "../../../../commands/drills/faults/backup/wal.ts";
import { Skipped } from "../../../../commands/drills/scene.ts";
import { parseSettings } from "../../../../settings.ts";
import { settings } from "./fakes.ts";

const NOW = 1_800_000_000;
const well: RepositoryFacts = {
  up: true,
  cause: "",
  error: "",
  recoverableTo: NOW - 5,
  holes: [],
};
const facts = (change: Partial<ArchiveFacts> = {}): ArchiveFacts => ({
  at: NOW - 2,
  repositories: { local: well, cloud: well },
  backlog: { segments: 0, ageSeconds: 0 },
  queues: { "postgres-1": 1 },
  ...change,
});
const observed = (change: Partial<ArchiveFacts> = {}): Observed => ({
  facts: facts(change),
  now: NOW,
});
const none = { holes: new Set<string>() };

describe("whole backups", () => {
  test("lack nothing", () => {
    expect(lacks(observed(), { ...none, recoverableTo: NOW - 5 })).toEqual([]);
  });

  test("are not there when nobody says so, or somebody did long ago", () => {
    expect(lacks(undefined, none)).toHaveLength(1);
    expect(lacks(observed({ at: NOW - 16 }), none)).toEqual([
      "nobody looked at the archive for 16 s",
    ]);
  });

  test("say which repository is away and why", () => {
    const cloud = { ...well, up: false, cause: "credentials", error: "403" };
    expect(lacks(observed({ repositories: { local: well, cloud } }), none)).toEqual([
      "cloud is not up (credentials): 403",
    ]);
  });

  test("have everything up to a moment in each repository", () => {
    const cloud = { ...well, recoverableTo: NOW - 30 };
    const local = { ...well, recoverableTo: null };
    const both = observed({ repositories: { local, cloud } });
    expect(lacks(both, { ...none, recoverableTo: NOW - 10 })).toEqual([
      "local recovers nothing than wanted",
      "cloud recovers 20 s less than wanted",
    ]);
    expect(lacks(both, none)).toEqual([]);
  });

  test("have no hole that was not there before, and nothing waits", () => {
    const local = { ...well, holes: [["17-1", "A", "B"]] };
    const cloud = { ...well, holes: [["17-1", "A", "B"]] };
    const found = observed({
      repositories: { local, cloud },
      queues: { "postgres-1": 2, "postgres-2": 3 },
      backlog: { segments: 4, ageSeconds: 9 },
    });
    expect(lacks(found, { holes: new Set(["local 17-1 A B"]) })).toEqual([
      "a hole: cloud 17-1 A B",
      "3 segments wait on postgres-2",
      "4 segments wait for the cloud",
    ]);
    expect(holesOf(found)).toEqual(new Set(["local 17-1 A B", "cloud 17-1 A B"]));
  });

  test("are read with the container's own time", () => {
    expect(parseObserved(`${NOW}\n${JSON.stringify(facts())}`)).toEqual(observed());
    expect(parseObserved(`${NOW}\n`)).toBeUndefined();
    expect(parseObserved("")).toBeUndefined();
  });
});

test("a hole spans its segments on its own timeline", () => {
  const [first, second, third] = [7, 8, 9].map((number) => `00000001000000000000000${number}`);
  const hole = ["17-1", first ?? "", third ?? ""];
  expect(spans(hole, second ?? "")).toBe(true);
  expect(spans(["17-1", second ?? ""], second ?? "")).toBe(true);
  expect(spans(["17-1", second ?? ""], third ?? "")).toBe(false);
  expect(spans(hole, "000000020000000000000008")).toBe(false);
});

test("only the newest timeline's segments are needed to the last", () => {
  const old = "000000010000000000000009";
  const names = ["000000020000000000000009", "00000002000000000000000A"];
  expect(ofNewestTimeline([old, ...names])).toEqual(names);
  expect(ofNewestTimeline([])).toEqual([]);
});

test("only a segment that nobody else has is worth losing", () => {
  const names = ["1", "2", "3", "4", "5", "6"].map((end) => `00000001000000000000000${end}`);
  const [first = "", , , fourth = "", fifth = ""] = names;
  expect(loseable(names, first, new Set())).toBe(fourth);
  expect(loseable(names, first, new Set([fourth]))).toBe(fifth);
  expect(loseable(names, first, new Set(names))).toBeUndefined();
  // A base backup on a newer timeline: what lies before is not its own.
  expect(loseable(names, "000000020000000000000001", new Set())).toBeUndefined();
});

test("the newest backup of a repository that fits", () => {
  const backup = (repository: string, kind: string, label: string, stop: string | null) => ({
    ...{ repository, kind, label, stop, start: "", bytes: 1 },
    ...{ provenAt: null, recoverableFrom: null, recoverableTo: null },
  });
  const rows = [
    backup("local", "incr", "b", "2026-11-25T02:00:00Z"),
    backup("local", "full", "a", "2026-11-25T01:00:00Z"),
    backup("cloud", "full", "c", "2026-11-25T03:00:00Z"),
    backup("local", "logical", "d", "2026-11-25T04:00:00Z"),
    backup("local", "full", "e", null),
  ] as Parameters<typeof newestOf>[0];
  expect(newestOf(rows, "local", isBase)?.label).toBe("b");
  expect(newestOf(rows, "local", ({ kind }) => kind === "full")?.label).toBe("a");
  expect(newestOf(rows, "nowhere", isBase)).toBeUndefined();
});

test("a fault lasts until its alert, or as long as a person said", () => {
  expect(held({ hold: undefined }, { least: 20, most: 90 })).toEqual({
    holdSeconds: 90,
    untilAlertSeconds: 20,
  });
  expect(held({ hold: 600 }, { least: 20, most: 90 })).toEqual({
    holdSeconds: 600,
    untilAlertSeconds: 600,
  });
});

test("only the stack's own S3 server is broken", () => {
  expect(() => needBuiltin(settings)).toThrow(Skipped);
  const config = { backup: { cloud: { provider: "builtin" } } };
  const builtin = parseSettings({ stack: "lab", project: "holdfast", config });
  expect(() => needBuiltin(builtin)).not.toThrow();
});
