/**
 * Parsers of the notations that settings use. Pure; each returns undefined for what it does not
 * know.
 */
import { CronExpressionParser } from "cron-parser";

const secondsPer: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600, d: 86_400 };
const mebibytesPer: Readonly<Record<string, number>> = { MB: 1, GB: 1024 };

/** "30 s", "5 min", "1 h", "7 d" to seconds. One blank or none; no fractions, no sums. */
export function parseDuration(text: string): number | undefined {
  return scaled(text, /^(\d{1,9}) ?(s|min|h|d)$/, secondsPer);
}

/** "512 MB", "1 GB" to MiB. Powers of 1024, as PostgreSQL and Docker count. One blank or none. */
export function parseSize(text: string): number | undefined {
  return scaled(text, /^(\d{1,9}) ?(MB|GB)$/, mebibytesPer);
}

/** 90 to "90 s", 120 to "2 min": the largest unit without a rest. */
export function formatDuration(seconds: number): string {
  return written(seconds, secondsPer);
}

/** 1536 to "1536 MB", 2048 to "2 GB". */
export function formatSize(mebibytes: number): string {
  return written(mebibytes, mebibytesPer);
}

/**
 * What a cron line must look like: five fields of digits and `* , - /`, without names or macros.
 */
const cronField = /^[\d*,/-]+$/;

/**
 * What is wrong with a cron line, or undefined. Seconds, names (`mon`), macros (`@daily`) and the
 * extensions of single programs (`L`, `#`) are refused: every scheduler understands what remains in
 * the same way.
 */
export function cronProblem(line: string): string | undefined {
  const fields = line.trim().split(/\s+/);
  if (fields.length !== 5) {
    return `expected five fields (minute hour day month weekday), got ${fields.length}`;
  }
  const odd = fields.find((field) => !cronField.test(field));
  if (odd !== undefined) return `expected digits and * , - / only, got ${JSON.stringify(odd)}`;
  try {
    CronExpressionParser.parse(fields.join(" "), { tz: "UTC" }).next();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `not a time that comes (${reason})`;
  }
  return undefined;
}

/** Whether the text is a day of the calendar, written YYYY-MM-DD. */
export function isCalendarDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

function scaled(
  text: string,
  notation: RegExp,
  units: Readonly<Record<string, number>>,
): number | undefined {
  const [, count, unit] = notation.exec(text.trim()) ?? [];
  const factor = unit === undefined ? undefined : units[unit];
  return count === undefined || factor === undefined ? undefined : Number(count) * factor;
}

function written(amount: number, units: Readonly<Record<string, number>>): string {
  const whole = Object.entries(units).filter(
    ([, factor]) => factor === 1 || (amount > 0 && amount % factor === 0),
  );
  const [unit, factor] = whole.at(-1) ?? ["", 1];
  return `${amount / factor} ${unit}`;
}
