/** What a person, or a CI log, reads while a command works. Progress goes to stderr, results to stdout. */

const HEARTBEAT_MS = 30_000;
/** Steps shorter than this get no line of their own at the start. */
const ANNOUNCE_AFTER_MS = 1_000;

export function note(line = ""): void {
  process.stderr.write(`${line}\n`);
}

export function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** What a step found or did. */
export interface StepResult<T> {
  readonly value: T;
  /** Replaces the title in the closing line, e.g. with the version found. */
  readonly title?: string;
  /** Nothing had to be done. */
  readonly already?: boolean;
}

/** Lets a running step say what it is at; shown by the heartbeat. */
export type Progress = (doing: string) => void;

/**
 * Runs one step: a line when it takes longer than a moment, a heartbeat each 30 s, and a closing line with the seconds.
 *
 * Steps may run side by side: every line names its step.
 */
export async function step<T>(
  title: string,
  doing: string,
  work: (progress: Progress) => Promise<StepResult<T>>,
): Promise<T> {
  const start = Date.now();
  let current = doing;
  const announce = setTimeout(() => note(`  …    ${title}: ${current}`), ANNOUNCE_AFTER_MS);
  const heartbeat = setInterval(
    () => note(`  …    ${title}: ${seconds(start)} so far, ${current}`),
    HEARTBEAT_MS,
  );
  try {
    const result = await work((text) => {
      current = text;
    });
    const done = result.title ?? title;
    note(`  ok   ${done} (${result.already ? "already" : seconds(start)})`);
    return result.value;
  } catch (error) {
    note(`  fail ${title} (${seconds(start)})`);
    throw error;
  } finally {
    clearTimeout(announce);
    clearInterval(heartbeat);
  }
}

/** Whole seconds since a moment, e.g. `18 s`, and minutes from two on. */
export function seconds(sinceMs: number): string {
  return duration((Date.now() - sinceMs) / 1000);
}

export function duration(secondsPassed: number): string {
  const whole = Math.round(secondsPassed);
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Bytes with one unit, e.g. `16 MiB`. Pure. */
export function bytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** Names and values in two aligned columns. */
export function alignedBlock(rows: readonly (readonly [string, string])[], indent = "  "): string {
  return alignedTable(rows, indent);
}

/** Rows in aligned columns, two blanks between them; the last column is not padded. */
export function alignedTable(rows: readonly (readonly string[])[], indent = "  "): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  const lines = rows.map((row) =>
    (indent + row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")).trimEnd(),
  );
  return lines.join("\n");
}

/** A question with yes or no; `yes` answers it. Without a terminal nobody can be asked. */
export async function confirm(question: string, yes: boolean): Promise<boolean> {
  if (yes) {
    return true;
  }
  if (!process.stdin.isTTY) {
    return false;
  }
  const { createInterface } = await import("node:readline/promises");
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await reader.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    reader.close();
  }
}
