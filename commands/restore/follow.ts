import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { activeSite } from "../cluster/leader.ts";
import { Fault } from "../fault.ts";
import { note, type Progress, step } from "../ui.ts";
import { backUpAnew, firstWrite, recoveredTo } from "./afterwards.ts";
import { restoredAlready } from "./already.ts";
import {
  chooseRestorer,
  orderUnderWay,
  type Place,
  placesOf,
  progressLine,
  say,
} from "./members.ts";
import type { RestoreOrder, RestoreOutcome, RestoreRequest } from "./types.ts";
import { leaderOf, whole } from "./whole.ts";

/** A look is a `docker exec` in each member, and these have work to do. */
const LOOK_MS = 2_000;
/** An orderly end of PostgreSQL takes a checkpoint; by force after two minutes at most. */
const STOP_MS = 200_000;
/** A container that is being restarted does not answer for some seconds. */
const SILENCE_MS = 60_000;
const WAIT_SECONDS = 60;
const PUT_BACK = "the old data is still there; to put it back: ./holdfast restore --cancel";

/**
 * Restores a whole cluster: orders to the members, `go`, their phases, the first write, the replicas,
 * fresh backups. Members' containers may appear while it runs. One that is under way already is
 * followed to its end.
 *
 * Aborted before `go`, every member goes on as it was; after it, the members finish without us.
 *
 * @throws Fault with pgBackRest's or PostgreSQL's words when it failed
 */
export async function followRestore(request: RestoreRequest): Promise<RestoreOutcome> {
  const startedAt = new Date().toISOString();
  const { settings } = request;
  const present = await appear(request);
  const restored = await step("the database is restored", "", async (progress) => {
    const place = await restore(request, present, progress);
    const title = `the database is restored from ${request.repository} on ${place.name}`;
    return { value: place, title };
  });
  const { docker, container, name, state } = restored;
  const found = await recoveredTo(docker, container, settings.database.name);
  const firstWriteAt = await firstWrite(docker, container, request.signal);
  note(`  ok   first write on ${name}, recovered to ${found ?? "an unknown moment"}`);
  const members = await whole(request);
  const lacks = [...members.lacks, ...(await backUpAnew(settings, request.signal))];
  return {
    startedAt,
    recoveredTo: found,
    firstWriteAt,
    wholeAt: new Date().toISOString(),
    member: name,
    timeline: members.timeline,
    members: members.count,
    label: state?.label ?? null,
    lacks,
  };
}

/** Goes on with what is there, or gives the order. @returns who leads, with the restorer's state */
async function restore(
  request: RestoreRequest,
  present: readonly Place[],
  progress: Progress,
): Promise<Place> {
  const begun = orderUnderWay(present);
  if (begun === undefined) {
    const leader = request.fresh ? await leaderOf(request) : undefined;
    const already = restoredAlready(request, present, leader);
    if (already) {
      return already;
    }
  }
  return carryOut(request, begun ?? (await order(request, present, progress)), progress);
}

/** Waits until the first members' containers run and answer. @throws Fault after waitSeconds */
async function appear(request: RestoreRequest): Promise<Place[]> {
  const { settings, waitSeconds = WAIT_SECONDS } = request;
  const least = request.firstMembers ?? settings.database.replicas + 1;
  const end = Date.now() + waitSeconds * 1000;
  for (;;) {
    const places = await placesOf(settings).catch(() => []);
    const ready = places.filter(({ state }) => state !== null);
    if (ready.length >= least && ready.length === places.length) {
      return ready;
    }
    refuseAborted(request.signal);
    if (Date.now() > end) {
      throw new Fault(
        `${ready.length} of ${least} database members answer`,
        `./holdfast up --stack ${settings.stack}`,
      );
    }
    await sleep(LOOK_MS);
  }
}

