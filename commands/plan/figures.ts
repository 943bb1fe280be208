/** What drills measured: this stack's own records, else the figures in docs/drills.md. Nothing is made up. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE, ROOT } from "../paths.ts";
import { percentile } from "../statistics.ts";
import type { Figure, Figures } from "./types.ts";

const DOCS = "docs/drills.md";

/** The figures for a stack, a drill of its own before the same one in the docs. */
export function readFigures(stack: string): Figures {
  const docs = figuresOfDocs(textOf(join(ROOT, DOCS)), DOCS);
  return { ...docs, ...recordedFigures(stack) };
}

/** The rows of a table whose columns are drill, n, and `median, max` of the write gap in seconds. Pure. */
export function figuresOfDocs(text: string, source: string): Figures {
  const row = /^ *\| `([a-z-]+)` \| (\d+) \| ([\d.]+) s, ([\d.]+) s \|/gm;
  const figures = [...text.matchAll(row)].map(
    ([, drill = "", n, median, max]): [string, Figure] => [
      drill,
      { drill, n: Number(n), medianSeconds: Number(median), maxSeconds: Number(max), source },
    ],
  );
  return Object.fromEntries(figures);
}

interface Run {
  readonly drill: string;
  readonly skipped?: string;
  readonly error?: string;
  readonly writeGapSeconds?: number;
}

function recordedFigures(stack: string): Figures {
  const folder = join(PRIVATE, "drills", stack);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const runs = names.flatMap((name): Run[] => {
    try {
      const report = JSON.parse(textOf(join(folder, name, "results.json"))) as { runs?: Run[] };
      return report.runs ?? [];
    } catch {
      return []; // no report, or one that is being written
    }
  });
  return figuresOfRuns(runs, `drills on this stack (.holdfast/drills/${stack})`);
}

/** All runs of a drill together, without those that were skipped or went wrong. Pure. */
export function figuresOfRuns(runs: readonly Run[], source: string): Figures {
  const figures: Record<string, Figure> = {};
  for (const drill of new Set(runs.map((run) => run.drill))) {
    const gaps = runs
      .filter((run) => run.drill === drill && run.skipped === undefined && run.error === undefined)
      .flatMap(({ writeGapSeconds }) => writeGapSeconds ?? []);
    const median = percentile(gaps, 50);
    if (median !== undefined) {
      const maxSeconds = Math.max(...gaps);
      figures[drill] = { drill, n: gaps.length, medianSeconds: median, maxSeconds, source };
    }
  }
  return figures;
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
