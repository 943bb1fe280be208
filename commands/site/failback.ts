import { Fault } from "../fault.ts";
import { type Change, follow, switchover } from "./switchover.ts";
import {
  type AgentStatus,
  type Demoted,
  Refused,
  type SitePorts,
  type Topology,
  Unanswered,
} from "./types.ts";
import { activeIn, lookAt, needStatus, otherOf, statusOf, typed } from "./view.ts";

export interface FailbackOptions {
  /** The site that is to be active again. @default the first one of the settings */
  readonly to: string | undefined;
  /** Only make a standby of the one that returned. @default false */
  readonly rejoinOnly: boolean;
}

/** What a failback came to; `--json` prints it. */
export interface Failback {
  /** Which one is active now. */
  readonly active: string;
  /** Which one was made a standby first, and how. */
  readonly rejoined: string;
  readonly method: Demoted["method"];
  /** From the order until it streamed with nothing missing. Seconds. */
  readonly rejoinSeconds: number;
  /** The switchover after it; missing where the active site is the wanted one. */
  readonly switchover?: Change;
}

/** More than this the switchover itself would wait for, with nobody writing. */
const CAUGHT_UP_BYTES = 16 * 1024 * 1024;
const POLL_SECONDS = 1;
/** For containers that have just been started. */
const START_SECONDS = 120;

/**
 * A site that returns becomes the active one's standby, by rewind or else by a new copy, and then, by a
 * planned switchover, the wanted site is active again.
 *
 * @throws Fault
 */
export async function failback(
  ports: SitePorts,
  topology: Topology,
  { to = topology.sites[0], rejoinOnly }: FailbackOptions,
): Promise<Failback> {
  otherOf(topology, to);
  const view = await lookAt(ports, topology);
  const active = activeIn(view);
  if (active === undefined) {
    throw new Fault(
      "no site is active, or both say so: there is none to follow",
      `see both, and what helps: ${typed(topology, "status")}`,
    );
  }
  const returned = otherOf(topology, active);
  const begun = ports.now();
  const method = await rejoin(ports, topology, active, returned);
  await caughtUp(ports, topology, returned);
  const rejoinSeconds = ports.now() - begun;
  const done = { rejoined: returned, method, rejoinSeconds };
  if (rejoinOnly || active === to) {
    return { active, ...done };
  }
  const change = await switchover(ports, topology, to);
  return { active: to, ...done, switchover: change };
}

async function rejoin(
  ports: SitePorts,
  topology: Topology,
  active: string,
  returned: string,
): Promise<Failback["method"]> {
  const status = await answering(ports, topology, returned);
  const view = await lookAt(ports, topology);
  const leads = needStatus(view, active, topology);
  try {
    // Where the active one's etcd was lost, the other may know a higher epoch.
    return await follow(ports, returned, active, Math.max(leads.epoch, status.epoch));
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Unanswered)) {
      throw error;
    }
    throw new Fault(
      `site ${returned} does not become a standby of site ${active}: ${error.message}`,
      ...(error instanceof Refused && error.next !== undefined ? [error.next] : []),
      `see both: ${typed(topology, "status")}`,
    );
  }
}

/** A failover stopped its containers: they are started, and it starts cold. @throws Fault */
async function answering(ports: SitePorts, topology: Topology, site: string): Promise<AgentStatus> {
  const { control, now, sleep } = ports;
  let seen = await control.status(site);
  if (seen.answers) {
    return seen.status;
  }
  await ports.start(site);
  const end = now() + START_SECONDS;
  while (!seen.answers) {
    if (now() > end) {
      throw new Fault(
        `site ${site} does not answer ${START_SECONDS} s after it was started: ${seen.why}`,
        `look at its containers, then repeat: ${typed(topology, "failback")}`,
      );
    }
    await sleep(POLL_SECONDS);
    seen = await control.status(site);
  }
  return seen.status;
}

/** @throws Fault when it does not stream in time */
async function caughtUp(
  { control, say, now, sleep }: SitePorts,
  topology: Topology,
  site: string,
): Promise<void> {
  const end = now() + topology.seedSeconds;
  for (;;) {
    const status = statusOf(new Map([[site, await control.status(site)]]), site);
    if (status?.streaming && (status.lagBytes ?? 0) <= CAUGHT_UP_BYTES) {
      say(`site ${site} streams`);
      return;
    }
    if (now() > end) {
      throw new Fault(
        `site ${site} does not stream after ${topology.seedSeconds} s (database.seedTimeout)`,
        "look at its leader's log and at the link between the sites",
        `then repeat: ${typed(topology, "failback")}`,
      );
    }
    await sleep(POLL_SECONDS);
  }
}
