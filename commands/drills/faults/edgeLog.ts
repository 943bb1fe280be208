import type { Docker } from "../../docker.ts";
import type { Box } from "../boxes.ts";
import type { Scene } from "../scene.ts";
import { ANSWER_MS } from "./tools.ts";

/** What the edge's log says of instances after a fault. Times are seconds since 1970, by the Docker host. */
export interface EdgeView {
  /** When the last of them was out: from then on the edge gives it nothing. Undefined: one never was. */
  readonly out: number | undefined;
  /** When the last of them was up again. Undefined: one is not yet. */
  readonly back: number | undefined;
  /** Requests given to one of them while it was out. */
  readonly late: number;
}

/**
 * A request has HAProxy's own time, a change of a server's state the one at which the Docker daemon
 * read the line: on a busy machine that is later by tenths of a second.
 */
const SLACK_SECONDS = 0.5;
const POLL_SECONDS = 1;

/** Reads the edge's log since a fault. */
export async function viewOf(
  docker: Docker,
  edge: Box,
  aliases: readonly string[],
  fault: number,
): Promise<EdgeView> {
  const since = fault.toFixed(3);
  const { stdout } = await docker.must(
    "reading the edge's log",
    ["logs", "--timestamps", "--since", since, edge.id],
    { timeoutMs: ANSWER_MS },
  );
  return readView(stdout, aliases, fault);
}

/** Waits until each of them was taken out and is up again. @throws Error after `seconds` */
export async function untilBack(
  { docker, sleep, now }: Scene,
  edge: Box,
  aliases: readonly string[],
  fault: number,
  seconds: number,
): Promise<void> {
  const end = now() + seconds;
  for (;;) {
    const { out, back } = await viewOf(docker, edge, aliases, fault);
    if (back !== undefined) {
      return;
    }
    if (now() > end) {
      const what = out === undefined ? "did not take out" : "does not send requests again to";
      throw new Error(`the edge ${what} ${aliases.join(", ")} within ${seconds} s`);
    }
    await sleep(POLL_SECONDS);
  }
}

/**
 * Reads `docker logs --timestamps` of the edge: HAProxy's own lines on its servers, and one JSON object
 * for each request, which names the server that answered it, or had it last. Pure.
 */
export function readView(text: string, aliases: readonly string[], fault: number): EdgeView {
  const lines = text.split("\n").map(parseLine);
  const spans = aliases.map((alias) => {
    const own = lines.filter((line) => line.server === alias && line.at >= fault);
    const out = own.find(({ state }) => state === "DOWN")?.at;
    const back = own.find(({ state, at }) => state === "UP" && at > (out ?? at))?.at;
    const late = own.filter(
      ({ given }) =>
        given !== undefined &&
        out !== undefined &&
        given > out + SLACK_SECONDS &&
        given < (back ?? Number.POSITIVE_INFINITY) - SLACK_SECONDS,
    ).length;
    return { out, back, late };
  });
  return {
    out: latest(spans.map(({ out }) => out)),
    back: latest(spans.map(({ back }) => back)),
    late: spans.reduce((sum, { late }) => sum + late, 0),
  };
}

interface Line {
  readonly at: number;
  readonly server?: string;
  readonly state?: string;
  /** When the edge gave it a request; of repeated ones nobody knows. */
  readonly given?: number;
}

/** What is read here of templates/edge/haproxy.cfg's access log. */
interface Access {
  readonly server: string;
  /** When the request came. */
  readonly time: string;
  /** How long it waited for an instance; negative: it never got one. */
  readonly queueMs: number;
  readonly retries: number;
}

function parseLine(line: string): Line {
  const [stamp = "", ...rest] = line.split(" ");
  const text = rest.join(" ");
  const at = Date.parse(stamp) / 1000;
  const change = /^Server app\/(\S+) is (UP|DOWN)\b/.exec(text);
  if (change) {
    return { at, server: change[1] ?? "", state: change[2] ?? "" };
  }
  if (!text.startsWith("{")) {
    return { at };
  }
  const { server, time, queueMs, retries } = JSON.parse(text) as Access;
  const given = (Date.parse(time) + Math.max(0, queueMs)) / 1000;
  return { at, server, ...(retries > 0 ? {} : { given }) };
}

/** Undefined as soon as one is. */
function latest(times: readonly (number | undefined)[]): number | undefined {
  return times.some((time) => time === undefined)
    ? undefined
    : Math.max(...times.map((time) => time ?? 0));
}

/** The Docker host's clock, as a container on it has it. Seconds since 1970. */
export async function clockOf(docker: Docker, box: Box): Promise<number> {
  const { stdout } = await docker.must("asking the time", ["exec", box.name, "date", "+%s%3N"], {
    timeoutMs: ANSWER_MS,
  });
  return Number.parseInt(stdout, 10) / 1000;
}
