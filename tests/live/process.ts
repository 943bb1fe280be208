import { type ChildProcess, spawn } from "node:child_process";

/** What a program said, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Standard input: the way for secrets, which no argument may carry. */
  readonly input?: string;
  /** After this long the program is killed and the promise rejects. @default 60 s */
  readonly timeoutMs?: number;
}

/** A program that runs, with its end. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
}

/** Starts a program in this process's group; `ended` never rejects for an exit code. */
export function start(command: string, args: readonly string[], options: RunOptions = {}): Running {
  const { cwd, env, timeoutMs = 60_000 } = options;
  const child = spawn(command, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<Ran>((resolve, reject) => {
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        texts[name] += text;
      });
    }
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(
        new Error(`${command} ${args[0] ?? ""}: no end after ${timeoutMs} ms\n${texts.stderr}`),
      );
    }, timeoutMs);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 128, ...texts });
    });
  });
  // A program that ends before it has read everything is judged by its exit code.
  child.stdin.on("error", () => undefined);
  if (options.input !== undefined) {
    child.stdin.end(options.input);
  }
  return { child, ended };
}

/** Runs a program to its end. */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  return start(command, args, { ...options, input: options.input ?? "" }).ended;
}

/** Runs a program that has to succeed; its output is in the error when it does not. */
export async function must(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code !== 0) {
    throw new Error(`${command} ${args.join(" ")}: exit code ${code}\n${stdout}\n${stderr}`);
  }
  return stdout;
}

/** Repeats a check until it does not throw; then gives its answer, or its last error. */
export async function eventually<T>(timeoutMs: number, check: () => Promise<T>): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
