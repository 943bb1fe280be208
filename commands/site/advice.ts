/** What is wrong with two sites, and the one command that helps next. Pure. */
import type { Topology } from "./types.ts";
import { activeIn, otherOf, positionOf, statusOf, typed, type View, witnessIn } from "./view.ts";

/** A verdict for people and scripts. */
export interface Advice {
  /** One site is active, the other streams from it, and the witness answers where there is one. */
  readonly healthy: boolean;
  /** The site that takes writes; undefined when none or both say so. */
  readonly active: string | undefined;
  /** What is not as it should be, a phrase each. */
  readonly says: readonly string[];
  /** What to type next; undefined when nothing, or when something has to be repaired by hand first. */
  readonly next: string | undefined;
}

export function adviceOf(view: View, topology: Topology): Advice {
  const active = activeIn(view);
  const nobody = active === undefined ? ["no site takes writes"] : [];
  const faults = [...nobody, ...silent(view), ...roles(view, active), ...witness(view, topology)];
  return {
    healthy: faults.length === 0,
    active,
    says: faults,
    next: faults.length === 0 ? undefined : next(view, topology, active),
  };
}

function silent(view: View): string[] {
  return [...view].flatMap(([site, seen]) => (seen.answers ? [] : [`site ${site}: ${seen.why}`]));
}

function roles(view: View, active: string | undefined): string[] {
  return [...view.keys()].flatMap((site) => {
    const status = statusOf(view, site);
    if (status === undefined || site === active) {
      return [];
    }
    switch (status.role) {
      case "unconfirmed":
        return [`site ${site} started cold and takes no writes until its epoch is confirmed`];
      case "draining":
        return [`site ${site} is drained and takes no writes: a switchover did not end`];
      case "active":
        return [`site ${site} says that it is active, as the other one does`];
      default:
        return status.streaming ? [] : [`site ${site} is a standby and does not stream`];
    }
  });
}

function witness(view: View, topology: Topology): string[] {
  if (!topology.witness || ![...view.values()].some(({ answers }) => answers)) {
    return [];
  }
  return witnessIn(view) === undefined ? ["the witness answers neither site"] : [];
}

function next(view: View, topology: Topology, active: string | undefined): string | undefined {
  if (active !== undefined) {
    const other = otherOf(topology, active);
    const status = statusOf(view, other);
    const returns = status !== undefined ? status.role !== "standby" : couldStart(view, other);
    return returns ? typed(topology, "failback") : undefined;
  }
  const [home, away] = topology.sites;
  const [ours, theirs] = [statusOf(view, home), statusOf(view, away)];
  if (ours?.role === "active" && theirs?.role === "active") {
    // Whichever is chosen, what the other one took is lost; the newer epoch is the later word.
    const later = theirs.epoch > ours.epoch ? away : home;
    return typed(topology, `failover --to ${later}`);
  }
  if (ours !== undefined && theirs !== undefined) {
    return typed(topology, `activate --site ${newest(view, topology)}`);
  }
  const only = ours !== undefined ? home : theirs !== undefined ? away : undefined;
  return only === undefined ? undefined : typed(topology, `failover --to ${only}`);
}

/** Its Docker host answers and its agent does not. */
function couldStart(view: View, site: string): boolean {
  const seen = view.get(site);
  return seen !== undefined && !seen.answers && seen.docker;
}

/**
 * Of sites of which none is active: the one whose data is the newest, which is who the newest epoch names;
 * where that names both, who is further. A drained one names nobody, and was the active one until then.
 */
export function newest(view: View, { sites }: Topology): string {
  const statuses = sites.flatMap((site) => statusOf(view, site) ?? []);
  const highest = Math.max(...statuses.map(({ epoch }) => epoch));
  const named = statuses
    .filter(({ epoch }) => epoch === highest)
    .map(({ active, site }) => active ?? site);
  const [best] = [...new Set(named)].toSorted((a, b) => compare(reach(view, b), reach(view, a)));
  return best ?? sites[0];
}

function reach(view: View, site: string): bigint {
  const lsn = statusOf(view, site)?.lsn ?? null;
  return lsn === null ? 0n : positionOf(lsn);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
