import type { Docker, DockerObject } from "../docker.ts";
import { Fault } from "../fault.ts";
import { note } from "../ui.ts";
import { findLocks, isStale, removeLock } from "./lock.ts";
import { dockerIdsOf, type State, stackIdOf } from "./state.ts";

/** How long a container that the state lacks may take to stop. */
const STOP_SECONDS = 20;

/** Cancels the locks that a killed engine of this machine left behind, never another's. Returns how many. */
export function cancelStaleLocks(stack: string): number {
  const stale = findLocks(stack).filter(({ lock }) => isStale(lock));
  for (const found of stale) {
    const { pid, timestamp } = found.lock;
    removeLock(found);
    note(`  ok   cancelled the lock of an engine that is gone (process ${pid}, ${timestamp})`);
  }
  return stale.length;
}

/** @throws Fault when a live engine, or one of another machine, holds the state */
export function refuseWhenLocked(stack: string): void {
  const [held] = findLocks(stack);
  if (!held) {
    return;
  }
  const { username, hostname, pid, timestamp } = held.lock;
  throw new Fault(
    `the state of stack ${stack} is locked by ${username}@${hostname} (process ${pid}) since ${timestamp}`,
    "wait until that run ends, and repeat",
    `if it is certain that nothing runs there: eval "$(./holdfast env)" && pulumi cancel --yes --stack ${stack}`,
  );
}

/** What is on the Docker hosts under a stack's name. */
export interface Belongings {
  /** Ours, and the state does not know of it: an engine was killed between making and noting it. */
  readonly strays: readonly DockerObject[];
  /** Of another state: a second clone, or one whose state was lost. */
  readonly foreign: readonly DockerObject[];
}

/** Sorts a stack's Docker objects by whose they are. Pure. */
export function sortBelongings(
  objects: readonly DockerObject[],
  state: State | undefined,
): Belongings {
  const ownId = stackIdOf(state);
  const known = dockerIdsOf(state);
  const isOurs = ({ labels }: DockerObject) =>
    ownId !== undefined && labels["holdfast.id"] === ownId;
  return {
    // A volume that the state lacks is adopted by name, with the data in it: never removed here.
    strays: objects.filter(
      (object) => isOurs(object) && object.kind !== "volume" && !known.has(object.id),
    ),
    foreign: objects.filter((object) => !isOurs(object)),
  };
}

/** @throws Fault when another state's containers, volumes or networks have this stack's name */
export function refuseForeign(stack: string, foreign: readonly DockerObject[]): void {
  if (foreign.length === 0) {
    return;
  }
  const shown = foreign.slice(0, 5).map(({ kind, name, labels }) => {
    return `${kind} ${name} (holdfast.id ${labels["holdfast.id"] ?? "none"})`;
  });
  const more = foreign.length > shown.length ? [`and ${foreign.length - shown.length} more`] : [];
  throw new Fault(
    `another clone's stack ${stack} is on this Docker host; this one must not take what is its`,
    ...shown,
    ...more,
    `use another name: ./holdfast up --stack ${stack}2`,
    "or work in the clone that owns it; or bring its .holdfast/ folder here",
    `or, if its data may go for good: ${removalLine(stack)}`,
  );
}

/** The line that removes everything of a stack by label. */
export function removalLine(stack: string): string {
  const filter = `--filter label=holdfast.stack=${stack}`;
  return (
    `docker rm -f $(docker ps -aq ${filter}); ` +
    `docker volume rm $(docker volume ls -q ${filter}); docker network rm $(docker network ls -q ${filter})`
  );
}

/** Removes containers and networks of this stack that its state lacks: their names would block the next `up` for good. */
export async function removeStrays(docker: Docker, strays: readonly DockerObject[]): Promise<void> {
  const containers = strays.filter(({ kind }) => kind === "container");
  if (containers.length > 0) {
    const ids = containers.map(({ id }) => id);
    await docker.run(["stop", "--time", String(STOP_SECONDS), ...ids]);
    await docker.must("removing containers", ["rm", "--force", "--volumes", ...ids]);
  }
  for (const { id } of strays.filter(({ kind }) => kind === "network")) {
    await docker.must("removing a network", ["network", "rm", id]);
  }
  for (const { kind, name } of strays) {
    note(`  ok   removed the ${kind} ${name}, which an interrupted run had made and not noted`);
  }
}
