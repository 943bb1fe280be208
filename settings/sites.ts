/** Which sites there are and what is each one's own. Pure. */
import type { Settings } from "./types.ts";

/** Names of all sites, in order; the first is the one that is active when the environment is made. */
export function siteNames({ sites }: Pick<Settings, "sites">): readonly string[] {
  return Object.keys(sites);
}

/** Whether there is another site than one: only then is there a role to play. */
export function hasSites(settings: Pick<Settings, "sites">): boolean {
  return siteNames(settings).length > 1;
}

/** The site on the other end of the link; undefined for a sole one. */
export function otherSite(settings: Pick<Settings, "sites">, site: string): string | undefined {
  return siteNames(settings).find((name) => name !== site);
}

/** The site that is active when the environment is made; later ones are run-time data (M26). */
export function foundingSite(settings: Pick<Settings, "sites">): string {
  return siteNames(settings)[0] ?? "";
}

/**
 * What a site's path in the bucket ends with: nothing of the first one's, which it had as a sole one; each
 * further one has its own, for two clusters never write to one path (M24).
 */
export function archiveSuffix(settings: Pick<Settings, "sites">, site: string): string {
  return site === foundingSite(settings) ? "" : `-${site}`;
}

/** Whether the sites themselves, whatever the witness, stand on one Docker host. */
export function sitesShareHost({
  sites,
}: {
  sites: Readonly<Record<string, { host: string }>>;
}): boolean {
  return new Set(Object.values(sites).map(({ host }) => host)).size <= 1;
}

/** Whether everything stands on one Docker host, so that a network of its own joins the sites. */
export function shareHost({ sites, witness }: Pick<Settings, "sites" | "witness">): boolean {
  const used = new Set(Object.values(sites).map(({ host }) => host));
  if (witness !== undefined) used.add(witness.host);
  return used.size === 1;
}

type Ports = Pick<Settings, "ports">["ports"];

/** The ports that one site publishes. The witness is no site's. */
export function portsOf(
  { ports, sites }: { ports: Ports; sites: Readonly<Record<string, { portOffset: number }>> },
  site: string,
): Ports {
  const offset = sites[site]?.portOffset ?? 0;
  if (offset === 0) return ports;
  const entries = Object.entries(ports).map(([name, port]) => [
    name,
    name === "witness" ? port : plus(port, offset),
  ]);
  return Object.fromEntries(entries) as Ports;
}

/** The settings as one site's containers are to see them: the same, with the ports of that site. */
export function settingsOfSite(settings: Settings, site: string): Settings {
  return { ...settings, ports: portsOf(settings, site) };
}

function plus(port: number | readonly number[], offset: number): number | number[] {
  return typeof port === "number" ? port + offset : port.map((one) => one + offset);
}
