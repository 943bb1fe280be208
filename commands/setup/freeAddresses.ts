import {
  describeFaults,
  SettingsError,
  type Fault as SettingsFault,
} from "../../settings/faults.ts";
import { recordFile } from "../../settings/sources.ts";
import { type Path, type Tree, valueAt } from "../../settings/tree.ts";
import type { Settings } from "../../settings.ts";
import type { Docker } from "../docker.ts";
import type { Stack } from "../stack.ts";
import {
  chooseOffsets,
  choosePorts,
  type HolderOf,
  type PortChoice,
  portAnswers,
  portHolders,
  portWishes,
} from "./ports.ts";
import { chooseSubnets } from "./subnet.ts";

/** Ports and subnets that are free. @throws SettingsError for those that a person chose and something else holds */
export async function chooseAddresses(
  { name, settings, config }: Pick<Stack, "name" | "settings" | "config">,
  hosts: Readonly<Record<string, Docker>>,
): Promise<Tree[]> {
  const used = Object.entries(hosts).filter(([host]) => carries(settings, host));
  const holders: Record<string, HolderOf> = {};
  for (const [host, docker] of used) {
    holders[host] = await portHolders(docker, settings);
  }
  const ports = await choosePorts(portWishes(settings, config), holdersOf(settings, holders));
  const faults: SettingsFault[] = [...ports.faults];
  const chosen = portAnswers(ports.choices);
  const answers: Tree[] = [chosen];
  for (const [host, docker] of used) {
    const holderOf = besideOurs(settings, ports.choices, host, holders[host]);
    const offsets = await chooseOffsets(withPorts(settings, chosen, host), config, holderOf);
    const subnets = await chooseSubnets(docker, settings, config, host);
    faults.push(...offsets.faults, ...subnets.faults);
    answers.push(offsets.answers, subnets.answers);
  }
  if (faults.length > 0) {
    const place = {
      stack: name,
      recordFile: recordFile(name),
      originOf: () => "config" as const,
      writtenAt: (path: Path) => valueAt(config, path),
    };
    throw new SettingsError(describeFaults(faults, place), faults);
  }
  return answers;
}

/** Whether anything of the stack stands on a host: a site, the witness, the name server. Pure. */
function carries({ sites, witness, dns }: Settings, host: string): boolean {
  const names = dns?.provider === "builtin" ? dns.host : undefined;
  const all = [...Object.values(sites).map((site) => site.host), witness?.host, names];
  return all.includes(host);
}

/** The hosts that publish a port of the settings as it stands there; sites with an offset publish others. Pure. */
export function hostsOf({ sites, witness, dns }: Settings, [group, name]: Path): string[] {
  if (group === "dns") {
    return dns?.provider === "builtin" ? [dns.host] : [];
  }
  if (name === "witness") {
    return witness === undefined ? [] : [witness.host];
  }
  const unshifted = Object.values(sites).filter(({ portOffset }) => portOffset === 0);
  return [...new Set(unshifted.map(({ host }) => host))];
}

/** A port is free for a wish when it is on each host that would publish it. Pure, but for the holders. */
export function holdersOf(
  settings: Settings,
  holders: Readonly<Record<string, HolderOf>>,
): HolderOf {
  const several = Object.keys(holders).length > 1;
  return async (port, wish) => {
    for (const host of wish === undefined ? [] : hostsOf(settings, wish.path)) {
      const holder = await holders[host]?.(port);
      if (holder !== undefined) {
        return several ? `${holder} on host ${host}` : holder;
      }
    }
    return undefined;
  };
}

/** Who holds a port on a host, our own choices for it included: a shifted port must not meet them. */
function besideOurs(
  settings: Settings,
  choices: readonly PortChoice[],
  host: string,
  holderOf: HolderOf | undefined,
): HolderOf {
  const ours = choices.filter(({ wish }) => hostsOf(settings, wish.path).includes(host));
  return async (port) => {
    const own = ours.find((choice) => choice.port === port);
    return own ? `${own.wish.path[0]}.${own.wish.path[1]} of this stack` : holderOf?.(port);
  };
}

/** The settings of one host's sites, with the ports that were chosen. Pure. */
function withPorts(settings: Settings, chosen: Tree, host: string): Settings {
  const sites = Object.entries(settings.sites).filter(([, site]) => site.host === host);
  const ports = { ...settings.ports, ...(chosen.ports as Partial<Settings["ports"]> | undefined) };
  return { ...settings, sites: Object.fromEntries(sites), ports };
}
