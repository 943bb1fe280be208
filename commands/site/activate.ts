import { Fault } from "../fault.ts";
import { newest } from "./advice.ts";
import { certainlyActive } from "./certainly.ts";
import { type Cleared, clearOther } from "./clear.ts";
import type { AgentStatus, SitePorts, Topology } from "./types.ts";
import {
  activeIn,
  epochsFor,
  lookAt,
  needStatus,
  otherOf,
  statusOf,
  typed,
  type View,
  witnessIn,
} from "./view.ts";

export interface ActivateOptions {
  /** Which one. @default the only one that waits for it, or the one with the newest data */
  readonly site: string | undefined;
  /** The site of which a person says that it is off. */
  readonly siteIsOff: string | undefined;
}

/** What an activation came to; `--json` prints it. */
export interface Activation {
  readonly active: string;
  readonly epoch: number;
  readonly cleared: Cleared["by"];
  readonly dns: string;
}

/**
 * A person's word for a site that started cold, or was left drained: it takes writes again, and the other
 * one, which must not, follows it.
 *
 * @throws Fault where the other site is active, has newer data, or may be active
 */
export async function activate(
  ports: SitePorts,
  topology: Topology,
  { site: wanted, siteIsOff }: ActivateOptions,
): Promise<Activation> {
  const view = await lookAt(ports, topology);
  const site = wanted ?? waiting(view, topology);
  const other = otherOf(topology, site);
  const own = needStatus(view, site, topology);
  if (own.role === "active") {
    ports.say(`site ${site} is active already`);
    return pointed(ports, topology, { site, epoch: own.epoch, by: "already" });
  }
  needNewest(view, topology, own, other);
  const sure = `Let site ${site} take writes again?`;
  if (!(await ports.confirm(sure))) {
    const yes = typed(topology, `activate --site ${site} --yes`);
    throw new Fault("nothing was changed", `to do it without being asked: ${yes}`);
  }
  const epochs = epochsFor(view, topology, site);
  const epoch = epochs.promotion;
  const repeat = `activate --site ${site}`;
  const clearing = { to: site, other, epochs, view, siteIsOff, repeat };
  const { by } = await clearOther(ports, topology, clearing);
  // A drained site is not cold: it is promoted.
  const verb = own.role === "unconfirmed" ? "activate" : "promote";
  await certainlyActive(ports, topology, { site, epoch, word: "activated" }, () =>
    ports.control[verb](site, epoch),
  );
  return pointed(ports, topology, { site, epoch, by });
}

async function pointed(
  { flip }: SitePorts,
  topology: Topology,
  { site, epoch, by }: { site: string; epoch: number; by: Cleared["by"] },
): Promise<Activation> {
  try {
    return { active: site, epoch, cleared: by, dns: await flip(site) };
  } catch (error) {
    throw new Fault(
      `site ${site} is active and takes writes, but DNS may point elsewhere: ${(error as Error).message}`,
      ...(error instanceof Fault ? error.advice : []),
      `repeat it: ${typed(topology, `activate --site ${site}`)}`,
    );
  }
}

/** The site that waits for a person; of two, the one with the newest data. @throws Fault */
function waiting(view: View, topology: Topology): string {
  const active = activeIn(view);
  if (active !== undefined) {
    throw new Fault(
      `site ${active} is active: there is nothing to activate`,
      `the other one becomes its standby: ${typed(topology, "failback")}`,
    );
  }
  return newest(view, topology);
}

/** Refuses a site beside an active one, and one whose data is the older. Pure. @throws Fault */
function needNewest(view: View, topology: Topology, own: AgentStatus, other: string): void {
  const { site } = own;
  const theirs = statusOf(view, other);
  const back = `it becomes a standby: ${typed(topology, "failback")}`;
  const regardless = `to give up what site ${site} lacks: ${typed(topology, `failover --to ${site}`)}`;
  if (theirs?.role === "active") {
    throw new Fault(
      `site ${other} is active in epoch ${theirs.epoch}, site ${site} knows epoch ${own.epoch}`,
      back,
    );
  }
  // A silent one may have been active since: only the witness would know.
  const since = witnessIn(view)?.epoch ?? 0;
  const isNewest =
    theirs === undefined
      ? own.active !== other && since <= own.epoch
      : newest(view, topology) === site;
  if (!isNewest) {
    throw new Fault(
      `site ${other} was active after site ${site}, which lacks what it took then`,
      ...(theirs === undefined ? [] : [typed(topology, `activate --site ${other}`)]),
      regardless,
    );
  }
}
