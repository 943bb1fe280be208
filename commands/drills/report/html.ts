import type { Spread } from "../../statistics.ts";
import type { DrillResult } from "../types.ts";
import { curveSvg } from "./curve.ts";
import { figureOf, missesOf, outcomeOf, seconds, shown, shownLimit } from "./figures.ts";
import type { DrillReport, Summary } from "./json.ts";
import { STYLE } from "./style.ts";
import { escaped } from "./svg.ts";
import { timelineOf, totalOf } from "./table.ts";

/** The whole run as one page that needs nothing else: no script, no file, no network. Pure. */
export function drillHtml(report: DrillReport): string {
  const { stack, runs } = report;
  const title = `Drills of stack ${stack}: ${totalOf(runs)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Drills of stack ${escaped(stack)}</h1>
<p><strong class="${report.passed ? "passed" : "MISSED"}">${escaped(totalOf(runs))}</strong></p>
${endedLine(report)}<p class="soft">${escaped(machineLine(report))}</p>
${summaryTable(report.summary, runs)}
${runs.map(section).join("\n")}
</body>
</html>
`;
}

/** That not all ran, and why; nothing when all did. */
function endedLine({ ended, planned, runs }: DrillReport): string {
  if (ended === undefined) {
    return "";
  }
  const why = ended === "interrupted" ? "a person ended it" : "the stack did not come back";
  return `<p class="MISSED">${runs.length} of ${planned} drills ran: ${why}</p>\n`;
}

function machineLine({ startedAt, machine }: DrillReport): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const gigabytes = (machine.memoryMiB / 1024).toFixed(0);
  const size =
    machine.cores > 0
      ? `${machine.cores} cores, ${gigabytes} GiB of memory`
      : "a machine that gave no answer";
  return [`Begun ${timeOf(startedAt)}`, size, `Docker ${machine.docker}`, ...versions].join(" · ");
}

/** An ISO time as people write it. */
function timeOf(iso: string): string {
  return `${iso.slice(0, 19).replace("T", " ")} UTC`;
}

const COLUMNS = ["writeGapSeconds", "readGapSeconds", "pageGapSeconds", "redundancySeconds"];
const COUNTS = ["lost", "duplicated", "phantom", "hung", "unknown", "rejected"];
const SHOP = ["ordersConfirmed", "ordersLost", "ordersDuplicated", "ordersBroken", "pagesFailed"];

/** One line a drill: the worst of all runs for what must not be, the spread for what takes time. */
function summaryTable(summary: readonly Summary[], runs: readonly DrillResult[]): string {
  const head = [
    `<th>drill</th><th>runs</th><th>result</th>`,
    ...COUNTS.map((name) => `<th class="number">${escaped(short(name))}</th>`),
    ...SHOP.map((name) => `<th class="number">${escaped(short(name))}</th>`),
    ...COLUMNS.map((name) => `<th class="number">${escaped(short(name))}</th>`),
  ];
  const rows = summary.map(({ drill, n, passed, skipped, figures }) => {
    const first = runs.findIndex((run) => run.drill === drill);
    const word = n === 0 ? "skipped" : passed === n ? "passed" : "MISSED";
    const result = n > 1 ? `${passed === n ? "" : "MISSED: "}${passed} of ${n} passed` : word;
    const cells = [
      `<td><a href="#${idOf(first)}">${escaped(drill)}</a></td>`,
      `<td>${n}${skipped > 0 ? ` (${skipped} skipped)` : ""}</td>`,
      `<td class="${word}">${result}</td>`,
      ...COUNTS.map((name) => `<td class="number">${figures[name]?.max ?? "-"}</td>`),
      ...SHOP.map((name) => `<td class="number">${figures[name]?.max ?? "-"}</td>`),
      ...COLUMNS.map((name) => `<td class="number">${spread(figures[name])}</td>`),
    ];
    return `<tr>${cells.join("")}</tr>`;
  });
  const several = summary.some(({ n }) => n > 1);
  const how = several
    ? "Counts are the worst of all runs; times are median / p95 (nearest rank) / longest."
    : "Objectives, members and notes stand with each drill below.";
  return `<div class="scroll"><table class="summary"><thead><tr>${head.join("")}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>
<p class="soft">${how}</p>`;
}

const SHORT: Readonly<Record<string, string>> = {
  writeGapSeconds: "write gap",
  readGapSeconds: "read gap",
  pageGapSeconds: "page gap",
  redundancySeconds: "redundancy",
  ordersConfirmed: "orders",
  ordersLost: "orders lost",
  ordersDuplicated: "orders twice",
  ordersBroken: "orders broken",
  pagesFailed: "pages failed",
};

