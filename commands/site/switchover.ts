import { Fault } from "../fault.ts";
import { takeBack } from "./takeBack.ts";
import {
  type AgentStatus,
  type Demoted,
  Refused,
  type SitePorts,
  type Topology,
  Unanswered,
} from "./types.ts";
import { type Epochs, epochsFor, hasAll, lookAt, needStatus, otherOf, typed } from "./view.ts";

/** What a change of the active site came to; `--json` prints it. */
export interface Change {
  readonly active: string;
  readonly epoch: number;
  /** Of a planned change: where the old site ended, and the new one began. */
  readonly token?: string;
  /** From the first write that was refused to the moment when the new site takes them. Seconds. */
  readonly writesAwaySeconds: number;
  /** How the old site became a standby; missing while it has not. */
  readonly follows?: Demoted["method"];
  /** What the DNS step says. */
  readonly dns: string;
}

/**
 * Of a standby that streams, the WAL until the drain's end arrives at once. Shorter than a lease: a standby
 * that promotes itself must not do so for want of it.
 */
const REPLAY_SECONDS = 15;
/** More than this is not waited for while nobody can write: 16 segments, a few seconds of replay. */
const LAG_LIMIT_BYTES = 256 * 1024 * 1024;
const POLL_SECONDS = 0.5;

/**
 * Makes the other site the active one, with every write: drain, token, promotion at the token, DNS, and
 * the old site becomes the new one's standby.
 *
 * What goes wrong before the new site is active is taken back. Repeating it goes on where it ended.
 *
 * @throws Fault
 */
export async function switchover(
  ports: SitePorts,
  topology: Topology,
  to: string,
): Promise<Change> {
  const from = otherOf(topology, to);
  const view = await lookAt(ports, topology);
  const begun = ports.now();
  const target = needStatus(view, to, topology);
  if (target.role === "active") {
    ports.say(`site ${to} is active already`);
    return finish(ports, topology, { to, from, epoch: target.epoch, seconds: 0 });
  }
  const source = needStatus(view, from, topology);
  needReady(source, target, topology);
  const epochs = epochsFor(view, topology, to);
  const epoch = epochs.promotion;
  try {
    const token = await handOver(ports, topology, { from, to, epochs });
    const seconds = ports.now() - begun;
    ports.say(`site ${to} is active, at ${token}, epoch ${epoch}`);
    return await finish(ports, topology, { to, from, epoch, seconds, token });
  } catch (error) {
    if (
      !(error instanceof Refused || error instanceof Unanswered || error instanceof NotReplayed)
    ) {
      throw error;
    }
    return takenBack(ports, topology, { from, to, begun, error });
  }
}

/** The standby has not got all that the drained site had. */
class NotReplayed extends Error {}

interface Step {
  readonly from: string;
  readonly to: string;
  readonly epoch: number;
}

async function handOver(
  { control, say, now, sleep }: SitePorts,
  topology: Topology,
  { from, to, epochs }: Omit<Step, "epoch"> & { epochs: Epochs },
): Promise<string> {
  const { lsn: token } = await control.drain(from, epochs.clearing);
  say(`site ${from} is drained at ${token}`);
  const end = now() + REPLAY_SECONDS;
  for (;;) {
    const seen = await control.status(to);
    if (seen.answers && hasAll(seen.status, token)) {
      break;
    }
    if (now() > end) {
      const at = seen.answers ? (seen.status.lsn ?? "nowhere") : seen.why;
      throw new NotReplayed(
        `site ${to} is at ${at} ${REPLAY_SECONDS} s after the drain to ${token}`,
      );
    }
    await sleep(POLL_SECONDS);
  }
  if (topology.witness) {
    // Only now: a standby that promotes itself must not find it free before it has all.
    await control.release(from);
  }
  await control.promote(to, epochs.promotion, token);
  return token;
}

