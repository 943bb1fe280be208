import type { Settings } from "../../settings.ts";
import { Fault } from "../fault.ts";
import type { Topology } from "./types.ts";

/** What the commands read of the settings; a kit's settings are the same. */
export interface SiteFacts extends Pick<Settings, "project" | "stack"> {
  readonly hosts: Readonly<Record<string, { readonly docker: string }>>;
  readonly sites: Readonly<Record<string, { readonly host: string }>>;
  readonly witness?: unknown;
  readonly failover?: { readonly sites: "people" | "automatic" } | undefined;
  readonly database: Pick<Settings["database"], "seedTimeoutSeconds">;
}

/** @throws Fault for a stack of one site */
export function topologyOf(facts: SiteFacts): Topology {
  const { stack, witness, failover, database } = facts;
  const [home, away] = Object.keys(facts.sites);
  if (home === undefined || away === undefined) {
    throw new Fault(
      `stack ${stack} has one site: there is none to change to`,
      `a second one is a setting: sites in Pulumi.${stack}.yaml, then ./holdfast up --stack ${stack}`,
    );
  }
  return {
    stack,
    sites: [home, away],
    witness: witness !== undefined && witness !== null,
    automatic: failover?.sites === "automatic",
    seedSeconds: database.seedTimeoutSeconds,
  };
}

/**
 * Docker's address for each site: the host's of the settings, unless a person gives another, because the
 * settings were written for another machine.
 *
 * @param given `site=address`, e.g. `b=unix:///var/run/docker.sock`
 * @throws Fault
 */
export function dockerAddresses(
  { hosts, sites, stack }: SiteFacts,
  given: readonly string[],
): Readonly<Record<string, string>> {
  const named = Object.entries(sites).map(([site, { host }]) => [site, hosts[host]?.docker ?? ""]);
  const others = given.map((text) => {
    const [, site = "", address = ""] = /^([^=]+)=((?:unix|ssh|tcp):\/\/\S+)$/.exec(text) ?? [];
    if (!Object.hasOwn(sites, site)) {
      throw new Fault(
        `--docker ${text}: expected a site of stack ${stack} and Docker's address there`,
        `--docker ${Object.keys(sites).at(-1)}=unix:///var/run/docker.sock`,
      );
    }
    return [site, address];
  });
  return Object.fromEntries([...named, ...others]);
}
