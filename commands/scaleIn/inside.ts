import type { ContainerState } from "../cluster/containers.ts";
import type { Docker } from "../docker.ts";
import { Fault } from "../fault.ts";

/** A handover takes 30 s at most, settling before and after it a minute each. */
const SETTLE_MS = 180_000;
/** Patroni lets go of a slot within 90 s, the lock of settings within a minute. */
const FORGET_MS = 180_000;
const TELL_MS = 20_000;

/** What `holdfast-scale-in settle` says. */
export interface Settled {
  readonly leader: string;
  readonly handover: {
    readonly from: string;
    readonly to: string;
    readonly stallSeconds: number;
  } | null;
}

/** Tells a member's container that it leaves, or that it stays after all; its Patroni hears of it. */
export async function tell(
  docker: Docker,
  { name }: Pick<ContainerState, "name">,
  word: "leave" | "stay",
): Promise<void> {
  await ask(docker, name, [word], TELL_MS);
  await docker.must(`telling ${name}`, ["kill", "--signal", "HUP", name], {
    timeoutMs: TELL_MS,
  });
}

/** Until a member that stays leads and no commit waits for one that leaves. @throws Fault */
export function settle(
  docker: Docker,
  container: string,
  leaving: readonly string[],
  alone: boolean,
): Promise<Settled> {
  const order = ["settle", "--leaving", leaving.join(","), ...(alone ? ["--alone"] : [])];
  return ask<Settled>(docker, container, order, SETTLE_MS);
}

/** No slot and no record of anybody else is left; whose there were. @throws Fault when some are */
export async function forget(
  docker: Docker,
  container: string,
  staying: readonly string[],
): Promise<readonly string[]> {
  const order = ["forget", "--staying", staying.join(",")];
  const { forgotten } = await ask<{ forgotten: string[] }>(docker, container, order, FORGET_MS);
  return forgotten;
}

async function ask<T>(
  docker: Docker,
  container: string,
  order: readonly string[],
  timeoutMs: number,
): Promise<T> {
  const args = ["exec", container, "holdfast-scale-in", "--json", ...order];
  const { stdout, stderr } = await docker.run(args, { timeoutMs });
  const answer = parseAnswer<T>(stdout);
  if (answer === undefined || answer.error !== undefined) {
    const why = answer?.error ?? (stderr.trim().split("\n").at(-1) || "no answer in time");
    const older = /executable file not found/.test(stderr)
      ? "; its image is older than this launcher: run ./holdfast up with the old number first"
      : "";
    throw new Fault(`${container}: holdfast-scale-in ${order[0]}: ${why}${older}`);
  }
  return answer;
}

/** The tool's last line; undefined when it is none of its own. Pure. */
export function parseAnswer<T>(stdout: string): (T & { readonly error?: string }) | undefined {
  try {
    const answer: unknown = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    return typeof answer === "object" && answer !== null
      ? (answer as T & { error?: string })
      : undefined;
  } catch {
    return undefined;
  }
}
