import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Docker } from "../docker.ts";
import { tail } from "../exec.ts";
import { Fault } from "../fault.ts";
import { Held, type Holding } from "./held.ts";
import type { Load, Measured } from "./types.ts";

/** Where pgbench connects to. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly database: string;
}

/** How hard. */
export interface Intensity {
  readonly clients: number;
  readonly seconds: number;
}

/** The load container's tmpfs, which also has the password's file. */
export const FOLDER = "/run/bench";
export const ROLE = "holdfast_bench";
export const PASSWORD_FILE = `${FOLDER}/pgpass`;

const source = (file: string) => readFileSync(join(import.meta.dirname, file), "utf8");
const BUILTIN: Readonly<Record<Load, string>> = { writes: "tpcb-like", reads: "select-only" };
/** Two threads drive the clients; one would be the bottleneck of the reads. */
const JOBS = 2;
/** Reads are over ten times as many: a tenth of them is enough for percentiles, and keeps the log small. */
const LOGGED: Readonly<Record<Load, number>> = { writes: 1, reads: 0.1 };
/** Beyond its own time: connecting, the last transactions, the percentiles. */
const RESERVE_SECONDS = 60;

/** Arguments of pgbench. Pure. */
export function pgbenchArguments(
  { host, port, database }: Target,
  load: Load,
  { clients, seconds }: Intensity,
): string[] {
  return [
    ...["--host", host, "--port", String(port), "--username", ROLE],
    ...["--no-vacuum", "--client", String(clients), "--jobs", String(Math.min(JOBS, clients))],
    ...["--time", String(seconds), "--builtin", BUILTIN[load]],
    ...[`--sampling-rate=${LOGGED[load]}`, database],
  ];
}

/** One run of pgbench in the load container. @throws Fault; the signal's reason when it is aborted */
export async function runPgbench(
  docker: Docker,
  container: string,
  target: Target,
  load: Load,
  intensity: Intensity,
  signal: AbortSignal,
): Promise<Measured> {
  signal.throwIfAborted();
  const program = ["python3", "-c", source("pgbench.py"), FOLDER];
  const held = new Held(docker, "pgbench", [
    ...["--env", `PGPASSFILE=${PASSWORD_FILE}`, container],
    ...["python3", "-c", source("inside.py")],
    ...[...program, ...pgbenchArguments(target, load, intensity)],
  ]);
  return measuredBy(held, intensity.seconds + RESERVE_SECONDS, signal);
}

/** Waits for what pgbench.py prints, wrapped by inside.py. @throws Fault */
export async function measuredBy(
  held: Pick<Holding, "closed">,
  seconds: number,
  signal: AbortSignal,
): Promise<Measured> {
  const { code, stdout, stderr } = await held.closed(seconds, signal);
  signal.throwIfAborted();
  const answer = code === 0 ? parseAnswer(stdout) : undefined;
  if (answer === undefined) {
    throw new Fault(
      code === 124 ? `pgbench did not end within ${seconds} s` : "pgbench measured nothing",
      ...tail(stderr || stdout, 5).map((line) => `| ${line}`),
    );
  }
  return answer;
}

/** inside.py's object with pgbench.py's in it; undefined when that ended with a failure. Pure. */
export function parseAnswer(text: string): Measured | undefined {
  try {
    const { code, output } = JSON.parse(text) as { code: number; output: string };
    return code === 0 ? (JSON.parse(output) as Measured) : undefined;
  } catch {
    return undefined;
  }
}
