import { type ChildProcess, spawn } from "node:child_process";
import type { Docker } from "../../docker.ts";

/** One answer for a name, from its first sight on. */
export interface NameAnswer {
  /** Seconds since 1970. */
  readonly at: number;
  /** Addresses with commas; `-` for none. */
  readonly addresses: string;
}

/** What a client inside a container gets for a name, over time. */
export class NameWatch {
  readonly #child: ChildProcess;
  readonly #begun = Date.now() / 1000;
  #output = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
    });
    child.on("error", () => undefined); // then there was no answer, and the report says so
  }

  /** @param container of a load: it asks whom that asks */
  static start(docker: Docker, container: string, name: string): NameWatch {
    const args = ["exec", container, "holdfast-names", name];
    const env = { ...process.env, DOCKER_HOST: docker.host };
    return new NameWatch(spawn("docker", args, { env, stdio: ["ignore", "pipe", "ignore"] }));
  }

  /** Ends it. @returns every answer with its time, as one sentence */
  stop(): string {
    this.#child.kill("SIGTERM");
    return answersText(parseAnswers(this.#output), this.#begun);
  }
}

/** Lines of `holdfast-names`. Pure. */
export function parseAnswers(text: string): NameAnswer[] {
  return text.split("\n").flatMap((line) => {
    const [, at, addresses] = /^(\d+\.\d+) (\S+)$/.exec(line) ?? [];
    return at !== undefined && addresses !== undefined ? [{ at: Number(at), addresses }] : [];
  });
}

/** E.g. `10.0.1.62 at first, 10.0.2.62 after 31.2 s`. Pure. */
export function answersText(answers: readonly NameAnswer[], begun: number): string {
  if (answers.length === 0) {
    return "nobody could be asked";
  }
  const parts = answers.map(({ at, addresses }, index) => {
    const what = addresses === "-" ? "nothing" : addresses;
    return index === 0 ? `${what} at first` : `${what} after ${(at - begun).toFixed(1)} s`;
  });
  return parts.join(", ");
}
