/** Making sure that the other site takes no writes, before this one does (M29). */
import { Fault } from "../fault.ts";
import { waitForLease } from "./lease.ts";
import { Refused, type SitePorts, type Topology, Unanswered } from "./types.ts";
import { type Epochs, hasAll, statusOf, typed, type View } from "./view.ts";

/** How it was made sure. */
export interface Cleared {
  readonly by: "already" | "drained" | "demoted" | "stopped" | "lease" | "said";
  /** Where a drained site ended, if its data has arrived. */
  readonly token?: string;
}

export interface Clearing {
  readonly to: string;
  readonly other: string;
  readonly epochs: Epochs;
  readonly view: View;
  /** The site of which a person says that it is off. */
  readonly siteIsOff: string | undefined;
  /** What to type again with `--site-is-off`. */
  readonly repeat: string;
}

const POLL_SECONDS = 1;
/** For the rest of what a drained site has. */
const REPLAY_SECONDS = 10;

/**
 * The other site takes no writes when this returns, and takes none until its epoch is confirmed.
 *
 * By its agent; else by stopping it over its Docker host; else by its lease running out at the witness;
 * else by a person's word. With a witness a person's word replaces nothing: where it is true, the lease
 * runs out.
 *
 * @throws Fault when none of it is certain
 */
export async function clearOther(
  ports: SitePorts,
  topology: Topology,
  clearing: Clearing,
): Promise<Cleared> {
  const { to, other, epochs, siteIsOff } = clearing;
  const asked = await byItsAgent(ports, topology, clearing);
  if (asked !== undefined) {
    return asked;
  }
  const { stopped, what } = await ports.stop(other);
  ports.say(`site ${other}: ${what}`);
  if (topology.witness) {
    await waitForLease(ports, topology, { site: to, other, epoch: epochs.promotion });
    return { by: stopped ? "stopped" : "lease" };
  }
  if (stopped) {
    return { by: "stopped" };
  }
  if (siteIsOff === other) {
    ports.say(`site ${other} is off: you say so`);
    return { by: "said" };
  }
  throw new Fault(
    `site ${other} can be neither reached nor stopped (${what}), and no witness says whether it still takes writes`,
    "see that it is off: its machine, its power, its network for good. Then:",
    typed(topology, `${clearing.repeat} --site-is-off ${other}`),
    "if that is not true, two sites take writes, and one of both loses them",
  );
}

/** Undefined when its agent did not bring it off. */
async function byItsAgent(
  ports: SitePorts,
  topology: Topology,
  clearing: Clearing,
): Promise<Cleared | undefined> {
  const { control, say } = ports;
  const { to, other, epochs, view } = clearing;
  const status = statusOf(view, other);
  if (status === undefined) {
    return undefined;
  }
  try {
    if (status.role !== "active" && status.role !== "draining") {
      await control.demote(other, epochs.clearing, to);
      say(`site ${other} was ${status.role}, and follows site ${to} from now on`);
      return { by: "demoted" };
    }
    const { lsn } = await control.drain(other, epochs.clearing);
    say(`site ${other} is drained at ${lsn}`);
    // Of a site whose data has taken another way, no position says anything.
    const arrived = statusOf(view, to)?.streaming === true && (await arrives(ports, to, lsn));
    if (topology.witness) {
      await control.release(other);
    }
    return arrived ? { by: "drained", token: lsn } : { by: "drained" };
  } catch (error) {
    if (error instanceof Refused || error instanceof Unanswered) {
      say(`site ${other} did not stop taking writes by itself: ${error.message}`);
      return undefined;
    }
    throw error;
  }
}

/** Whether a standby gets the rest, while it streams. */
async function arrives(
  { control, now, sleep }: SitePorts,
  to: string,
  lsn: string,
): Promise<boolean> {
  const end = now() + REPLAY_SECONDS;
  for (;;) {
    const seen = await control.status(to);
    if (seen.answers && hasAll(seen.status, lsn)) {
      return true;
    }
    if (now() >= end || !(seen.answers && seen.status.streaming)) {
      return false;
    }
    await sleep(POLL_SECONDS);
  }
}
