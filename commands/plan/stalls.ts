/** How long clients wait meanwhile: what drills measured, and nothing where nobody did. Pure. */
import { isThere, membersIn, sitesIn } from "./resources.ts";
import { restartOf } from "./restartsOf.ts";
import type { Change, Facts, Figures, Stall, Step } from "./types.ts";

/** The moments of an update at which clients wait, with the drill that measured each. */
export function stallsOf(
  changes: readonly Change[],
  order: readonly Step[],
  facts: Facts,
): Stall[] {
  const standbys = facts.standbys ?? [];
  const active = sitesIn(changes).filter((site) => !standbys.includes(site));
  return active.flatMap((site) => [
    ...ofReplacements(changes, site, order, facts.figures),
    ...ofRestart(changes, site, facts.figures),
    ...ofOthers(changes, site, facts.figures),
  ]);
}

function ofReplacements(
  changes: readonly Change[],
  site: string,
  order: readonly Step[],
  figures: Figures,
): Stall[] {
  const members = membersIn(changes, site, "postgres");
  const stopping = members.filter(
    ({ action }) => action === "replace" || action === "delete",
  ).length;
  if (stopping === 0) {
    return [];
  }
  if (members.filter(isThere.before).length === 1) {
    return [stall("the only member is away while it is replaced", [1, 1])];
  }
  const own = order.filter((step) => step.site === site && step.cause === "stop");
  const least = sum(own.map(({ handovers }) => handovers?.[0] ?? 0));
  const most = sum(own.map(({ handovers }) => handovers?.[1] ?? 0));
  return [
    stall("a handover while the leader is replaced", [least, most], figures["leader-stopped"]),
    stall("a replica is replaced", [stopping - most, stopping - least], figures["replica-stopped"]),
  ].filter(({ times }) => times[1] > 0);
}

function ofRestart(changes: readonly Change[], site: string, figures: Figures): Stall[] {
  const restart = restartOf(changes, site);
  const members = membersIn(changes, site, "postgres").filter(isThere.before);
  if (restart === undefined || members.length === 0) {
    return [];
  }
  if (restart.leaderInPlace || members.length === 1) {
    return [stall("the leader restarts in place, the poolers hold the clients", [1, 1])];
  }
  return [stall("the handover of a rolling restart", [1, 1], figures.restart)];
}

/** The nearest that a drill does to a replacement is to kill the container. */
const NEAREST: readonly (readonly [tier: string, moment: string, drill: string | undefined])[] = [
  ["etcd", "an etcd member is replaced", "etcd-member-killed"],
  ["pooler", "a pooler is replaced, its connections end", "pooler-killed"],
  ["router", "the router is replaced", "router-killed"],
  ["edge", "the edge is replaced: no page until the new one is healthy", undefined],
  ["link", "the link is replaced: no site sees the other one or the witness meanwhile", undefined],
  ["witness", "the witness is replaced: writes stop if it stays away for 20 s", undefined],
];

function ofOthers(changes: readonly Change[], site: string, figures: Figures): Stall[] {
  return NEAREST.flatMap(([tier, moment, drill]) => {
    const count = membersIn(changes, site, tier).filter(
      ({ action }) => action === "replace",
    ).length;
    const figure = drill === undefined ? undefined : figures[drill];
    return count === 0 ? [] : [{ ...stall(moment, [count, count], figure), nearest: true }];
  });
}

function stall(
  moment: string,
  times: readonly [number, number],
  measured?: Stall["measured"],
): Stall {
  return { moment, times, nearest: false, ...(measured === undefined ? {} : { measured }) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
