import { describe, expect, test } from "vitest";
import type { Proof, RepositoryState } from "../../../../commands/cluster/backups.ts";
import { type Latest, type LatestDrill, withResults } from "../../../../commands/drills/latest.ts";
import { resultOf, skippedResult } from "../../../../commands/drills/result.ts";
import { judged, type Records } from "../../../../commands/objectives/judge.ts";
import { alertsOf, exitCodeOf, objectivesReport } from "../../../../commands/objectives/report.ts";
import { objectivesText } from "../../../../commands/objectives/table.ts";
import { objectivesUnder } from "../../../../commands/objectives.ts";
import { record, rowsOf, settings } from "../drills/fakes.ts";

const minute = { recoveryPointSeconds: 60, recoveryTimeSeconds: 60 };
const at = "2026-11-28T17:00:00.000Z";

function drill(figures: Record<string, number>, change: Partial<LatestDrill> = {}): LatestDrill {
  return { at, n: 3, figures: { lost: 0, ...figures }, missed: [], objectives: minute, ...change };
}

const planned = { writeGapSeconds: 1.3, clientGapSeconds: 1.8 };
const drills: Latest = {
  switchover: drill(planned),
  "leader-stopped": drill(planned),
  restart: drill(planned),
  "handover-twice": drill(planned),
  "handover-interrupted": drill({ writeGapSeconds: 10.2, clientGapSeconds: 10.5 }),
  "disk-full": drill({ writeGapSeconds: 8 }),
  "network-cut": drill({ writeGapSeconds: 22.4 }),
  "container-paused": drill({ writeGapSeconds: 22.7 }),
};

function repository(
  name: string,
  proof: Partial<Proof> = {},
  rpoSeconds: number | null = 12,
): RepositoryState {
  const physical: Proof = {
    ...{ provenAt: at, lastRunAt: at, passed: true, error: "", rtoSeconds: 3.4, rpoSeconds: 14 },
    ...proof,
  };
  return {
    ...{ repository: name, faults: [], answeredAt: at, windows: [], recoverableTo: at, rpoSeconds },
    ...{ holes: 0, proofs: { physical } },
  };
}

const whole: Records = { drills, repositories: [repository("local"), repository("cloud")] };
const bound = (records: Records, name: string) =>
  judged(minute, records).find((one) => one.name === name);