/** The new site may be active all the same: an answer can be lost. @throws Fault when it was taken back */
async function takenBack(
  ports: SitePorts,
  topology: Topology,
  { from, to, begun, error }: Omit<Step, "epoch"> & { begun: number; error: Error },
): Promise<Change> {
  ports.say(`${error.message}; looking at what became of it`);
  const seen = await ports.control.status(to);
  if (seen.answers && seen.status.role === "active") {
    const seconds = ports.now() - begun;
    return finish(ports, topology, { to, from, epoch: seen.status.epoch, seconds });
  }
  await takeBack(ports, topology, from, to, error.message);
  throw new Fault(
    `the switchover to site ${to} was taken back, site ${from} is active: ${error.message}`,
    ...(error instanceof Refused && error.next !== undefined ? [error.next] : []),
    `see both: ${typed(topology, "status")}`,
  );
}

interface Done extends Step {
  readonly seconds: number;
  readonly token?: string;
}

/** DNS, and the old site as a standby. What fails here is said, and repeating the command mends it. */
async function finish(ports: SitePorts, topology: Topology, done: Done): Promise<Change> {
  const { to, from, epoch, seconds, token } = done;
  const failures: string[] = [];
  const dns = await ports.flip(to).catch((error: Error) => {
    failures.push(`DNS still points elsewhere: ${describe(error)}`);
    return "failed";
  });
  const change: Change = {
    active: to,
    epoch,
    ...(token === undefined ? {} : { token }),
    writesAwaySeconds: seconds,
    dns,
  };
  const follows = await follow(ports, from, to, epoch).catch((error: Error) => {
    failures.push(`site ${from} does not follow yet: ${describe(error)}`);
    return undefined;
  });
  if (failures.length > 0) {
    throw new Fault(
      `site ${to} is active and takes writes, but not all is done`,
      ...failures,
      `repeat what is missing: ${typed(topology, `switchover --to ${to}`)}`,
    );
  }
  return follows === undefined ? change : { ...change, follows };
}

/** Makes a standby of a site; one that is stays as it is. */
export async function follow(
  { control, say }: SitePorts,
  site: string,
  active: string,
  epoch: number,
): Promise<Demoted["method"]> {
  const { method } = await control.demote(site, epoch, active);
  say(`site ${site} follows site ${active} (${how(method)})`);
  return method;
}

function how(method: Demoted["method"]): string {
  const words = { follow: "its data was the same", rewind: "by rewind", clone: "by a new copy" };
  return words[method];
}

function describe(error: Error): string {
  return error instanceof Fault ? [error.message, ...error.advice].join("; ") : error.message;
}

/** Refuses a planned change that would lose something, or not come to its end. Pure. @throws Fault */
export function needReady(source: AgentStatus, target: AgentStatus, topology: Topology): void {
  const { site: from, role } = source;
  const { site: to } = target;
  const status = `see both: ${typed(topology, "status")}`;
  if (role !== "active" && role !== "draining") {
    throw new Fault(
      `site ${from} is ${role}, not active: there is nothing to hand over`,
      `if it is to take writes again: ${typed(topology, `activate --site ${from}`)}`,
      `if it is lost: ${typed(topology, `failover --to ${to}`)}`,
    );
  }
  if (target.role !== "standby" || target.active !== from) {
    throw new Fault(
      `site ${to} is ${target.role} and follows ${target.active ?? "nobody"}, not site ${from}`,
      `make it a standby first: ${typed(topology, "failback --rejoin-only")}`,
    );
  }
  if (!target.streaming || target.leader === null) {
    const why = target.leader === null ? "has no leader" : "does not stream";
    throw new Fault(
      `site ${to} ${why}: a planned switchover would wait for its data`,
      "mend the link between the sites, or wait until it has caught up",
      status,
    );
  }
  if ((target.lagBytes ?? 0) > LAG_LIMIT_BYTES) {
    throw new Fault(
      `site ${to} is ${target.lagBytes} bytes behind, more than the ${LAG_LIMIT_BYTES} that are waited for`,
      "wait until it has caught up",
      status,
    );
  }
  const lease = target.witness;
  if (topology.witness && !lease?.reachable) {
    throw new Fault(
      `the witness does not answer site ${to}, which could not take its lease`,
      "start the witness, or mend its network",
      status,
    );
  }
}
