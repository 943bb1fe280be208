import { Fault } from "../fault.ts";
import { certainlyActive } from "./certainly.ts";
import { type Cleared, clearOther } from "./clear.ts";
import { type Loss, lossOf, lossText } from "./loss.ts";
import type { AgentStatus, SitePorts, Topology } from "./types.ts";
import { epochsFor, lookAt, needStatus, otherOf, statusOf, typed } from "./view.ts";

export interface FailoverOptions {
  readonly to: string;
  /** The site of which a person says that it is off. */
  readonly siteIsOff: string | undefined;
}

/** What a failover came to; `--json` prints it. */
export interface Failover {
  readonly active: string;
  readonly epoch: number;
  /** What it may have cost, as measured before. */
  readonly loss: Loss;
  /** How it was made sure that the old site takes no writes. */
  readonly cleared: Cleared["by"];
  readonly seconds: number;
  readonly dns: string;
}

/**
 * Makes a site active whose other one is gone: makes sure that the other takes no writes, says what may
 * be lost, promotes, points DNS here.
 *
 * @throws Fault
 */
export async function failover(
  ports: SitePorts,
  topology: Topology,
  { to, siteIsOff }: FailoverOptions,
): Promise<Failover> {
  const other = otherOf(topology, to);
  needOther(topology, siteIsOff, other, to);
  const begun = ports.now();
  const view = await lookAt(ports, topology);
  const target = needStatus(view, to, topology);
  const loss = lossOf(target);
  const source = statusOf(view, other);
  if (target.role === "active" && source?.role !== "active") {
    ports.say(`site ${to} is active already`);
    return point(ports, topology, { target, loss, by: "already", begun });
  }
  needPromotable(target, topology);
  const gentler = gentlerWay(source, to);
  if (gentler !== undefined) {
    ports.say(
      `site ${other} answers and is ${source?.role}: ${typed(topology, gentler)} loses nothing`,
    );
  }
  ports.say(lossText(loss, to, other));
  if (!(await ports.confirm(`Make site ${to} active, and give up what it does not have?`))) {
    throw new Fault(
      "nothing was changed",
      `to do it without being asked: ${typed(topology, `failover --to ${to} --yes`)}`,
    );
  }
  const epochs = epochsFor(view, topology, to);
  const epoch = epochs.promotion;
  const repeat = `failover --to ${to}`;
  const clearing = { to, other, epochs, view, siteIsOff, repeat };
  const { by, token } = await clearOther(ports, topology, clearing);
  await certainlyActive(ports, topology, { site: to, epoch, word: "promoted" }, () =>
    ports.control.promote(to, epoch, token),
  );
  const promoted = { ...target, epoch };
  const result = await point(ports, topology, { target: promoted, loss, by, begun });
  if (by === "drained") {
    await rejoin(ports, topology, other, to, epoch);
  }
  return result;
}

interface Promoted {
  readonly target: AgentStatus;
  readonly loss: Loss;
  readonly by: Cleared["by"];
  readonly begun: number;
}

/** DNS. The site takes writes already: a DNS that fails is said, and repeating the command mends it. */
async function point(
  { flip, now }: SitePorts,
  topology: Topology,
  { target, loss, by, begun }: Promoted,
): Promise<Failover> {
  const { site: active, epoch } = target;
  try {
    const dns = await flip(active);
    return { active, epoch, loss, cleared: by, seconds: now() - begun, dns };
  } catch (error) {
    const advice = error instanceof Fault ? error.advice : [];
    throw new Fault(
      `site ${active} is active and takes writes, but DNS still points elsewhere: ${(error as Error).message}`,
      ...advice,
      `repeat it: ${typed(topology, `failover --to ${active}`)}`,
    );
  }
}

/** A drained site that still answers becomes a standby at once; failing that, `failback` does it. */
async function rejoin(
  { control, say }: SitePorts,
  topology: Topology,
  site: string,
  active: string,
  epoch: number,
): Promise<void> {
  try {
    const { method } = await control.demote(site, epoch, active);
    say(`site ${site} follows site ${active} (${method})`);
  } catch (error) {
    say(
      `site ${site} does not follow yet (${(error as Error).message}): ${typed(topology, "failback")}`,
    );
  }
}

/** What loses nothing where the other site is not gone at all. Pure. */
function gentlerWay(source: AgentStatus | undefined, to: string): string | undefined {
  if (source === undefined || source.leader === null) {
    return undefined;
  }
  if (source.role === "active" && source.active !== to) {
    return `switchover --to ${to}`;
  }
  const wasActive = source.role === "unconfirmed" && source.active === source.site;
  return wasActive ? `activate --site ${source.site}` : undefined;
}

/** Pure. @throws Fault */
function needOther(
  topology: Topology,
  siteIsOff: string | undefined,
  other: string,
  to: string,
): void {
  if (siteIsOff !== undefined && siteIsOff !== other) {
    throw new Fault(
      `--site-is-off ${siteIsOff}: a failover to site ${to} asks about site ${other}`,
      `if that one is off: ${typed(topology, `failover --to ${to} --site-is-off ${other}`)}`,
    );
  }
}

/** Pure. @throws Fault */
function needPromotable(target: AgentStatus, topology: Topology): void {
  const { site, leader, witness } = target;
  if (leader === null) {
    throw new Fault(
      `site ${site} has no leader that could be promoted`,
      `look at its members: ./holdfast status --stack ${topology.stack}`,
    );
  }
  if (topology.witness && !witness?.reachable) {
    throw new Fault(
      `the witness does not answer site ${site}, and without its lease no site takes writes`,
      "start the witness, or mend its network",
      `if it is lost for good: take witness out of Pulumi.${topology.stack}.yaml, and ./holdfast up --stack ${topology.stack}`,
    );
  }
}
