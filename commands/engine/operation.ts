import { createWriteStream } from "node:fs";
import * as automation from "@pulumi/pulumi/automation/index.js";
import { logPath, tail } from "../exec.ts";
import { Fault } from "../fault.ts";
import type { Ready } from "../setup/setUp.ts";
import { wasInterrupted, whileEngineRuns } from "../signals.ts";
import { note } from "../ui.ts";
import { adviceOn, LOG_LINES } from "./advice.ts";
import { EngineProgress, type Failure } from "./progress.ts";
import { keepingStackFile } from "./salt.ts";
import type { Engine } from "./workspace.ts";

/** What an operation of the Automation API takes from here. */
export interface Hooks {
  readonly onEvent: (event: automation.EngineEvent) => void;
  readonly onOutput: (text: string) => void;
  readonly onError: (text: string) => void;
  readonly color: "never";
}

export interface Outcome<T> {
  readonly result: T;
  readonly progress: EngineProgress;
}

/**
 * Runs one operation of the engine with progress, a log, signals passed on as M8 says, and the stack file kept clean.
 *
 * @param what for messages, e.g. `up`
 * @throws Fault that names what failed, with the last log lines of containers
 */
export async function operate<T>(
  ready: Ready,
  engine: Engine,
  what: string,
  work: (hooks: Hooks) => Promise<T>,
): Promise<Outcome<T>> {
  const progress = new EngineProgress();
  const log = createWriteStream(logPath(what), { flags: "a" });
  log.write(`\n=== ${what} ${engine.name} ${new Date().toISOString()}\n`);
  const onOutput = (text: string) => {
    log.write(text);
  };
  const hooks = { onEvent: progress.onEvent, onOutput, onError: onOutput, color: "never" as const };
  progress.begin();
  try {
    const result = await whileEngineRuns(() => keepingStackFile(engine.name, () => work(hooks)));
    return { result, progress };
  } catch (error) {
    progress.end();
    throw await explain(ready, engine, what, progress, error);
  } finally {
    progress.end();
    log.end();
  }
}

/** The error of an engine as a person needs it: the resource, the engine's words, the container's last words. */
async function explain(
  ready: Ready,
  engine: Engine,
  what: string,
  progress: EngineProgress,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof automation.CommandError)) {
    return error;
  }
  const where = `the whole log: ${logPath(what)}`;
  if (wasInterrupted()) {
    const summary = progress.summary ? [`done so far: ${progress.summary}`] : [];
    return new Fault(`${what} was interrupted`, ...summary, where, "repeat it to go on");
  }
  if (progress.failed.length === 0) {
    const words = progress.errors.length > 0 ? progress.errors : engineWords(error.message);
    return new Fault(`${what} failed`, ...words.flatMap(indented), where);
  }
  for (const failure of progress.failed) {
    note(`  fail ${failure.name} (${failure.type})`);
    for (const line of failureLines(failure.messages)) {
      note(`       ${line}`);
    }
    await showLogs(ready, failure);
  }
  const names = progress.failed.map(({ name }) => name).join(", ");
  const done = progress.summary ? [`done so far: ${progress.summary}`] : [];
  return new Fault(
    `${what} failed at ${names}`,
    ...done,
    where,
    ...adviceOn(what, engine.name, progress.failed),
  );
}

async function showLogs(ready: Ready, { container }: Failure): Promise<void> {
  if (!container) {
    return;
  }
  for (const docker of Object.values(ready.hosts)) {
    const { code, stdout, stderr } = await docker.run([
      "logs",
      "--tail",
      `${LOG_LINES}`,
      container,
    ]);
    if (code === 0) {
      note(`       the last lines of docker logs ${container}:`);
      for (const line of tail(stdout + stderr, LOG_LINES)) {
        note(`       | ${line}`);
      }
    }
  }
}

/** The Automation API's message carries code, output and errors: the lines that say what is wrong. Pure. */
export function engineWords(message: string): string[] {
  const killed = /Command was killed with (\w+)/.exec(message);
  if (killed) {
    return [
      `the engine was killed (${killed[1]}); ./holdfast up puts in order what it left, and goes on`,
    ];
  }
  const errors = message.split("\n").filter((line) => /error|locked|denied|refus/i.test(line));
  return tail((errors.length > 0 ? errors : message.split("\n")).join("\n"), 12);
}

/** A provider's words without its own addresses and repetitions. Pure. */
export function failureLines(messages: readonly string[]): string[] {
  const lines = messages
    .flatMap((message) => message.split("\n"))
    .map((line) => line.replace(/^sdk-v2\/\S+ sdk\.helper_schema: /, ""))
    .map((line) =>
      line
        .replace(/: provider=\w+@\S+$/, "")
        .replace(/^[\s*]+/, "")
        .trimEnd(),
    )
    .filter(
      (line) =>
        line !== "" && !/^(creating|updating|deleting) urn:|^\d+ errors? occurred:$/.test(line),
    );
  return [...new Set(lines)];
}

function indented(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .filter(Boolean);
}
