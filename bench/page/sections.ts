/** The measured parts of docs/performance.md, as Markdown. Pure. */
import type { BenchReport } from "../../commands/bench/report.ts";
import {
  GAP_HEAD,
  gapCells,
  goalLine,
  rowCells,
  THROUGHPUT_HEAD,
} from "../../commands/bench/table.ts";
import { percentile, spreadOf } from "../../commands/statistics.ts";
import type { Doing, Size, SizesReport } from "./types.ts";

/** Parts by the name in the page's marks. */
export type Sections = Readonly<Record<string, string>>;

const DOING: Readonly<Record<Doing, string>> = {
  up: "`up`, from nothing",
  upAgain: "`up`, nothing to do",
  preview: "`preview`",
};

/** The parts that a bench has measured; nothing of what it was not asked for. */
export function benchSections(report: BenchReport): Sections {
  const { rows, goals, drills } = report;
  const throughput = [
    conditions(report),
    "",
    ...markdownTable(THROUGHPUT_HEAD, rows.map(rowCells)),
    "",
    ...goals.map((goal) => `- ${goalLine(goal)}`),
  ];
  const gaps = [machineLine(report), "", ...markdownTable(GAP_HEAD, drills.map(gapCells))];
  return {
    ...(rows.length > 0 ? { throughput: throughput.join("\n").trimEnd() } : {}),
    ...(drills.length > 0 ? { gaps: gaps.join("\n") } : {}),
  };
}

/** The part that bench/sizes has measured. */
export function sizesSections({ at, cores, sizes, growth }: SizesReport): Sections {
  if (sizes.length === 0) {
    return {};
  }
  const head = ["", ...sizes.map(({ replicas }) => `${replicas} replicas`)];
  const doing = Object.keys(DOING) as Doing[];
  const times = doing.map((what) => [DOING[what], ...sizes.map((size) => timesOf(size, what))]);
  const tiers = [...new Set(sizes.flatMap(({ memory }) => memory.map(({ tier }) => tier)))];
  const memory = tiers.map((tier) => [
    `memory: ${tier}`,
    ...sizes.map((one) => memoryOf(one, tier)),
  ]);
  const grown = growth.map(
    ({ what, replicas, times: ratio, replicasTimes, kept }) =>
      `- ${DOING[what]}, ${replicas} replicas: ${ratio.toFixed(2)} times as long with ${replicasTimes.toFixed(1)} times as many: ${kept ? "kept" : "MISSED"}`,
  );
  const loads = sizes.map(({ loadAverage }) => loadAverage.toFixed(1)).join(", ");
  const said = `${at.slice(0, 10)}, ${cores} cores, load average before each size ${loads}:`;
  return {
    sizes: [said, "", ...markdownTable(head, [...times, ...memory]), "", ...grown]
      .join("\n")
      .trimEnd(),
  };
}

/** @throws Error for a file of neither */
export function sectionsOf(json: unknown): Sections {
  const found = json as Partial<BenchReport & SizesReport>;
  if (Array.isArray(found.samples) && Array.isArray(found.rows)) {
    return benchSections(found as BenchReport);
  }
  if (Array.isArray(found.sizes)) {
    return sizesSections(found as SizesReport);
  }
  throw new Error("neither the JSON of ./holdfast bench nor of bench/sizes");
}

/**
 * The page with these parts in place of those between its marks, `<!-- figures: NAME -->` and
 * `<!-- end -->`.
 *
 * @throws Error when the page has no such marks
 */
export function withSections(page: string, sections: Sections): string {
  return Object.entries(sections).reduce((text, [name, section]) => {
    const begin = `<!-- figures: ${name} -->`;
    const from = text.indexOf(begin);
    const to = text.indexOf("<!-- end -->", from);
    if (from < 0 || to < 0) {
      throw new Error(`the page has no "${begin}" with an end`);
    }
    return `${text.slice(0, from + begin.length)}\n${section}\n${text.slice(to)}`;
  }, page);
}

function conditions(report: BenchReport): string {
  const { options, database, samples } = report;
  const loads = samples.flatMap(({ loadAverage }) => loadAverage ?? []);
  const load = spreadOf(loads);
  const loaded =
    load === undefined
      ? ""
      : ` The machine's load average before the runs: median ${load.median.toFixed(1)}, at most ${load.max.toFixed(1)}.`;
  return [
    machineLine(report),
    `${options.clients} clients, scale ${options.scale}, ${options.seconds} s a run, ${options.rounds} rounds;`,
    `${database.replicas} replicas, ${database.memoryMiB} MiB a member.${loaded}`,
  ].join("\n");
}

function machineLine({ startedAt, machine, ended }: BenchReport): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const whole = ended === undefined ? "" : ` The run was ${ended} before its end.`;
  return `${startedAt.slice(0, 10)}, ${machine.cores} cores, ${Math.round(machine.memoryMiB / 1024)} GiB, Docker ${machine.docker}, ${versions.join(", ")}.${whole}`;
}

function timesOf(size: Size, what: Doing): string {
  const values = size.seconds[what];
  const [median, spread] = [percentile(values, 50), spreadOf(values)];
  if (median === undefined || spread === undefined) {
    return "-";
  }
  const range = `${spread.min.toFixed(1)} to ${spread.max.toFixed(1)}, n = ${spread.n}`;
  return values.length === 1
    ? `${median.toFixed(1)} s (n = 1)`
    : `${median.toFixed(1)} s (${range})`;
}

function memoryOf({ memory }: Size, wanted: string): string {
  const row = memory.find(({ tier }) => tier === wanted);
  return row === undefined ? "-" : `${Math.round(row.mebibytes.mean)} MiB in ${row.containers}`;
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}
