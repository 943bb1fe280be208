import { seconds } from "../drills/report/figures.ts";
import type { Summary } from "../drills/report/json.ts";
import type { Spread } from "../statistics.ts";
import { alignedTable } from "../ui.ts";
import type { BenchReport } from "./report.ts";
import type { Goal, Row } from "./types.ts";

/** Column heads and cells of both tables, for the terminal and for docs/performance.md. */
export const THROUGHPUT_HEAD = [
  ...["load", "replication", "path", "n", "TPS (spread)", "of (spread)"],
  ...["p50 ms, ratio", "p95 ms, ratio", "p99 ms, ratio"],
];
export const GAP_HEAD = ["drill", "n", "no write (spread)", "one client (spread)", "lost"];

/** What a person reads at the end. Pure. */
export function benchTable(report: BenchReport): string {
  const { rows, goals, drills, errors } = report;
  const parts = [
    ...(rows.length === 0 ? [] : [alignedTable([THROUGHPUT_HEAD, ...rows.map(rowCells)]), ""]),
    ...goals.map((goal) => `  ${goalLine(goal)}`),
    ...(goals.length === 0 ? [] : [""]),
    ...(drills.length === 0 ? [] : [alignedTable([GAP_HEAD, ...drills.map(gapCells)]), ""]),
    ...errors.map((error) => `  wrong: ${error}`),
  ];
  return parts.join("\n").trimEnd();
}

/** `1294 (1200 to 1310)`, `0.70 direct (0.68 to 0.71)`, `6.21, 1.43 x`. Pure. */
export function rowCells(row: Row): string[] {
  const { load, replication, path, tps, ratios, against } = row;
  const latency = (figure: "p50Ms" | "p95Ms" | "p99Ms") => {
    const { median } = row[figure];
    const written = median.toFixed(median < 10 ? 2 : 1);
    return ratios === null ? written : `${written}, ${ratios[figure].median.toFixed(2)} x`;
  };
  return [
    ...[load, replication, path, String(tps.n), spread(tps, 0)],
    ratios === null ? "-" : spread(ratios.tps, 2, ` ${against}`),
    ...[latency("p50Ms"), latency("p95Ms"), latency("p99Ms")],
  ];
}

/** Median seconds with their spread; `lost` is the worst of all runs. Pure. */
export function gapCells({ drill, n, figures }: Summary): string[] {
  const gap = (one: Spread | undefined) =>
    one === undefined ? "-" : `${seconds(one.median)} (${seconds(one.min)} to ${seconds(one.max)})`;
  return [
    ...[drill, String(n), gap(figures.writeGapSeconds), gap(figures.clientGapSeconds)],
    figures.lost === undefined ? "-" : String(figures.lost.max),
  ];
}

/** Pure. */
export function goalLine({ load, path, least, measured, met }: Goal): string {
  const found = measured === null ? "not measured" : measured.toFixed(2);
  const word = met ? "met" : "MISSED";
  return `${load} through ${path}: ${found} of the leader under quorum, goal at least ${least.toFixed(2)}: ${word}`;
}

function spread({ median, min, max }: Spread, digits: number, unit = ""): string {
  const written = (value: number) => value.toFixed(digits);
  return `${written(median)}${unit} (${written(min)} to ${written(max)})`;
}
