import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Docker } from "../docker.ts";
import { tail } from "../exec.ts";
import { Fault } from "../fault.ts";
import type { Entry, Recorder } from "./record.ts";

export interface LoadProcessArgs {
  /** Docker's name for the container. */
  readonly container: string;
  /** Arguments of `docker run` after the name; image last. */
  readonly arguments: readonly string[];
  /** The first line for the load. Secret. */
  readonly order: string;
  /** Gets every line it prints. */
  readonly recorder: Recorder;
}

/** Docker answers a removal at once, but for a machine that is busy. */
const REMOVE_MS = 20_000;

/**
 * The load container and the pipe to it.
 *
 * `docker run -i` in a process group of its own: a Ctrl-C reaches the launcher alone. If the launcher
 * is gone, the load's standard input ends and it stops by itself.
 */
export class LoadProcess {
  readonly container: string;
  readonly recorder: Recorder;
  readonly #docker: Docker;
  readonly #child: ChildProcessWithoutNullStreams;
  /** Resolves with the client's exit code when everything it printed was read. */
  readonly #closed: Promise<number>;
  #running = true;
  #errors = "";

  constructor(docker: Docker, args: LoadProcessArgs) {
    this.container = args.container;
    this.recorder = args.recorder;
    this.#docker = docker;
    this.#child = spawn(
      "docker",
      ["run", "--rm", "--interactive", "--name", args.container, ...args.arguments],
      { env: { ...process.env, DOCKER_HOST: docker.host }, detached: true },
    );
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#closed = promise;
    const finish = (code: number) => {
      this.#running = false;
      resolve(code);
    };
    this.#child.on("error", (error) => {
      this.#errors += `${error.message}\n`;
      finish(127);
    });
    this.#child.on("close", (code) => finish(code ?? 1));
    this.#child.stdin.on("error", () => undefined); // it ended; whoever waits for it hears of that
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    this.#readLines();
    this.say(args.order);
  }

  /** One line for the load; without effect when it is gone. */
  say(line: string): void {
    if (this.#running) {
      this.#child.stdin.write(`${line}\n`);
    }
  }

  /**
   * Waits for an entry of which `pick` makes something.
   *
   * @returns undefined after `seconds`, and when the load ended before
   */
  async until<T>(seconds: number, pick: (entry: Entry) => T | undefined): Promise<T | undefined> {
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    const timer = setTimeout(() => resolve(undefined), seconds * 1000);
    const forget = this.recorder.watch((entry) => {
      const found = pick(entry);
      if (found !== undefined) {
        resolve(found);
      }
    });
    void this.#closed.then(() => resolve(undefined));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      forget();
    }
  }

  /** Waits for its end; false when it did not come within `seconds`, or with a failure. */
  async end(seconds: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), seconds * 1000);
    try {
      return (await Promise.race([this.#closed, promise])) === 0;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A fault with what the load, or Docker's client, said of it. */
  gone(what: string): Fault {
    return new Fault(what, ...tail(this.#errors, 5).map((line) => `| ${line}`));
  }

  /** Removes the container and ends the client; never throws. */
  async kill(): Promise<void> {
    if (!this.#running) {
      return;
    }
    await this.#docker
      .run(["rm", "--force", "--volumes", this.container], { timeoutMs: REMOVE_MS })
      .catch(() => undefined);
    this.#child.kill("SIGKILL");
    await this.#closed;
  }

  #readLines(): void {
    let rest = "";
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines.filter(Boolean)) {
        try {
          this.recorder.take(line);
        } catch (error) {
          // The record has a hole now: `stop` must not return it as whole.
          this.#errors += `${error instanceof Error ? error.message : String(error)}\n`;
          this.#child.kill("SIGKILL");
        }
      }
    });
  }
}
