import { describe, expect, test } from "vitest";
import { DRILLS } from "../../../../commands/drills/catalogue.ts";
import { curveSvg } from "../../../../commands/drills/report/curve.ts";
import { figureOf, missesOf, seconds } from "../../../../commands/drills/report/figures.ts";
import { drillHtml } from "../../../../commands/drills/report/html.ts";
import { drillReport, summaryOf } from "../../../../commands/drills/report/json.ts";
import { UNKNOWN, versionIn } from "../../../../commands/drills/report/machine.ts";
import { drawMarks, placeMarks } from "../../../../commands/drills/report/marks.ts";
import { scaleOf, ticksUpTo } from "../../../../commands/drills/report/scale.ts";
import { drillTable } from "../../../../commands/drills/report/table.ts";
import type { DrillResult } from "../../../../commands/drills/types.ts";

/** Twenty seconds of 50 writes a bucket, away from 8 to 10 s. */
const BUCKETS = Array.from({ length: 80 }, (_, i) => (i >= 32 && i < 40 ? 0 : 50));

function result(more: Partial<DrillResult> = {}): DrillResult {
  return {
    drill: "leader-killed",
    fault: "killed postgres-1, the leader",
    passed: true,
    startedAt: "2026-11-25T09:30:00.000Z",
    acknowledged: 3600,
    rejected: 12,
    unknown: 3,
    lost: 0,
    duplicated: 0,
    phantom: 0,
    reordered: 0,
    twoLeaders: 0,
    hung: 0,
    writeGapSeconds: 2,
    readGapSeconds: 0.25,
    pageGapSeconds: 0.31,
    redundancySeconds: 14.25,
    leaderBefore: "postgres-1",
    leaderAfter: "postgres-2",
    timelineBefore: 3,
    timelineAfter: 4,
    verdicts: [
      { member: "postgres-2", lost: [], duplicated: [], phantom: [], reordered: [], rows: 3603 },
    ],
    objectives: [{ name: "writeGapSeconds", limit: 5, measured: 2, met: true }],
    marks: [
      { at: 1008, text: "fault: leader-killed" },
      { at: 1019, text: "full redundancy" },
    ],
    curve: {
      begin: 1000,
      writeGap: { begin: 1008, end: 1010 },
      bucketSeconds: 0.25,
      acknowledged: BUCKETS,
      failed: BUCKETS.map((count) => (count === 0 ? 4 : 0)),
      reads: BUCKETS.map(() => 12),
      pages: BUCKETS.map(() => 2),
    },
    notes: ["alert HoldfastFailover fired"],
    ...more,
  };
}

const EMPTY = { bucketSeconds: 0.25, acknowledged: [], failed: [], reads: [], pages: [] };
const skipped = result({
  drill: "disk-full",
  passed: false,
  skipped: "no loop devices on this machine",
  objectives: [],
  verdicts: [],
  marks: [],
  notes: [],
  curve: EMPTY,
});
const missed = result({
  passed: false,
  lost: 2,
  writeGapSeconds: 7.5,
  error: "no full redundancy within 120 s",
  objectives: [
    { name: "lost", limit: 0, measured: 2, met: false },
    { name: "redundancySeconds", limit: 60, measured: undefined, met: false },
    { name: "writeGapSeconds", limit: 5, measured: 7.5, met: false },
    { name: "hung", limit: 0, measured: 0, met: true },
  ],
});

