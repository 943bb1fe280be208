/** Faults of settings: what is wrong, where, and the line that mends it. Pure. */
import type { Path } from "./tree.ts";

export interface Assignment {
  readonly path: Path;
  readonly value: string | number | boolean;
}

/** How a fault is mended: by removing a key, by setting one or two, or by both. */
export interface Mend {
  readonly remove?: Path;
  readonly set?: Assignment;
  readonly also?: Assignment;
  /** Keys to set as secrets; Pulumi asks for their values, so that no shell remembers them. */
  readonly secrets?: readonly string[];
}

export interface Fault {
  /** The config key, as a path. Empty for a fault of no key. */
  readonly path: Path;
  /** True where the key itself is the fault, and the value in it does not matter. */
  readonly keyOnly?: true;
  /** What is wrong and what is allowed. */
  readonly problem: string;
  readonly mend: Mend;
  /**
   * Other settings that the fault compares with: when one of these is itself at fault, this fault
   * is not reported.
   */
  readonly involves?: readonly Path[];
}

/** Where a faulty value came from. */
export type Origin = "config" | "record" | "default";

export interface Place {
  readonly stack: string;
  /** The record's file, as people see it: `.holdfast/stacks/dev.json`. */
  readonly recordFile: string;
  readonly originOf: (path: Path) => Origin;
  /** The value in force at a path, as it was written. */
  readonly writtenAt: (path: Path) => unknown;
}

/** Thrown for settings that cannot be used; the message lists every fault. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly faults: readonly Fault[];

  constructor(message: string, faults: readonly Fault[] = []) {
    super(message);
    this.faults = faults;
  }
}

/** All faults as one text: a heading, then each fault with its mending lines. */
export function describeFaults(faults: readonly Fault[], place: Place): string {
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  const lines = faults.flatMap((fault) => describeFault(fault, place));
  return [`Settings of stack ${place.stack}: ${count}`, ...lines].join("\n");
}

function describeFault(fault: Fault, place: Place): string[] {
  const origin = place.originOf(fault.path);
  const given = fault.keyOnly ? "" : ` = ${shown(place.writtenAt(fault.path))}`;
  const from = { config: "", record: ` (in ${place.recordFile})`, default: " (the default)" };
  const mends = mendLines(fault.mend, origin, place).map((line) => `      ${line}`);
  return [`  ${keyOf(fault.path)}${given}${from[origin]}: ${fault.problem}`, ...mends];
}

function mendLines(mend: Mend, origin: Origin, place: Place): string[] {
  const lines: string[] = [];
  if (mend.remove && origin === "record") {
    lines.push(`remove "${keyOf(mend.remove)}" from ${place.recordFile}`);
  } else if (mend.remove) {
    const path = mend.remove.length > 1 ? " --path" : "";
    lines.push(`pulumi config rm${path} ${quoted(keyOf(mend.remove))} --stack ${place.stack}`);
  }
  // What the record misspelt is for the launcher to find out again, not for the config to take
  // over.
  if (mend.remove && origin === "record") return lines;
  for (const { path, value } of [mend.set, mend.also].filter((step) => step !== undefined)) {
    const words = `${quoted(keyOf(path))} ${quoted(String(value))}`;
    lines.push(`pulumi config set --path ${words} --stack ${place.stack}`);
  }
  for (const key of mend.secrets ?? []) {
    lines.push(`pulumi config set --secret ${key} --stack ${place.stack}`);
  }
  return lines;
}

/**
 * A path in Pulumi's notation: `ports.pooler[1]`, `database.parameters["auto_explain.log_nested"]`.
 */
export function keyOf(path: Path): string {
  return path.reduce<string>((text, step, index) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (!/^[A-Za-z0-9_-]+$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return index === 0 ? step : `${text}.${step}`;
  }, "");
}

/** A word for the shell, in single quotes where it needs them. */
function quoted(word: string): string {
  return /^[A-Za-z0-9_.,/:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The known word that was probably meant: at most two edits away, and fewer for short words. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const limit = Math.min(2, Math.floor(word.length / 2));
  const ranked = known
    .map((candidate) => ({
      candidate,
      edits: editDistance(word.toLowerCase(), candidate.toLowerCase()),
    }))
    .filter(({ edits }) => edits <= limit)
    .sort((a, b) => a.edits - b.edits);
  return ranked[0]?.candidate;
}

/**
 * Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other.
 */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          at(i - 1, j) + 1,
          at(i, j - 1) + 1,
          at(i - 1, j - 1) + same,
          swapped ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return at(a.length, b.length);
}
