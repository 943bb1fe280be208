import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sectionsOf, withSections } from "../../bench/page/sections.ts";
import type { SizesReport } from "../../bench/page/types.ts";
import { benchReport } from "../../commands/bench/report.ts";
import { resultOf } from "../../commands/drills/result.ts";
import { sample } from "./commands/bench/samples.ts";
import { record, rowsOf, settings } from "./commands/drills/fakes.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "performance.md"), "utf8");

const report = benchReport(
  {
    stack: "lab",
    startedAt: "2026-11-28T17:00:00.000Z",
    finishedAt: "2026-11-28T17:20:00.000Z",
    machine: { cores: 2, memoryMiB: 24_576, docker: "20.10.24", versions: { postgresql: "17.6" } },
    options: { parts: ["throughput"], rounds: 1, seconds: 10, clients: 8, scale: 10, times: 1 },
    database: { memoryMiB: 512, replicas: 2 },
  },
  {
    samples: [sample(1, "direct", 1000), sample(1, "pooler", 700)],
    drills: [
      resultOf({ drill: "switchover", startedAt: "2026-11-28T17:10:00.000Z", settings }, record(), {
        rows: [["postgres-1", rowsOf(record())]],
        redundancySeconds: 2,
      }),
    ],
    errors: [],
  },
);

const sizes: SizesReport = {
  at: "2026-11-28T18:00:00Z",
  cores: 2,
  sizes: [
    {
      replicas: 2,
      loadAverage: 1.25,
      seconds: { up: [100], upAgain: [10, 12, 11], preview: [9, 9, 9] },
      memory: [
        { tier: "postgres", containers: 3, mebibytes: { n: 3, mean: 300.4, min: 290, max: 310 } },
      ],
    },
  ],
  growth: [{ what: "up", replicas: 5, times: 1.5, replicasTimes: 2.5, kept: true }],
};

describe("sections", () => {
  test("of a bench: conditions, a table, the goal, and the gaps", () => {
    const { throughput = "", gaps = "" } = sectionsOf(JSON.parse(JSON.stringify(report)));
    expect(throughput).toMatch(
      /^2026-11-28, 2 cores, 24 GiB, Docker 20\.10\.24, postgresql 17\.6\.\n8 clients, scale 10, 10 s a run, 1 rounds;\n2 replicas, 512 MiB a member\. The machine's load average before the runs: median 2\.0, at most 2\.0\./,
    );
    expect(throughput).toContain(
      "| writes | quorum | pooler | 1 | 700 (700 to 700) | 0.70 direct (0.70 to 0.70) | 11.4, 1.43 x | 22.9, 1.43 x | 45.7, 1.43 x |",
    );
    expect(throughput).toContain("- writes through pooler: 0.70 of the leader");
    expect(gaps).toMatch(/\| switchover \| 1 \| [\d.]+ s \(.*\) \| .* \| 0 \|$/);
  });

  test("of what was not asked for there are none", () => {
    expect(sectionsOf({ ...report, rows: [], goals: [], drills: [] })).toEqual({});
    expect(sectionsOf({ ...sizes, sizes: [] })).toEqual({});
  });

  test("of sizes: times with n and spread, memory by tier, growth", () => {
    const { sizes: text = "" } = sectionsOf(sizes);
    expect(text).toContain("| `up`, from nothing | 100.0 s (n = 1) |");
    expect(text).toContain("| `up`, nothing to do | 11.0 s (10.0 to 12.0, n = 3) |");
    expect(text).toContain("| memory: postgres | 300 MiB in 3 |");
    expect(text).toContain(
      "- `up`, from nothing, 5 replicas: 1.50 times as long with 2.5 times as many: kept",
    );
  });

  test("of another file: refused", () => {
    expect(() => sectionsOf({ runs: [] })).toThrow(/neither/);
  });
});

describe("the page", () => {
  test("has a place for each section, and keeps the rest of itself", () => {
    const all = { ...sectionsOf(report), ...sectionsOf(sizes) };
    expect(Object.keys(all)).toEqual(["throughput", "gaps", "sizes"]);
    const written = withSections(page, all);
    for (const section of Object.values(all)) expect(written).toContain(section);
    expect(written).not.toContain("No run has been written here yet");
    expect(written.split("<!-- end -->")).toHaveLength(4);
    // Written anew over itself it stays as it is.
    expect(withSections(written, all)).toBe(written);
    const outside = (text: string) =>
      text.replaceAll(/(<!-- figures: \w+ -->)[\s\S]*?(<!-- end -->)/g, "$1$2");
    expect(outside(written)).toBe(outside(page));
  });

  test("without a place it is refused", () => {
    expect(() => withSections("# Performance\n", { sizes: "x" })).toThrow(/figures: sizes/);
  });
});