describe("the terminal's table", () => {
  const text = drillTable([result(), missed, skipped]);
  const lines = text.split("\n").map((line) => line.trim().split(/ {2,}/));

  test("has a line a drill, the figures under their heads", () => {
    const [head = [], passed = []] = lines;
    const under = Object.fromEntries(head.map((name, index) => [name, passed[index]]));
    expect(under).toEqual({
      drill: "leader-killed",
      result: "passed",
      acknowledged: "3600",
      lost: "0",
      dup: "0",
      phantom: "0",
      hung: "0",
      unknown: "3",
      rejected: "12",
      "write gap": "2.00 s",
      limit: "5 s",
      "read gap": "0.25 s",
      "page gap": "0.31 s",
      redundancy: "14.3 s",
      timeline: "3→4",
    });
    expect(lines[2]?.slice(0, 4)).toEqual(["leader-killed", "MISSED", "3600", "2"]);
    expect(lines[3]).toEqual(["disk-full", "skipped", ...Array(13).fill("-")]);
  });

  test("says of backups when the alert came and when they were whole again", () => {
    const text = drillTable([result({ alertSeconds: 31.2, wholeAgainSeconds: 8.21 })]);
    expect(text).toContain("  leader-killed: alert after 31.2 s, whole again after 8.21 s");
    expect(drillTable([result({ alertSeconds: 3 })])).not.toContain("whole again");
    const byItself = drillTable([result({ wholeAgainSeconds: 2 })]);
    expect(byItself).toContain("  leader-killed: whole again after 2.00 s");
  });

  test("says under it what went through the edge, of drills that had any", () => {
    expect(text).not.toContain("through the edge");
    const shop = { ordersConfirmed: 61, ordersLost: 0, ordersDuplicated: 0, ordersPutOff: 4 };
    const seen = { ...shop, ordersBroken: 1, longestOrderSeconds: 12.3, pagesFailed: 2 };
    const [head = [], row = []] = drillTable([result(seen), skipped])
      .split("\n")
      .map((line) => line.trim().split(/ {2,}/))
      .slice(4);
    expect(Object.fromEntries(head.map((name, index) => [name, row[index]]))).toEqual({
      "through the edge": "leader-killed",
      orders: "61",
      lost: "0",
      twice: "0",
      "put off": "4",
      broken: "1",
      longest: "12.3 s",
      "pages failed": "2",
      "no traffic": "-",
    });
  });

  test("fits into 152 columns, the longest name included", () => {
    const drill = DRILLS.map(({ name }) => name).toSorted((a, b) => b.length - a.length)[0] ?? "";
    const times = { writeGapSeconds: 120, readGapSeconds: 120, redundancySeconds: 120 };
    const objectives = [{ name: "writeGapSeconds", limit: 25, measured: 120, met: true }];
    const wide = result({ drill, ...times, pageGapSeconds: 120, timelineBefore: 98, objectives });
    const [head = "", row = ""] = drillTable([wide]).split("\n");
    expect(Math.max(head.length, row.length)).toBeLessThanOrEqual(152);
  });

  test("says in words what was missed, and why one was skipped", () => {
    expect(text).toContain("leader-killed missed: no full redundancy within 120 s");
    expect(text).toContain("leader-killed missed: acknowledged writes lost: 2, limit 0");
    expect(text).toContain("time to full redundancy: not measured, limit 60 s");
    expect(text).toContain("longest time without a write: 7.50 s, limit 5 s");
    expect(text).not.toContain("calls that hung");
    expect(text).toContain("disk-full was skipped: no loop devices on this machine");
    expect(text).toMatch(/1 of 3 drills passed, 1 missed, 1 skipped$/);
  });

  test("of a faultless run has no remarks", () => {
    const table = drillTable([result({ timelineAfter: 3 })]);
    expect(table).toMatch(/ 3\n\n1 of 1 drills passed$/);
    expect(missesOf(result())).toEqual([]);
  });
});

describe("the run as JSON", () => {
  const machine = { cores: 2, memoryMiB: 24_105, docker: "28.5", versions: { etcd: "3.5.16" } };
  const about = { stack: "dev", startedAt: "2026-11-25T09:30:00.000Z", machine, planned: 2 };

  test("a skipped drill has not passed, and does not spoil the rest", () => {
    expect(drillReport(about, [result(), skipped])).toMatchObject({ ...about, passed: true });
    expect(drillReport(about, [skipped]).passed).toBe(false);
    expect(drillReport(about, [result(), missed]).passed).toBe(false);
    expect(drillReport(about, []).passed).toBe(false);
    expect(drillReport(about, [result(), skipped]).runs).toHaveLength(2);
  });

  test("a run that was ended has not passed, however good its drills were", () => {
    for (const ended of ["interrupted", "broken"] as const) {
      const report = drillReport({ ...about, ended }, [result()]);
      expect(report).toMatchObject({ passed: false, ended, planned: 2 });
    }
  });

  test("sums up the runs of each drill, of those that measured a figure", () => {
    const gaps = [4, 1, 3, 2].map((writeGapSeconds) => result({ writeGapSeconds }));
    const { writeGapSeconds: _, ...without } = result({ drill: "switchover" });
    const [killed, disk, switched] = summaryOf([...gaps, skipped, without]);
    expect(killed).toMatchObject({ drill: "leader-killed", n: 4, passed: 4, skipped: 0 });
    expect(killed?.figures.writeGapSeconds).toEqual({ n: 4, min: 1, median: 2, p95: 4, max: 4 });
    expect(disk).toEqual({ drill: "disk-full", n: 0, passed: 0, skipped: 1, figures: {} });
    expect(switched?.figures.writeGapSeconds).toBeUndefined();
    expect(switched?.figures.acknowledged?.median).toBe(3600);
  });

  test("versions are found in what programs answer", () => {
    expect(versionIn("postgres (PostgreSQL) 17.6 (Debian 17.6-0+deb13u1)")).toBe("17.6");
    expect(versionIn("HAProxy version 3.0.11-1 2025/06/01")).toBe("3.0.11");
    expect(versionIn("no idea")).toBeUndefined();
  });
});

