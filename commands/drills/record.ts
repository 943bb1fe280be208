import type { LoadRecord, Mark, OrderTry, Outcome, ReadCall, WriteCall } from "./types.ts";

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  a: "acknowledged",
  r: "rejected",
  u: "unknown",
};

/** One line of the load's output: see images/drill/lib/load/journal.py. */
export type Entry =
  | { readonly kind: "begin" | "end"; readonly at: number }
  | { readonly kind: "write"; readonly call: WriteCall }
  | { readonly kind: "read" | "page"; readonly call: ReadCall }
  | { readonly kind: "order"; readonly call: OrderTry }
  | { readonly kind: "mark"; readonly mark: Mark };

/**
 * Reads one line. Pure.
 *
 * @throws Error when it is none of the load's lines: a lost line would be a lost row
 */
export function parseEntry(line: string): Entry {
  const [word = "", ...fields] = line.split(" ");
  switch (word) {
    case "begin":
    case "end":
      return { kind: word, at: number(fields[0], line) };
    case "w":
      return { kind: "write", call: writeOf(fields, line) };
    case "r":
      return { kind: "read", call: readOf(fields, line) };
    case "p":
      return { kind: "page", call: readOf(fields, line) };
    case "o":
      return { kind: "order", call: orderOf(fields, line) };
    case "m":
      return { kind: "mark", mark: { at: number(fields[0], line), text: text(fields, 1) ?? "" } };
    default:
      throw strange(line);
  }
}

function writeOf(fields: readonly string[], line: string): WriteCall {
  const outcome = OUTCOMES[fields[4] ?? ""];
  if (outcome === undefined) {
    throw strange(line);
  }
  const acknowledged = outcome === "acknowledged";
  const [timeline, server, error] = [given(fields[5]), given(fields[6]), text(fields, 8)];
  return {
    client: number(fields[0], line),
    sequence: number(fields[1], line),
    begin: number(fields[2], line),
    end: number(fields[3], line),
    outcome,
    ...(acknowledged && timeline !== undefined ? { timeline: number(timeline, line) } : {}),
    ...(acknowledged && server !== undefined ? { server } : {}),
    ...(error === undefined ? {} : { error }),
    ...(fields[7] === "h" ? { hung: true } : {}),
  };
}

function readOf(fields: readonly string[], line: string): ReadCall {
  const error = text(fields, 5);
  if (fields[3] !== "0" && fields[3] !== "1") {
    throw strange(line);
  }
  return {
    client: number(fields[0], line),
    begin: number(fields[1], line),
    end: number(fields[2], line),
    ok: fields[3] === "1",
    ...(error === undefined ? {} : { error }),
    ...(fields[4] === "h" ? { hung: true } : {}),
  };
}

function orderOf(fields: readonly string[], line: string): OrderTry {
  const error = text(fields, 7);
  return {
    client: number(fields[0], line),
    number: number(fields[1], line),
    begin: number(fields[2], line),
    end: number(fields[3], line),
    status: number(fields[4], line),
    retryAfter: fields[5] === "a",
    ...(error === undefined ? {} : { error }),
    ...(fields[6] === "h" ? { hung: true } : {}),
  };
}

/** A field's value; `-` stands for none. */
function given(field: string | undefined): string | undefined {
  return field === undefined || field === "-" ? undefined : field;
}

/** The rest of a line, which may have blanks in it. */
function text(fields: readonly string[], from: number): string | undefined {
  return given(fields.slice(from).join(" "));
}

function number(field: string | undefined, line: string): number {
  const value = Number(field);
  if (field === undefined || field === "" || !Number.isFinite(value)) {
    throw strange(line);
  }
  return value;
}

function strange(line: string): Error {
  return new Error(`the load printed a line that is none of its own: ${line.slice(0, 200)}`);
}

/** Collects what a load prints, and answers who waits for something in it. */
export class Recorder {
  readonly writes: WriteCall[] = [];
  readonly reads: ReadCall[] = [];
  readonly pages: ReadCall[] = [];
  readonly orders: OrderTry[] = [];
  readonly marks: Mark[] = [];
  /** From when on everything was answered; until `ready`, when the load began. */
  #begin: number | undefined;
  #end: number | undefined;
  readonly #watchers = new Set<(entry: Entry) => void>();

  /** Takes one line. @throws Error when it is none of the load's lines */
  take(line: string): void {
    const entry = parseEntry(line);
    switch (entry.kind) {
      case "begin":
        this.#begin = entry.at;
        break;
      case "end":
        this.#end = entry.at;
        break;
      case "write":
        this.writes.push(entry.call);
        break;
      case "read":
        this.reads.push(entry.call);
        break;
      case "page":
        this.pages.push(entry.call);
        break;
      case "order":
        this.orders.push(entry.call);
        break;
      case "mark":
        this.marks.push(entry.mark);
        break;
    }
    for (const watch of [...this.#watchers]) {
      watch(entry);
    }
  }

  /** Calls `watch` for each entry from now on; the returned function ends that. */
  watch(watch: (entry: Entry) => void): () => void {
    this.#watchers.add(watch);
    return () => this.#watchers.delete(watch);
  }

  /** The measured time begins here: what came before was the warm-up. */
  ready(at: number): void {
    this.#begin = at;
  }

  /** Whether the load said that all its calls have ended. */
  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Everything so far. A load that did not end in order ends with its last call. */
  record(): LoadRecord {
    const { writes, reads, pages, orders, marks } = this;
    const last = [writes, reads, pages, orders].map((calls) => calls.at(-1)?.end ?? 0);
    const end = this.#end ?? Math.max(this.#begin ?? 0, ...last);
    return { begin: this.#begin ?? end, end, writes, reads, pages, orders, marks };
  }
}