describe("what was measured", () => {
  test("all of it, and all kept", () => {
    const report = objectivesReport(settings, whole);
    expect(report.bounds.map(({ verdict }) => verdict)).toEqual(report.bounds.map(() => "kept"));
    expect(report).toMatchObject({ disagreements: [], unmeasured: [] });
    expect(exitCodeOf(report)).toBe(0);
    expect(objectivesText(report)).toContain("every bound was measured, and kept");
  });

  test("nothing yet: every bound says what to run", () => {
    const report = objectivesReport(settings, { drills: {}, repositories: [] });
    expect(report.bounds.every(({ verdict }) => verdict === "not measured")).toBe(true);
    expect(report.unmeasured).toContain(
      "node lost without a word: ./holdfast drill network-cut: not measured",
    );
    expect(report.unmeasured).toContain("site lost, now: the backup container does not answer");
    expect(exitCodeOf(report)).toBe(2);
  });

  test("a figure over its bound is a disagreement, and not one that is missing elsewhere", () => {
    const late = { ...drills, "network-cut": drill({ writeGapSeconds: 29.5 }) };
    const report = objectivesReport(settings, { ...whole, drills: late });
    expect(report.disagreements).toEqual([
      "node lost without a word: 29.5 s (drill network-cut, worst of 3), bound 29 s",
    ]);
    expect(exitCodeOf(report)).toBe(1);
  });

  test("exactly the bound is kept", () => {
    const edge = { ...drills, "network-cut": drill({ writeGapSeconds: 29 }) };
    expect(bound({ ...whole, drills: edge }, "node lost without a word")?.verdict).toBe("kept");
  });

  test("one lost write is over its bound of none", () => {
    const lossy = { ...drills, "leader-stopped": drill({ ...planned, lost: 1 }) };
    const found = bound({ ...whole, drills: lossy }, "single fault");
    expect(found).toMatchObject({ verdict: "over", limit: 0, unit: "writes" });
    expect(found?.measured[0]?.source).toBe("drill leader-stopped, worst of 8 drills");
  });

  test("the loss of a whole site is no single fault", () => {
    const site = { ...drills, site: drill({ writeGapSeconds: 95, lost: 12 }) };
    const report = objectivesReport(settings, { ...whole, drills: site });
    expect(report.disagreements).toEqual([]);
    const missed = { ...drills, site: drill({ lost: 12 }, { missed: ["recoveryPointSeconds"] }) };
    expect(objectivesReport(settings, { ...whole, drills: missed }).disagreements).toEqual([
      `drill site (${at}) missed: recoveryPointSeconds`,
    ]);
  });

  test("one of two drills leaves a bound unproven", () => {
    const { "container-paused": _, ...rest } = drills;
    const found = bound({ ...whole, drills: rest }, "node lost without a word");
    expect(found).toMatchObject({ verdict: "not measured" });
    expect(found?.missing).toEqual(["./holdfast drill container-paused: not measured"]);
  });

  test("under other objectives other timings were measured", () => {
    const other = { objectives: { ...minute, recoveryTimeSeconds: 120 } };
    const old = { ...drills, "disk-full": drill({ writeGapSeconds: 99 }, other) };
    const found = bound({ ...whole, drills: old }, "leader slow to start or to stop");
    expect(found).toMatchObject({ verdict: "not measured", measured: [] });
    expect(found?.missing).toEqual(["./holdfast drill disk-full: measured under other objectives"]);
    expect(bound({ ...whole, drills: old }, "any single fault")?.measured[0]?.value).toBe(22.7);
  });

  test("a drill that missed what it is held to", () => {
    const missed = { ...drills, "app-hung": drill({}, { missed: ["pagesFailed"] }) };
    const report = objectivesReport(settings, { ...whole, drills: missed });
    expect(report.disagreements).toEqual([`drill app-hung (${at}) missed: pagesFailed`]);
    expect(exitCodeOf(report)).toBe(1);
  });

  test("without a cloud the loss of the site has no bound; a restore's time has", () => {
    const local = { ...whole, repositories: [repository("local")] };
    expect(bound(local, "site lost, now")).toMatchObject({
      verdict: "not measured",
      missing: ["no cloud repository: the loss of this machine loses every backup"],
    });
    expect(bound(local, "restore of a backup")?.verdict).toBe("kept");
  });

  test("a restore that failed, never ran, or took too long", () => {
    const restore = (proof: Partial<Proof>) =>
      bound(
        { ...whole, repositories: [repository("local"), repository("cloud", proof)] },
        "restore of a backup",
      );
    expect(restore({ passed: false, error: "a row is missing" })?.missing).toEqual([
      "cloud: its last restore drill failed: a row is missing",
    ]);
    expect(restore({ rtoSeconds: null, passed: null })?.missing).toEqual([
      "cloud: ./holdfast drill restore --kind physical has not run",
    ]);
    expect(restore({ rtoSeconds: 61 })?.verdict).toBe("over");
  });

  test("a repository of which nobody can say how far it recovers", () => {
    const repositories = [repository("local"), repository("cloud", {}, null)];
    expect(bound({ ...whole, repositories }, "site lost, now")?.missing).toEqual([
      "cloud: nobody can say how far it recovers",
    ]);
  });
});

