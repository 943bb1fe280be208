/** Both sites at one moment, and what follows from it. Pure, but for the look itself. */
import { Fault } from "../fault.ts";
import type { AgentStatus, Seen, SitePorts, Topology, WitnessView } from "./types.ts";

/** Each site as seen, by name. */
export type View = ReadonlyMap<string, Seen>;

/** Asks both sites at once. */
export async function lookAt(
  { control }: { readonly control: Pick<SitePorts["control"], "status"> },
  { sites }: Pick<Topology, "sites">,
): Promise<View> {
  const seen = await Promise.all(sites.map((site) => control.status(site)));
  return new Map(sites.map((site, index) => [site, seen[index] as Seen]));
}

export function statusOf(view: View, site: string): AgentStatus | undefined {
  const seen = view.get(site);
  return seen?.answers ? seen.status : undefined;
}

/** A site that has to answer. @throws Fault */
export function needStatus(view: View, site: string, topology: Topology): AgentStatus {
  const seen = view.get(site);
  if (seen?.answers) {
    return seen.status;
  }
  throw new Fault(
    `site ${site} does not answer: ${seen?.why ?? "nobody looked"}`,
    `see both: ./holdfast site status${stackOption(topology)}`,
  );
}

/** The other of the two sites. @throws Fault for a name that is none */
export function otherOf({ sites, stack }: Topology, site: string): string {
  const [home, away] = sites;
  if (site !== home && site !== away) {
    throw new Fault(
      `stack ${stack} has no site "${site}"`,
      `it has ${home} and ${away}, as sites in Pulumi.${stack}.yaml says`,
    );
  }
  return site === home ? away : home;
}

/** The one site that takes writes as far as anybody says; undefined when none or both do. */
export function activeIn(view: View): string | undefined {
  const active = [...view.keys()].filter((site) => statusOf(view, site)?.role === "active");
  return active.length === 1 ? active[0] : undefined;
}

/** What anybody who answers knows of the witness; undefined when nobody reaches it, or there is none. */
export function witnessIn(view: View): WitnessView | undefined {
  const views = [...view.keys()].map((site) => statusOf(view, site)?.witness ?? undefined);
  return views.find((one) => one?.reachable);
}

/** The two epochs of a change: the other site is cleared with the first, this one promoted with the second. */
export interface Epochs {
  readonly clearing: number;
  readonly promotion: number;
}

/**
 * Epochs above every one that is known anywhere. The home site is promoted with even ones, the other with
 * odd ones: of two people who want different sites active, the one with the higher epoch has cleared the
 * other's site with an epoch that its promotion does not pass.
 */
export function epochsFor(view: View, { sites }: Topology, site: string): Epochs {
  const known = [...view.keys()].map((name) => statusOf(view, name)?.epoch ?? 0);
  const highest = Math.max(0, witnessIn(view)?.epoch ?? 0, ...known);
  const parity = site === sites[0] ? 0 : 1;
  const least = highest + 2;
  const promotion = least % 2 === parity ? least : least + 1;
  return { clearing: promotion - 1, promotion };
}

/** PostgreSQL's position as a number, e.g. of `0/3000148`. @throws RangeError for any other text */
export function positionOf(lsn: string): bigint {
  const found = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(lsn);
  if (found === null) {
    throw new RangeError(`not a position in the WAL: ${lsn}`);
  }
  return (BigInt(`0x${found[1]}`) << 32n) + BigInt(`0x${found[2]}`);
}

/** Whether a site has all up to there; false while it does not say. */
export function hasAll({ lsn }: Pick<AgentStatus, "lsn">, token: string): boolean {
  return lsn !== null && positionOf(lsn) >= positionOf(token);
}

/** ` --stack NAME` where it is not the default one, for commands that people are told to type. */
export function stackOption({ stack }: Pick<Topology, "stack">): string {
  return stack === "dev" ? "" : ` --stack ${stack}`;
}

/** A command of this family as people type it. */
export function typed(topology: Pick<Topology, "stack">, words: string): string {
  return `./holdfast site ${words}${stackOption(topology)}`;
}
