/** An open-loop load on the shop: requests leave at their instants, whether earlier ones were answered or not. */
import { Agent, request } from "node:http";

export interface Failure {
  readonly what: string;
  /** HTTP status, or the connection's error. */
  readonly why: string;
  /** ISO time. */
  readonly at: string;
}

export interface Sent {
  readonly requests: number;
  readonly failures: readonly Failure[];
  /** Milliseconds from the instant at which it was due: a generator that is late hides nothing. */
  readonly p50: number;
  readonly p99: number;
  readonly slowest: number;
}

interface Ask {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
}

const TICK_MS = 5;
const TIMEOUT_MS = 40_000;

/**
 * Sends `perSecond` requests a second until `end` is called: of twenty 14 for a static file, 5 for the page
 * that reads the database, 1 order without a key, which nobody may repeat.
 */
export class Generator {
  readonly #agent = new Agent({ keepAlive: true, timeout: 10_000 });
  readonly #failures: Failure[] = [];
  readonly #took: number[] = [];
  readonly #open = new Set<Promise<void>>();
  readonly #begin = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #url: string;
  readonly #file: string;
  #sent = 0;

  private constructor(url: string, file: string, perSecond: number) {
    this.#url = url;
    this.#file = file;
    this.#timer = setInterval(() => {
      const due = ((performance.now() - this.#begin) / 1000) * perSecond;
      while (this.#sent < due) {
        const at = this.#begin + (this.#sent / perSecond) * 1000;
        this.#sent += 1;
        const one = this.#send(this.#ask(this.#sent), at).finally(() => this.#open.delete(one));
        this.#open.add(one);
      }
    }, TICK_MS);
  }

  /** @param url the shop's, of which a page names the static file to ask for */
  static async start(url: string, perSecond: number): Promise<Generator> {
    const page = await (await fetch(url)).text();
    const file = /href="(\/static\/[^"]+\.css)"/.exec(page)?.[1];
    if (file === undefined) {
      throw new Error("the page names no style sheet");
    }
    return new Generator(url, file, perSecond);
  }

  /** Sends no more, and waits for what is open. */
  async end(): Promise<Sent> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    this.#agent.destroy();
    const sorted = this.#took.toSorted((a, b) => a - b);
    const rank = (share: number) => Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? 0);
    const [p50, p99, slowest] = [rank(0.5), rank(0.99), rank(1)];
    return { requests: this.#sent, failures: this.#failures, p50, p99, slowest };
  }

  #ask(number: number): Ask {
    const turn = number % 20;
    if (turn === 0) {
      const order = { product: "storm-lantern", quantity: 1, customer: `live ${number % 50}` };
      return { method: "POST", path: "/api/orders", body: JSON.stringify(order) };
    }
    return { method: "GET", path: turn % 4 === 0 || turn === 1 ? "/" : this.#file };
  }

  #send({ method, path, body }: Ask, due: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = (why?: string) => {
      this.#took.push(performance.now() - due);
      if (why !== undefined) {
        this.#failures.push({ what: `${method} ${path}`, why, at: new Date().toISOString() });
      }
      resolve();
    };
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    const asked = request(new URL(path, this.#url), { method, headers, agent: this.#agent });
    asked.setTimeout(TIMEOUT_MS, () => asked.destroy(new Error("no answer in time")));
    asked.on("error", (error) => done(error.message));
    asked.on("response", (answer) => {
      const good = (answer.statusCode ?? 0) >= 200 && (answer.statusCode ?? 0) < 300;
      answer.on("error", (error) => done(error.message));
      answer.on("end", () => done(good ? undefined : `status ${answer.statusCode}`));
      answer.resume();
    });
    asked.end(body);
    return promise;
  }
}