/** Attributes of the first element with a class. */
function attributesOf(svg: string, name: string): Record<string, string> {
  const tag = new RegExp(`<\\w+[^>]*class="${name}"[^>]*>`).exec(svg)?.[0] ?? "";
  const pairs = [...tag.matchAll(/([\w-]+)="([^"]*)"/g)];
  return Object.fromEntries(pairs.map(([, key = "", value = ""]) => [key, value]));
}

function pointsOf(svg: string, name: string): number[][] {
  const { points = "" } = attributesOf(svg, name);
  return points.split(" ").map((point) => point.split(",").map(Number));
}

describe("the curve", () => {
  const svg = curveSvg(result(), "run-1");

  test("has a point a bucket, and the area stands on the axis", () => {
    expect(pointsOf(svg, "reads")).toHaveLength(80);
    expect(pointsOf(svg, "pages")).toHaveLength(80);
    const area = pointsOf(svg, "writes");
    expect(area).toHaveLength(82);
    const ground = area[0]?.[1] ?? 0;
    expect(area.at(-1)?.[1]).toBe(ground);
    // 200 writes a second is the top tick; within the gap the area lies on the ground.
    expect(area[33]?.[1]).toBe(ground);
    expect(area[1]?.[1]).toBeCloseTo(ground - 220, 0);
  });

  test("shades the gap where it was, and says how long", () => {
    const { x, width } = attributesOf(svg, "gap");
    const [left, right] = [52, 946];
    expect(Number(x)).toBeCloseTo(left + ((right - left) * 8) / 20, 0);
    expect(Number(width)).toBeCloseTo(((right - left) * 2) / 20, 0);
    expect(svg).toContain(">no write for 2.00 s</text>");
  });

  test("has a red bar for each bucket with failed writes", () => {
    expect(svg.match(/class="failed"/g)).toHaveLength(8);
  });

  test("puts marks at their time, with their words", () => {
    const [fault, full] = [...svg.matchAll(/<line x1="([\d.]+)"[^>]*class="mark"/g)];
    expect(Number(fault?.[1])).toBeCloseTo(52 + (894 * 8) / 20, 0);
    expect(Number(full?.[1])).toBeCloseTo(52 + (894 * 19) / 20, 0);
    expect(svg).toContain(">fault: leader-killed</text>");
    // At the right edge the label stands left of its line.
    expect(svg).toMatch(/text-anchor="end">full redundancy</);
  });

  test("can be read by those who do not see it, and has units", () => {
    expect(svg).toContain('role="img" aria-labelledby="run-1-title run-1-desc"');
    expect(svg).toMatch(/<title id="run-1-title">[^<]*leader-killed<\/title>/);
    expect(svg).toMatch(/<desc id="run-1-desc">3600 acknowledged, 12 rejected and 3 unanswered/);
    expect(svg).toContain("was 2.00 s. Marks: 8.0 s: fault: leader-killed; 19.0 s: full redu");
    expect(svg).toContain("seconds since the load began");
    expect(svg).toContain("calls per second");
  });

  test("without any time, gap or begin is still a picture", () => {
    const { writeGapSeconds: _, ...without } = result({ curve: EMPTY, marks: [] });
    const empty = curveSvg(without, "x");
    expect(empty).not.toContain("NaN");
    expect(empty).not.toContain("Infinity");
    expect(empty).not.toContain('class="gap"');
    expect(empty).toContain("was not measured");
  });
});

