import { describe, expect, test } from "vitest";
import { goalsOf, rowsOf } from "../../../../commands/bench/compare.ts";
import { type BenchReport, benchReport, exitCodeOf } from "../../../../commands/bench/report.ts";
import { benchTable } from "../../../../commands/bench/table.ts";
import { resultOf } from "../../../../commands/drills/result.ts";
import { rowsOf as ledgerRows, record, settings } from "../drills/fakes.ts";
import { sample } from "./samples.ts";

const samples = [1, 2, 3].flatMap((round) => [
  sample(round, "bare", 2000),
  // The machine gets slower round by round; the ratio does not.
  sample(round, "direct", 1200 / round),
  sample(round, "direct", 1400 / round, { replication: "asynchronous" }),
  sample(round, "pooler", 840 / round),
  sample(round, "replicas-1", 9000, { load: "reads" }),
  sample(round, "replicas-2", 12_600 + round, { load: "reads" }),
]);

const about = {
  stack: "lab",
  startedAt: "2026-11-28T17:00:00.000Z",
  finishedAt: "2026-11-28T17:20:00.000Z",
  machine: { cores: 2, memoryMiB: 24_000, docker: "20.10.24", versions: { postgresql: "17.6" } },
  options: {
    parts: ["throughput" as const],
    ...{ rounds: 3, seconds: 10, clients: 8, scale: 10, times: 3 },
  },
  database: { memoryMiB: 512, replicas: 2 },
};
const drill = resultOf(
  { drill: "switchover", startedAt: "2026-11-28T17:10:00.000Z", settings },
  record(),
  { rows: [["postgres-1", ledgerRows(record())]], redundancySeconds: 2 },
);

describe("rows", () => {
  const rows = rowsOf(samples);
  const row = (path: string, replication = "quorum") =>
    rows.find((one) => one.path === path && one.replication === replication);

  test("one for each cell, in the order of measuring", () => {
    expect(rows.map(({ path }) => path)).toEqual([
      ...["bare", "direct", "direct", "pooler", "replicas-1", "replicas-2"],
    ]);
  });

  test("a ratio is made round by round", () => {
    expect(row("pooler")?.tps).toMatchObject({ n: 3, min: 280, median: 420, max: 840 });
    expect(row("pooler")?.ratios?.tps).toMatchObject({ n: 3, min: 0.7, median: 0.7, max: 0.7 });
    expect(row("pooler")?.ratios?.p99Ms.median).toBeCloseTo(1 / 0.7);
    expect(row("direct")?.ratios?.tps).toMatchObject({ min: 1, max: 1 });
    expect(row("direct", "asynchronous")?.ratios?.tps.median).toBeCloseTo(7 / 6);
  });

  test("reads that are spread are compared with one replica", () => {
    expect(row("replicas-2")).toMatchObject({ against: "replicas-1" });
    expect(row("replicas-2")?.ratios?.tps.median).toBeCloseTo(1.4, 2);
  });

  test("without its base a round has no ratio", () => {
    const [only] = rowsOf([sample(1, "pooler", 800), sample(2, "direct", 1000)]);
    expect(only?.ratios).toBeNull();
    expect(rowsOf([])).toEqual([]);
  });
});

describe("goals", () => {
  test("the shipped path keeps 0.65 of the leader", () => {
    expect(goalsOf(rowsOf(samples))).toEqual([
      { load: "writes", path: "pooler", least: 0.65, measured: 0.7, met: true },
    ]);
  });

  test("one that is under it, and one that was not measured, are missed", () => {
    const slow = [sample(1, "direct", 1000), sample(1, "pooler", 649)];
    expect(goalsOf(rowsOf(slow))).toMatchObject([{ measured: 0.649, met: false }]);
    expect(goalsOf(rowsOf([sample(1, "direct", 1000)]))).toMatchObject([
      { measured: null, met: false },
    ]);
  });

  test("a part that was not asked for has none", () => {
    expect(goalsOf(rowsOf([sample(1, "replicas-1", 9000, { load: "reads" })]))).toEqual([]);
  });
});

describe("report", () => {
  const outcome = { samples, drills: [drill], errors: [] };
  const report = benchReport(about, outcome);

  test("is for people a table with n, median and spread", () => {
    const text = benchTable(report);
    expect(text).toMatch(
      /writes +quorum +pooler +3 +420 \(280 to 840\) +0\.70 direct \(0\.70 to 0\.70\)/,
    );
    expect(text).toMatch(
      /reads +quorum +replicas-2 +3 +12602 \(12601 to 12603\) +1\.40 replicas-1/,
    );
    expect(text).toContain(
      "writes through pooler: 0.70 of the leader under quorum, goal at least 0.65: met",
    );
    expect(text).toMatch(/switchover +1 +\d+\.\d+ s \(.* to .*\) +.* +0$/m);
  });

  test("says what went wrong, and what was not measured", () => {
    const failed = benchReport(about, {
      samples: [sample(1, "direct", 9)],
      drills: [],
      errors: ["no leader"],
      ended: "failed",
    });
    expect(benchTable(failed)).toContain("writes through pooler: not measured of the leader");
    expect(benchTable(failed)).toContain("wrong: no leader");
  });

  test("keeps every single run", () => {
    expect(JSON.parse(JSON.stringify(report)).samples).toHaveLength(samples.length);
  });

  test("the exit code is 0 only when all was measured, met and passed", () => {
    const good: BenchReport = {
      ...report,
      drills: [{ drill: "d", n: 2, passed: 2, skipped: 0, figures: {} }],
    };
    expect(exitCodeOf(good)).toBe(0);
    expect(
      exitCodeOf({ ...good, drills: [{ drill: "d", n: 2, passed: 1, skipped: 0, figures: {} }] }),
    ).toBe(1);
    expect(
      exitCodeOf({ ...good, drills: [{ drill: "d", n: 0, passed: 0, skipped: 1, figures: {} }] }),
    ).toBe(1);
    expect(exitCodeOf({ ...good, errors: ["x"] })).toBe(1);
    expect(exitCodeOf({ ...good, ended: "failed" })).toBe(1);
    expect(exitCodeOf({ ...good, ended: "interrupted", errors: ["x"] })).toBe(130);
    const goals = [
      { load: "writes" as const, path: "pooler" as const, least: 0.65, measured: 0.6, met: false },
    ];
    expect(exitCodeOf({ ...good, goals })).toBe(1);
  });
});
