import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Docker } from "../docker.ts";
import { type RunResult, tail } from "../exec.ts";
import { Fault } from "../fault.ts";

/** What is used of a program that is held; a test has one of its own. */
export interface Holding {
  say(line: string): void;
  line(seconds: number): Promise<string>;
  end(seconds: number): Promise<RunResult>;
  closed(seconds: number, signal?: AbortSignal): Promise<RunResult>;
}

/**
 * A program in a container that lives as long as its standard input is held: `docker exec` alone
 * would leave it running when this process is gone, whatever ended it.
 *
 * It has a process group of its own: a Ctrl-C reaches the launcher alone.
 */
export class Held implements Holding {
  readonly #what: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #result: Promise<RunResult>;
  readonly #lines: string[] = [];
  #stdout = "";
  #stderr = "";
  #wake: () => void = () => undefined;
  #ended = false;

  /**
   * @param what for a fault's text
   * @param args of `docker exec --interactive`: options, container, program
   */
  constructor(docker: Docker, what: string, args: readonly string[]) {
    this.#what = what;
    this.#child = spawn("docker", ["exec", "--interactive", ...args], {
      env: { ...process.env, DOCKER_HOST: docker.host },
      detached: true,
    });
    const { promise, resolve } = Promise.withResolvers<RunResult>();
    this.#result = promise;
    const finish = (code: number) => {
      this.#ended = true;
      this.#wake();
      resolve({ code, stdout: this.#stdout, stderr: this.#stderr });
    };
    this.#child.on("error", (error) => {
      this.#stderr += `${error.message}\n`;
      finish(127);
    });
    this.#child.on("close", (code) => finish(code ?? 1));
    this.#child.stdin.on("error", () => undefined); // it ended; whoever waits for it hears of that
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    let rest = "";
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.#lines.push(...lines);
      this.#wake();
    });
  }

  /** One line for it; without effect when it is gone. */
  say(line: string): void {
    if (!this.#ended) {
      this.#child.stdin.write(`${line}\n`);
    }
  }

  /** The next line that it prints. @throws Fault when none comes in time, or it ended */
  async line(seconds: number): Promise<string> {
    const end = performance.now() + seconds * 1000;
    for (;;) {
      const next = this.#lines.shift();
      if (next !== undefined) {
        return next;
      }
      const left = end - performance.now();
      if (this.#ended || left <= 0) {
        throw this.#fault(this.#ended ? "ended" : `gave no answer within ${seconds} s`);
      }
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const timer = setTimeout(() => resolve(undefined), left);
      this.#wake = () => resolve(undefined);
      await promise;
      clearTimeout(timer);
    }
  }

  /** Lets it go, and waits for its end; code 124 when that does not come within so many seconds. */
  end(seconds: number): Promise<RunResult> {
    this.#child.stdin.end();
    return this.#within(seconds);
  }

  /** Waits for its end while holding it; lets go when the signal is aborted or the time is over. */
  async closed(seconds: number, signal?: AbortSignal): Promise<RunResult> {
    const letGo = () => void this.#child.stdin.end();
    signal?.addEventListener("abort", letGo);
    if (signal?.aborted) letGo();
    try {
      const result = await this.#within(seconds);
      return result.code === 124 ? { ...(await this.end(LET_GO_SECONDS)), code: 124 } : result;
    } finally {
      signal?.removeEventListener("abort", letGo);
    }
  }

  async #within(seconds: number): Promise<RunResult> {
    const { promise, resolve } = Promise.withResolvers<RunResult>();
    const late = { code: 124, stdout: this.#stdout, stderr: this.#stderr };
    const timer = setTimeout(() => resolve(late), seconds * 1000);
    try {
      return await Promise.race([this.#result, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #fault(reason: string): Fault {
    const lines = tail(this.#stderr, 5).map((line) => `| ${line}`);
    return new Fault(`${this.#what} ${reason}`, ...lines);
  }
}

/** A program that was let go ends itself; so long it may take. */
const LET_GO_SECONDS = 10;