function short(name: string): string {
  return SHORT[name] ?? name;
}

function spread(figure: Spread | undefined): string {
  if (figure === undefined) {
    return "-";
  }
  const { n, median, p95, max } = figure;
  return n === 1
    ? seconds(median)
    : `${[median, p95, max].map((value) => value.toFixed(2)).join(" / ")} s`;
}

function idOf(index: number): string {
  return `run-${index + 1}`;
}

function section(result: DrillResult, index: number): string {
  const word = outcomeOf(result);
  const heading = `<h2>${escaped(result.drill)}: <span class="${word}">${word}</span></h2>`;
  const body =
    result.skipped === undefined
      ? ran(result, idOf(index))
      : [`<p>Not run here: ${escaped(result.skipped)}</p>`];
  return `<section id="${idOf(index)}">\n${[heading, ...body].join("\n")}\n</section>`;
}

function ran(result: DrillResult, id: string): string[] {
  const misses = missesOf(result).map((miss) => `<p class="MISSED">${escaped(miss)}</p>`);
  return [
    `<p>${escaped(result.fault)}</p>`,
    `<p class="soft">${escaped(factsLine(result))}</p>`,
    ...misses,
    `<div class="scroll">${curveSvg(result, id)}</div>`,
    LEGEND,
    `<div class="columns">${[objectives(result), verdicts(result)].join("")}</div>`,
    marksList(result),
    result.notes.length === 0 ? "" : `<h3>Notes</h3><ul>${items(result.notes)}</ul>`,
  ].filter(Boolean);
}

const LEGEND = `<p class="legend"><span class="writes">acknowledged writes</span>
<span class="reads">reads</span> <span class="pages">pages</span>
<span class="failed">rejected and unanswered writes</span>
<span class="gap">longest time without a write</span></p>`;

function factsLine(result: DrillResult): string {
  const { leaderBefore = "?", leaderAfter = "?", acknowledged, rejected, unknown } = result;
  const leader = leaderBefore === leaderAfter ? leaderBefore : `${leaderBefore} → ${leaderAfter}`;
  return [
    `leader ${leader}`,
    `timeline ${timelineOf(result)}`,
    `writes: ${acknowledged} acknowledged, ${rejected} rejected, ${unknown} unanswered`,
    `slowest write ${shown(result.longestWriteSeconds, "s")}`,
    `begun ${timeOf(result.startedAt)}`,
  ].join(" · ");
}

function objectives({ objectives: all }: DrillResult): string {
  const rows = all.map(({ name, limit, measured, met }) => {
    const { words, unit } = figureOf(name);
    const found = measured === undefined ? "not measured" : shown(measured, unit);
    const word = met ? "passed" : "MISSED";
    return (
      `<tr><td>${escaped(words)}</td><td class="number">${found}</td>` +
      `<td class="number">${shownLimit(limit, unit)}</td><td class="${word}">${met ? "met" : "missed"}</td></tr>`
    );
  });
  const head =
    '<tr><th>objective</th><th class="number">measured</th><th class="number">limit</th><th></th></tr>';
  return `<div><h3>Objectives</h3><table><thead>${head}</thead><tbody>${rows.join("")}</tbody></table></div>`;
}

/** What each member has; the first few names of what is wrong, for those who look for it. */
function verdicts({ verdicts: all }: DrillResult): string {
  if (all.length === 0) {
    return "";
  }
  const kinds = ["lost", "duplicated", "phantom", "reordered"] as const;
  const rows = all.map((verdict) => {
    const cells = kinds.map((kind) => {
      const list = verdict[kind];
      const names =
        list.length === 0 ? "" : ` (${list.slice(0, 3).join(", ")}${list.length > 3 ? " …" : ""})`;
      return `<td class="number ${list.length > 0 ? "MISSED" : ""}">${list.length}${escaped(names)}</td>`;
    });
    return `<tr><td>${escaped(verdict.member)}</td><td class="number">${verdict.rows}</td>${cells.join("")}</tr>`;
  });
  const head = ["rows", ...kinds].map((word) => `<th class="number">${word}</th>`).join("");
  return `<div><h3>Ledger</h3><table><thead><tr><th>member</th>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function marksList({ marks, curve }: DrillResult): string {
  const { begin } = curve;
  if (marks.length === 0 || begin === undefined) {
    return "";
  }
  const lines = marks.map(({ at, text }) => `${(at - begin).toFixed(2)} s: ${text}`);
  return `<h3>What happened</h3><ul>${items(lines)}</ul>`;
}

function items(lines: readonly string[]): string {
  return lines.map((line) => `<li>${escaped(line)}</li>`).join("");
}