describe("marks", () => {
  const x = scaleOf([0, 100], [0, 1000]);
  const place = (...marks: [number, string][]) =>
    placeMarks(
      marks.map(([at, text]) => ({ at, text })),
      0,
      x,
      1000,
    );

  test("whose labels meet get a line each, and none is crossed by another's line", () => {
    const placed = place([10, "fault: leader-killed"], [12, "undone: something"], [14, "full"]);
    expect(placed.map(({ level }) => level)).toEqual([2, 1, 0]);
    expect(place([10, "fault"], [60, "full redundancy"]).map(({ level }) => level)).toEqual([0, 0]);
  });

  test("at the right edge stand above what they reach over", () => {
    const placed = place([80, "undone: the old leader again"], [97, "full redundancy"]);
    expect(placed.map(({ anchor }) => anchor)).toEqual(["start", "end"]);
    expect(placed.map(({ level }) => level)).toEqual([0, 1]);
    // Shortened, so that the line of the next does not run through it.
    expect(placed[0]?.label).toMatch(/^undone.*…$/);
  });

  test("are shortened in the picture and whole in its tooltip", () => {
    const text = `undone: ${"long ".repeat(20)}<b>`;
    const [mark] = place([1, text]);
    expect(mark?.label.length).toBeLessThanOrEqual(44);
    const drawn = drawMarks(place([1, text]), 20, 240);
    expect(drawn).toContain("long &lt;b&gt;</title>");
    expect(drawn).not.toContain("<b>");
  });
});

test("ticks are round and reach the highest value", () => {
  expect(ticksUpTo(433, 5)).toEqual([0, 100, 200, 300, 400, 500]);
  expect(ticksUpTo(1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(ticksUpTo(24.9, 12).at(-1)).toBe(25);
  expect(ticksUpTo(0, 5).every(Number.isFinite)).toBe(true);
});

test("figures have words and units", () => {
  expect(figureOf("writeGapSeconds").words).toBe("longest time without a write");
  expect(figureOf("somethingSeconds")).toEqual({ words: "somethingSeconds", unit: "s" });
  expect([0.094, 2.306, 23.44, 120.4].map(seconds)).toEqual([
    "0.09 s",
    "2.31 s",
    "23.4 s",
    "120 s",
  ]);
});

describe("the page", () => {
  const machine = { cores: 2, memoryMiB: 24_576, docker: "28.5", versions: { patroni: "4.0.7" } };
  const startedAt = "2026-11-25T09:30:00.000Z";
  const runs = [
    result({ notes: ["<script>alert(1)</script>"] }),
    { ...missed, verdicts: [{ ...missed.verdicts[0], member: "m", lost: ["1/2", "3/4"] }] },
    skipped,
  ] as DrillResult[];
  const html = drillHtml(drillReport({ stack: "dev", startedAt, machine, planned: 3 }, runs));

  test("says how many of how many ran when not all did, and nothing of a machine unknown", () => {
    const about = { stack: "dev", startedAt, machine: UNKNOWN, planned: 5 };
    const partial = drillHtml(drillReport({ ...about, ended: "interrupted" }, [result()]));
    expect(partial).toContain("1 of 5 drills ran: a person ended it");
    expect(partial).toContain('<strong class="MISSED">1 of 1 drills passed');
    expect(partial).toContain("a machine that gave no answer · Docker unknown");
    expect(html).not.toContain("drills ran");
  });

  test("needs nothing from elsewhere and runs nothing", () => {
    expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|https?:/);
    expect(html).toContain("&lt;script&gt;");
    expect(html).toContain("color-scheme: light dark");
  });

  test("has a section a run, a picture for each that took place, and ids of their own", () => {
    expect(html.match(/<section id="run-\d"/g)).toHaveLength(3);
    expect(html.match(/<svg /g)).toHaveLength(2);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) {
      expect(ids).toContain(target);
    }
  });

  test("says what was promised, what was measured, and what is lost", () => {
    expect(html).toContain("1 of 3 drills passed, 1 missed, 1 skipped");
    expect(html).toContain("2 cores, 24 GiB of memory · Docker 28.5 · patroni 4.0.7");
    expect(html).toMatch(/time to full redundancy<\/td><td class="number">not measured</);
    expect(html).toContain("2 (1/2, 3/4)");
    expect(html).toContain("Not run here: no loop devices on this machine");
    expect(html).toContain("MISSED: 1 of 2 passed");
    expect(html).toContain("2.00 / 7.50 / 7.50 s");
  });
});