/** Stops the members and lets them begin. @returns the order's id */
async function order(
  request: RestoreRequest,
  present: readonly Place[],
  progress: Progress,
): Promise<string> {
  const { settings, repository, target, label = null, discard = false } = request;
  const leader = await leaderOf(request);
  const restorer = chooseRestorer(present, leader);
  const id = `${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "")}-${randomBytes(2).toString("hex")}`;
  // Each site archives under a name of its own, and these members are the active one's.
  const { name: site } = await activeSite(settings);
  const text: RestoreOrder = {
    id,
    repository,
    target,
    label,
    stanza: request.stanza ?? `${settings.stack}-${site}`,
    restorer,
    members: present.map(({ name }) => name),
    discard,
  };
  // The leader last: with a replica left, it would only hand the lead to that one.
  const last = leader ?? restorer;
  const sequence = [...present].sort((a, b) => Number(a.name === last) - Number(b.name === last));
  try {
    for (const group of [sequence.slice(0, -1), sequence.slice(-1)]) {
      await Promise.all(group.map((place) => say(place, "order", text)));
      await reach(request, id, group, progress);
    }
    refuseAborted(request.signal);
  } catch (error) {
    await callOff(present, id);
    throw error;
  }
  for (const place of [...sequence].sort((a) => (a.name === restorer ? -1 : 1))) {
    await say(place, "go");
  }
  return id;
}

/** Until these members are stopped. @throws Fault when one cannot */
async function reach(
  request: RestoreRequest,
  id: string,
  group: readonly Place[],
  progress: Progress,
): Promise<void> {
  const end = Date.now() + STOP_MS;
  for (;;) {
    refuseAborted(request.signal);
    const places = (await placesOf(request.settings)).filter(({ name }) =>
      group.some((one) => one.name === name),
    );
    progress(progressLine(places));
    const failed = places.find(({ state }) => state?.id === id && state.phase === "failed");
    if (failed) {
      throw new Fault(`${failed.name} cannot restore: ${failed.state?.detail}`);
    }
    if (places.every(({ state }) => state?.id === id && state.phase === "stopped")) {
      return;
    }
    if (Date.now() > end) {
      throw new Fault(`PostgreSQL does not stop: ${progressLine(places)}`);
    }
    await sleep(LOOK_MS);
  }
}

/** Nothing was changed yet: every member goes on as it was. */
async function callOff(places: readonly Place[], id: string): Promise<void> {
  note("  …    called off: the members go on as they were");
  const now = await Promise.all(places.map((place) => say(place, "cancel").catch(() => id)));
  note(`  ok   ${now.length} members were told`);
}

/** Follows the phases until somebody leads. @returns the one who restored */
async function carryOut(request: RestoreRequest, id: string, progress: Progress): Promise<Place> {
  let heard = Date.now();
  let said = "";
  for (;;) {
    const places = await placesOf(request.settings).catch(() => []);
    const own = places.filter(({ state }) => state?.id === id);
    const line = progressLine(own);
    progress(line);
    const phases = own.map(({ name, state }) => `${name} ${state?.phase}`).join(", ");
    if (phases !== said && own.length > 0) {
      said = phases;
      note(`  …    ${line}`);
    }
    const failed = own.find(({ state }) => state?.phase === "failed");
    if (failed) {
      throw new Fault(`the restore failed on ${failed.name}: ${failed.state?.detail}`, PUT_BACK);
    }
    // Only the restorer's label is known to it.
    const done = own.find(({ state }) => state?.phase === "done" && state.label);
    if (done) {
      return done;
    }
    heard = own.length > 0 ? Date.now() : heard;
    if (Date.now() - heard > SILENCE_MS) {
      throw new Fault("no member that restores answers", "docker logs tells more; repeat to go on");
    }
    if (request.signal?.aborted) {
      throw new Fault(
        "interrupted; the members go on by themselves",
        "repeat the command to watch them, ./holdfast status to look",
      );
    }
    await sleep(LOOK_MS);
  }
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new Fault("interrupted; nothing was restored");
  }
}