describe("the text", () => {
  const text = objectivesText(objectivesReport(settings, whole));

  test("has each bound with its parts and its figures", () => {
    expect(text).toContain(
      "  node lost without a word: another one leads; bound 29 s: KEPT\n      20 s  ttl: ",
    );
    expect(text).toContain(`    measured 22.4 s: drill network-cut, worst of 3, ${at}`);
    expect(text).toContain("    measured 12 s: cloud, recoverable now\n");
    expect(text).toContain(
      "       0 writes  synchronous_mode quorum: ".replace("       0", "   0"),
    );
  });

  test("says what others would change", () => {
    expect(text).toMatch(/ {2}recoveryPoint 30 s:\n {4}postgresql archive_timeout +30 -> 15 s/);
    expect(text).toMatch(/ {2}recoveryTime 82 s:\n.* 29 -> 41 s/);
    const same = objectivesText(objectivesReport(settings, whole, minute));
    expect(same).toContain("  as it is: nothing");
  });
});

test("alerts that follow are those whose rules differ", () => {
  expect(alertsOf(settings, "recoveryPointSeconds")).toEqual(
    expect.arrayContaining(["WalArchiveLate", "WalShipLate", "RestoreLosesTooMuch"]),
  );
  expect(alertsOf(settings, "recoveryTimeSeconds")).toContain("RestoreSlow");
  expect(alertsOf(settings, "recoveryTimeSeconds")).not.toContain("RestoreLosesTooMuch");
});

describe("objectives that a person asks about", () => {
  const stack = { name: "lab", config: { objectives: { recoveryPoint: "2 min" } }, record: {} };
  const about = { project: "holdfast", secrets: [] };

  test("stand beside those that are set", () => {
    expect(objectivesUnder(stack, about, { recoveryTime: "100 s" })).toEqual({
      recoveryPointSeconds: 120,
      recoveryTimeSeconds: 100,
    });
  });

  test.each([
    [{ recoveryPoint: "5 s" }, /objectives\.recoveryPoint = "5 s"[\s\S]*database\.durability/],
    [{ recoveryTime: "10 s" }, /objectives\.recoveryTime = "10 s": shorter than the 30 s/],
    [{ recoveryTime: "soon" }, /objectives\.recoveryTime/],
  ])("%j is refused as settings refuse it", (wanted, message) => {
    expect(() => objectivesUnder(stack, about, wanted)).toThrow(message);
  });
});

describe("the record of drills", () => {
  const run = (name: string, lastEnd: number, startedAt: string) => {
    const loaded = record({ end: lastEnd });
    return resultOf({ drill: name, startedAt, settings }, loaded, {
      rows: [["postgres-1", rowsOf(loaded)]],
      redundancySeconds: 2,
    });
  };

  test("keeps the worst of a drill's runs in one command", () => {
    const results = [
      run("switchover", 106, at),
      run("switchover", 104.01, "2026-11-28T17:05:00.000Z"),
    ];
    const latest = withResults({}, results, minute);
    expect(latest.switchover).toMatchObject({
      n: 2,
      at: "2026-11-28T17:05:00.000Z",
      objectives: minute,
    });
    expect(latest.switchover?.figures).toMatchObject({
      lost: 0,
      acknowledged: 8,
      redundancySeconds: 2,
    });
    expect(latest.switchover?.figures.writeGapSeconds).toBeCloseTo(1.99);
  });

  test("what ran again replaces what was there, also when it was better; others stay", () => {
    const before = { switchover: drill({ writeGapSeconds: 9 }), restart: drill(planned) };
    const latest = withResults(before, [run("switchover", 104.01, at)], minute);
    expect(latest.restart).toBe(before.restart);
    expect(latest.switchover?.n).toBe(1);
    expect(latest.switchover?.figures.writeGapSeconds).toBeCloseTo(1);
  });

  test("a drill that was skipped has measured nothing", () => {
    const before = { switchover: drill(planned) };
    expect(withResults(before, [skippedResult("switchover", at, "no root")], minute)).toEqual(
      before,
    );
  });

  test("what was not compared is not zero", () => {
    const broken = resultOf({ drill: "restart", startedAt: at, settings }, record(), {
      errors: ["no leader"],
    });
    const { restart } = withResults({}, [broken], minute);
    expect(restart?.figures).not.toHaveProperty("lost");
    expect(restart?.missed).toEqual(
      expect.arrayContaining(["lost", "redundancySeconds", "no leader"]),
    );
  });
});
