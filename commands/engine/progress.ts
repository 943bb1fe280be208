import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/index.js";
import { duration, note } from "../ui.ts";
import { nameOf, typeOf } from "./state.ts";

/** How often a log without a terminal hears what is going on. */
const REPORT_MS = 15_000;
const REDRAW_MS = 500;
/** Names shown at once. */
const SHOWN = 4;

const CONTAINER = "docker:index/container:Container";

/** Something the engine works on. */
interface Running {
  readonly name: string;
  readonly verb: string;
  readonly since: number;
}

/** A resource that could not be made or changed. */
export interface Failure {
  readonly urn: string;
  readonly name: string;
  readonly type: string;
  /** Docker's name, for containers. */
  readonly container?: string;
  readonly messages: string[];
}

const VERBS: Readonly<Record<string, string>> = {
  create: "creating",
  update: "updating",
  delete: "removing",
  replace: "replacing",
  "create-replacement": "replacing",
  "delete-replaced": "removing the old",
  refresh: "reading",
  read: "reading",
  "discard-replaced": "removing the old",
};

const DONE: Readonly<Record<string, string>> = {
  create: "created",
  update: "updated",
  delete: "removed",
  "create-replacement": "replaced",
};

/**
 * Follows an engine's events: a line for each container that is done, and between them what is being waited for and for
 * how long; redrawn in place on a terminal, every 15 s elsewhere.
 */
export class EngineProgress {
  private readonly running = new Map<string, Running>();
  private readonly counts = new Map<string, number>();
  private readonly failures = new Map<string, Failure>();
  private readonly containers = new Map<string, string>();
  private readonly general: string[] = [];
  private readonly start = Date.now();
  private readonly terminal = process.stderr.isTTY === true;
  private timer: NodeJS.Timeout | undefined;
  private drawn = false;

  begin(): void {
    this.timer = setInterval(() => this.report(), this.terminal ? REDRAW_MS : REPORT_MS);
  }

  end(): void {
    clearInterval(this.timer);
    this.erase();
  }

  readonly onEvent = (event: EngineEvent): void => {
    const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent } = event;
    if (resourcePreEvent) {
      this.began(resourcePreEvent.metadata);
    }
    if (resOutputsEvent) {
      this.finished(resOutputsEvent.metadata);
    }
    if (resOpFailedEvent) {
      const { urn } = resOpFailedEvent.metadata;
      this.running.delete(urn);
      this.failureOf(urn);
    }
    if (diagnosticEvent?.severity === "error") {
      const message = plain(diagnosticEvent.message);
      if (message && diagnosticEvent.urn) {
        this.failureOf(diagnosticEvent.urn).messages.push(message);
      } else if (message) {
        this.general.push(message);
      }
    }
  };

  /** What went wrong, by resource; the stack itself last: it only says that something did. */
  get failed(): readonly Failure[] {
    return [...this.failures.values()].filter(({ messages, type }) => {
      return messages.length > 0 && !(type === "pulumi:pulumi:Stack" && this.failures.size > 1);
    });
  }

  /** Errors of no resource, e.g. of the program itself. */
  get errors(): readonly string[] {
    return this.general;
  }

  /** e.g. `63 created, 2 updated, 4 unchanged`. */
  get summary(): string {
    const parts = [...this.counts].filter(([what]) => what !== "unchanged");
    const unchanged = this.counts.get("unchanged") ?? 0;
    const texts = parts.map(([what, count]) => `${count} ${what}`);
    return [...texts, ...(unchanged > 0 ? [`${unchanged} unchanged`] : [])].join(", ");
  }

  get seconds(): number {
    return (Date.now() - this.start) / 1000;
  }

  private began({ urn, type, op, new: fresh, old }: StepEventMetadata): void {
    const name = (fresh ?? old)?.inputs?.name;
    if (type === CONTAINER && typeof name === "string") {
      this.containers.set(urn, name);
    }
    const verb = VERBS[op];
    if (verb && !isHouse(type)) {
      this.running.set(urn, { name: nameOf(urn), verb, since: Date.now() });
    }
  }

  private finished({ urn, type, op }: StepEventMetadata): void {
    const began = this.running.get(urn)?.since;
    this.running.delete(urn);
    if (isHouse(type)) {
      return; // components and the stack: names for groups
    }
    const done = op === "same" ? "unchanged" : DONE[op];
    if (!done) {
      return;
    }
    this.counts.set(done, (this.counts.get(done) ?? 0) + 1);
    if (type === CONTAINER && op !== "same") {
      const took = began ? ` (${duration((Date.now() - began) / 1000)})` : "";
      this.erase();
      note(`  ok   ${nameOf(urn)} ${done}${took}`);
    }
  }

  private failureOf(urn: string): Failure {
    let failure = this.failures.get(urn);
    if (!failure) {
      const container = this.containers.get(urn);
      failure = {
        urn,
        name: nameOf(urn),
        type: typeOf(urn),
        messages: [],
        ...(container ? { container } : {}),
      };
      this.failures.set(urn, failure);
    }
    return failure;
  }

  private report(): void {
    const line = progressLine([...this.running.values()], this.summary, this.start, Date.now());
    if (!line) {
      return;
    }
    if (this.terminal) {
      this.erase();
      process.stderr.write(line.slice(0, (process.stderr.columns || 100) - 1));
      this.drawn = true;
    } else {
      note(line);
    }
  }

  private erase(): void {
    if (this.drawn) {
      process.stderr.write("\r\u001b[K");
      this.drawn = false;
    }
  }
}

/** One line about what runs, the longest first. Pure. */
export function progressLine(
  running: readonly Running[],
  summary: string,
  startMs: number,
  nowMs: number,
): string | undefined {
  if (running.length === 0) {
    return undefined;
  }
  const longest = running.toSorted((a, b) => a.since - b.since);
  const shown = longest
    .slice(0, SHOWN)
    .map(({ name, verb, since }) => `${verb} ${name} (${duration((nowMs - since) / 1000)})`);
  const more = running.length > SHOWN ? [`and ${running.length - SHOWN} more`] : [];
  const head = [duration((nowMs - startMs) / 1000), ...(summary ? [summary] : [])].join(" · ");
  return `  …    ${head} · ${[...shown, ...more].join(", ")}`;
}

function isHouse(type: string): boolean {
  return type.startsWith("holdfast:") || type.startsWith("pulumi:");
}

/** Without the engine's colour marks and escape sequences. Pure. */
export function plain(text: string): string {
  const control = String.fromCharCode(27);
  return text
    .replace(/<\{%[^%]*%\}>/g, "")
    .replaceAll(new RegExp(`${control}\\[[0-9;]*m`, "g"), "")
    .trim();
}
