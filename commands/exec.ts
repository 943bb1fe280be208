import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import { Fault } from "./fault.ts";
import { privatePath } from "./paths.ts";

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Sent to stdin. */
  readonly input?: string | Buffer;
  /** Name of a file in `.holdfast/logs/` that the output is added to, without `.log`. */
  readonly log?: string;
  /** The process is ended after this long, in milliseconds. @default never */
  readonly timeoutMs?: number;
  /** Called for each line of output, as it comes. */
  readonly onLine?: (line: string) => void;
  /** Ends the process. */
  readonly signal?: AbortSignal;
  /** Let it finish even when this command fails or is interrupted meanwhile: dpkg must not stop halfway. */
  readonly finish?: boolean;
}

export interface RunResult {
  /** Exit code; 127 when there is no such program, 124 when it was ended for taking too long. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const TAIL_LINES = 20;

/** Running programs that go when this command goes. */
const children = new Set<ChildProcess>();

/** Ends what still runs, with all that it started. */
export function endChildren(): void {
  for (const child of children) {
    endGroup(child, "SIGTERM");
  }
}

/**
 * Runs a program to its end and never throws for its exit code.
 *
 * It gets a process group of its own: a Ctrl-C reaches this command alone, which then ends all of it.
 */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { promise, resolve } = Promise.withResolvers<RunResult>();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  if (!options.finish) {
    children.add(child);
  }
  const log = options.log ? createWriteStream(logPath(options.log), { flags: "a" }) : undefined;
  log?.write(`$ ${[command, ...args].join(" ")}\n`);
  let timedOut = false;
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    let rest = "";
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
      log?.write(text);
      const lines = (rest + text).split(/[\r\n]+/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        options.onLine?.(line);
      }
    });
  }
  const end = () => {
    endGroup(child, "SIGTERM");
    setTimeout(() => endGroup(child, "SIGKILL"), 5_000).unref();
  };
  const timer = options.timeoutMs
    ? setTimeout(() => {
        timedOut = true;
        end();
      }, options.timeoutMs)
    : undefined;
  options.signal?.addEventListener("abort", end);
  const finish = (code: number) => {
    clearTimeout(timer);
    children.delete(child);
    options.signal?.removeEventListener("abort", end);
    const result = { code: timedOut ? 124 : code, ...output };
    // The log is complete before anybody quotes from it.
    log ? log.end(() => resolve(result)) : resolve(result);
  };
  child.on("error", () => finish(127));
  child.on("close", (code) => finish(code ?? 1));
  child.stdin.on("error", () => undefined); // it may end without reading
  child.stdin.end(options.input ?? "");
  return promise;
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // it ended meanwhile
  }
}

/**
 * Runs a program that has to succeed.
 *
 * @param what for the error, e.g. `installing docker.io`
 * @throws Fault with the last lines of output and the path of the log
 */
export async function must(
  what: string,
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const result = await run(command, args, options);
  if (result.code !== 0) {
    throw failure(what, command, result, options);
  }
  return result;
}

function failure(what: string, command: string, result: RunResult, options: RunOptions): Fault {
  const reason =
    result.code === 127
      ? `there is no program ${command}`
      : result.code === 124
        ? `no end after ${(options.timeoutMs ?? 0) / 1000} s`
        : `${command} ended with exit code ${result.code}`;
  const text = options.log
    ? readFileSync(logPath(options.log), "utf8")
    : result.stdout + result.stderr;
  const lines = tail(text);
  const where = options.log ? [`the whole log: ${logPath(options.log)}`] : [];
  return new Fault(`${what} failed: ${reason}`, ...lines.map((line) => `| ${line}`), ...where);
}

/** The last lines that are not blank. */
export function tail(text: string, count = TAIL_LINES): string[] {
  return text
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== "")
    .slice(-count);
}

/** The path of a log, by name. */
export function logPath(name: string): string {
  return privatePath("logs", `${name}.log`);
}

/** Where a program is on the given PATH, or undefined. */
export async function which(
  program: string,
  path = process.env.PATH ?? "",
): Promise<string | undefined> {
  const { access, constants } = await import("node:fs/promises");
  for (const folder of path.split(":").filter(Boolean)) {
    const file = `${folder}/${program}`;
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    ) {
      return file;
    }
  }
  return undefined;
}

/** Runs `docker …` with this command's own input and output; returns its exit code. */
export function passThrough(dockerHost: string, args: readonly string[]): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const env = { ...process.env, DOCKER_HOST: dockerHost };
  const child = spawn("docker", args, { env, stdio: "inherit" });
  child.on("error", () => resolve(127));
  child.on("close", (code) => resolve(code ?? 1));
  return promise;
}
