/** Asks one name server by UDP, and watches over time what it answers: for drills. */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { isIP } from "node:net";
import { parseReply, question, type RecordType } from "./message.ts";

/** Where a name server listens; an address, no name. */
export interface Server {
  readonly host: string;
  readonly port: number;
}

/** One look at a name. */
export interface Look {
  /** When it was asked, in milliseconds since 1970. */
  readonly at: number;
  /** DNS' own word, or `silent`. */
  readonly status: string;
  /** Sorted. */
  readonly addresses: readonly string[];
  readonly ttlSeconds: number | undefined;
}

export interface WatchOptions {
  readonly server: Server;
  readonly name: string;
  /** @default "A" */
  readonly type?: RecordType;
  /** Between two questions. @default 250 */
  readonly intervalMs?: number;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/** A name server in the same house answers within milliseconds. */
const TIMEOUT_MS = 1_000;

/** One question, once: no cache, no second try. Never throws. */
export async function ask(
  server: Server,
  name: string,
  type: RecordType = "A",
  timeoutMs = TIMEOUT_MS,
): Promise<Look> {
  const at = Date.now();
  const id = randomInt(0x1_0000);
  const { promise, resolve } = Promise.withResolvers<Look>();
  const silent: Look = { at, status: "silent", addresses: [], ttlSeconds: undefined };
  const socket = createSocket(isIP(server.host) === 6 ? "udp6" : "udp4");
  const timer = setTimeout(() => resolve(silent), timeoutMs);
  // A closed port is told by the kernel, at once.
  socket.on("error", () => resolve(silent));
  socket.on("message", (message) => {
    try {
      const { id: answered, status, addresses, ttlSeconds } = parseReply(message, type);
      if (answered === id) resolve({ at, status, addresses: [...addresses].sort(), ttlSeconds });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // Cut short, or not for us: the wait goes on.
    }
  });
  socket.connect(server.port, server.host, () => socket.send(question(id, name, type)));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

/** Asks again and again until the signal; the looks in their order. */
export async function watchName(options: WatchOptions): Promise<Look[]> {
  const { server, name, type = "A", intervalMs = 250, signal } = options;
  const looks: Look[] = [];
  while (!signal.aborted) {
    const begun = Date.now();
    looks.push(await ask(server, name, type));
    await pause(Math.max(0, begun + intervalMs - Date.now()), signal);
  }
  return looks;
}

/** Ends early, and without an error, when the signal comes. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const end = () => {
    clearTimeout(timer);
    resolve();
  };
  signal.addEventListener("abort", end, { once: true });
  return promise.finally(() => signal.removeEventListener("abort", end));
}
