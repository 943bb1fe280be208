/** An open-loop HTTP load: each request is sent when it is due, whatever became of those before it. */
import { Agent, get } from "node:http";

/** From `at` seconds on, so many requests a second. */
export interface Phase {
  readonly at: number;
  readonly rate: number;
}

export interface Answer {
  /** When it was due, in seconds since the begin. */
  readonly due: number;
  /** From then to the answer's end, in seconds. */
  readonly latency: number;
  /** 0 for none: refused, cut off, or too late. */
  readonly status: number;
}

/** Longer than the edge lets anybody wait. */
const TIMEOUT_MS = 60_000;

/** When each request is due, evenly spaced within its phase. Pure. */
export function schedule(phases: readonly Phase[], end: number): number[] {
  return phases.flatMap(({ at, rate }, index) => {
    const until = phases[index + 1]?.at ?? end;
    const count = Math.round((until - at) * rate);
    return Array.from({ length: count }, (_, n) => at + n / rate);
  });
}

/** Sends them all; `onAnswer` hears of each. Ends when the last one is answered. */
export async function offer(
  url: string,
  due: readonly number[],
  onAnswer: (answer: Answer) => void,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 2_000 });
  const begin = performance.now();
  const open = new Set<Promise<void>>();
  for (const at of due) {
    const wait = begin + at * 1000 - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const asked = ask(url, agent).then((status) => {
      onAnswer({ due: at, latency: (performance.now() - begin) / 1000 - at, status });
      open.delete(asked);
    });
    open.add(asked);
  }
  await Promise.all(open);
  agent.destroy();
}

function ask(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve) => {
    const asked = get(url, { agent, timeout: TIMEOUT_MS }, (response) => {
      response.on("data", () => undefined);
      response.on("end", () => resolve(response.statusCode ?? 0));
      response.on("error", () => resolve(0));
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(0));
  });
}
