import { readFileSync } from "node:fs";
import type { Docker } from "../../docker.ts";
import type { Box } from "../boxes.ts";
import { type Scene, Skipped } from "../scene.ts";

export const ANSWER_MS = 20_000;

/** A process inside a container, with the pid it has there. */
export interface Process {
  readonly pid: number;
  readonly args: string;
}

const LIST =
  'for d in /proc/[0-9]*; do printf "%s " "$' +
  '{d#/proc/}"; tr "\\0" " " <"$d/cmdline" 2>/dev/null; echo; done';

/** What runs inside a container, without the listing itself and without kernel threads. */
export async function processesIn(docker: Docker, box: Box): Promise<Process[]> {
  const { stdout } = await docker.must(
    `listing the processes of ${box.alias}`,
    ["exec", box.name, "sh", "-c", LIST],
    { timeoutMs: ANSWER_MS },
  );
  return parseProcesses(stdout);
}

/** Lines of `PID ARGS`. Pure. */
export function parseProcesses(text: string): Process[] {
  return text.split("\n").flatMap((line) => {
    const [, pid, args] = /^(\d+) (.*\S)\s*$/.exec(line) ?? [];
    return pid && args && !args.startsWith("sh -c for d in /proc") ? [{ pid: +pid, args }] : [];
  });
}

/** The processes of a container whose command line matches. @throws Error when none does */
export async function find(docker: Docker, box: Box, what: RegExp): Promise<Process[]> {
  const found = (await processesIn(docker, box)).filter(({ args }) => what.test(args));
  if (found.length === 0) {
    throw new Error(`no process of ${box.alias} matches ${what}`);
  }
  return found;
}

/**
 * Signals processes inside a container, as its own user: capabilities are dropped, so not even root
 * may signal others there. It works over any Docker address.
 */
export async function signalInside(
  docker: Docker,
  box: Box,
  signal: "KILL" | "STOP" | "CONT" | "TERM",
  processes: readonly Process[],
): Promise<void> {
  const pids = processes.map(({ pid }) => String(pid));
  await docker.must(
    `signalling ${box.alias}`,
    ["exec", box.name, "sh", "-c", `kill -${signal} "$@"`, "sh", ...pids],
    { timeoutMs: ANSWER_MS },
  );
}

/** Whether this process may signal the Docker host's processes and touch its files. */
export function isLocalRoot(docker: Docker): boolean {
  return docker.host.startsWith("unix://") && process.getuid?.() === 0;
}

/** @throws Skipped where this process is not root on the Docker host */
export function needLocalRoot(docker: Docker, why: string): void {
  if (!isLocalRoot(docker)) {
    throw new Skipped(`${why}, which needs root on the Docker host itself (${docker.host})`);
  }
}

/**
 * SIGKILL for a container's main process, from outside: inside its own namespace that process is
 * immune. Docker's restart policy sees a crash, other than after `docker kill`.
 *
 * @throws Error when the process is not that container's (any more)
 */
export function killMain(box: Box): void {
  if (!isProcessOf(box, cgroupsOf(box.pid))) {
    throw new Error(`process ${box.pid} does not belong to ${box.alias}`);
  }
  process.kill(box.pid, "SIGKILL");
}

/** The lines of `/proc/<pid>/cgroup`; empty when there is no such process. */
export function cgroupsOf(pid: number): string {
  try {
    return pid > 0 ? readFileSync(`/proc/${pid}/cgroup`, "utf8") : "";
  } catch {
    return "";
  }
}

/** Whether a process's control groups are the container's: pids are used again. Pure. */
export function isProcessOf(box: Pick<Box, "id">, cgroups: string): boolean {
  return cgroups.includes(box.id);
}

/** SIGKILL for a container's main process; where that is out of reach, for all that is below it. */
export async function crash(docker: Docker, box: Box): Promise<string> {
  if (isLocalRoot(docker)) {
    killMain(box);
    return `the main process of ${box.alias} was killed with SIGKILL`;
  }
  const below = (await processesIn(docker, box)).filter(({ pid }) => pid !== 1);
  await signalInside(docker, box, "KILL", below);
  return `every process of ${box.alias} below its init was killed with SIGKILL`;
}

/** `docker start`, which does nothing for one that runs. */
export async function start(docker: Docker, box: Box): Promise<void> {
  await docker.must(`starting ${box.alias}`, ["start", box.id], { timeoutMs: 60_000 });
}

/** `docker kill`: no restart policy brings it back. */
export async function dockerKill(docker: Docker, boxes: readonly Box[]): Promise<void> {
  const names = boxes.map(({ alias }) => alias).join(", ");
  const ids = boxes.map(({ id }) => id);
  await docker.must(`killing ${names}`, ["kill", ...ids], { timeoutMs: ANSWER_MS });
}

/** `docker stop`, with the container's own patience. */
export async function dockerStop(docker: Docker, box: Box): Promise<void> {
  await docker.must(`stopping ${box.alias}`, ["stop", box.id], { timeoutMs: 120_000 });
}

/** The first container of a tier. @throws Skipped when there is none */
export function boxOf({ look }: Scene, component: string): Box {
  const box = look.boxes.find((one) => one.component === component);
  if (!box) {
    throw new Skipped(`this stack has no ${component}`);
  }
  return box;
}

/** Empties a volume through a container of its own; works over any Docker address. */
export async function emptyVolume(docker: Docker, box: Box): Promise<void> {
  const [volume] = box.volumes;
  if (!volume) {
    throw new Error(`${box.alias} has no volume`);
  }
  const wipe = ["--entrypoint", "find", box.image, "/volume", "-mindepth", "1", "-delete"];
  await docker.must(
    `emptying ${volume.name}`,
    ["run", "--rm", "--user", "0", "--network", "none", "-v", `${volume.name}:/volume`, ...wipe],
    { timeoutMs: 60_000 },
  );
}
