import { existsSync, readFileSync } from "node:fs";
import type { Fault as SettingsFault } from "../../settings/faults.ts";
import { hasSites, shareHost } from "../../settings/sites.ts";
import { defaultSubnet, parseIpv4 } from "../../settings/subnets.ts";
import { merge, type Path, type Tree, valueAt } from "../../settings/tree.ts";
import type { Settings } from "../../settings.ts";
import type { Docker } from "../docker.ts";
import { treeOf } from "./record.ts";

/** An IPv4 network that something already uses. */
export interface TakenNetwork {
  /** e.g. `172.17.0.0/16` */
  readonly cidr: string;
  /** In words, e.g. `Docker's network bridge`. */
  readonly holder: string;
}

export interface SubnetChoice {
  readonly subnet: string;
  readonly fault?: SettingsFault;
}

/** Other places for a site's network, tried in turn; the same everywhere. */
const CANDIDATES = 64;

/**
 * The site's subnet: the one of the settings when nothing overlaps with it, else the next free candidate; for an explicit
 * one that overlaps, a fault. Pure.
 */
export function chooseSubnet(
  wish: {
    readonly stack: string;
    readonly site: string;
    readonly subnet: string;
    readonly explicit: boolean;
    /** Its config key. @default `sites.<site>.subnet` */
    readonly path?: Path;
  },
  taken: readonly TakenNetwork[],
): SubnetChoice {
  const conflict = (cidr: string) => taken.find((network) => overlap(network.cidr, cidr));
  const holder = conflict(wish.subnet)?.holder;
  if (holder === undefined) {
    return { subnet: wish.subnet };
  }
  const others = Array.from({ length: CANDIDATES }, (_, index) =>
    defaultSubnet(wish.stack, `${wish.site}/${index + 1}`),
  );
  const free = others.find((cidr) => !conflict(cidr)) ?? wish.subnet;
  if (!wish.explicit && free !== wish.subnet) {
    return { subnet: free };
  }
  const path = wish.path ?? ["sites", wish.site, "subnet"];
  const problem = `overlaps with ${holder}`;
  return {
    subnet: wish.subnet,
    fault: { path, problem, mend: { set: { path, value: free } } },
  };
}

/** Whether two networks in CIDR notation share an address. Pure. */
export function overlap(a: string, b: string): boolean {
  const [first, second] = [boundsOf(a), boundsOf(b)];
  return (
    first !== undefined && second !== undefined && first[0] <= second[1] && second[0] <= first[1]
  );
}

function boundsOf(cidr: string): readonly [number, number] | undefined {
  const [address = "", prefix = "32"] = cidr.split("/");
  const bits = parseIpv4(address);
  if (bits === undefined) {
    return undefined; // IPv6 does not meet us
  }
  const size = 2 ** (32 - Number(prefix));
  const start = Math.floor(bits / size) * size;
  return [start, start + size - 1];
}

/**
 * The subnets of a host's sites, and of what joins and witnesses them where that is there too, checked against what
 * the Docker host and this machine use.
 *
 * @param host its key in `hosts`
 */
export async function chooseSubnets(
  docker: Docker,
  settings: Settings,
  config: Tree,
  host: string,
): Promise<{ answers: Tree; faults: SettingsFault[] }> {
  const networks = await dockerNetworks(docker);
  const ours = networks.filter(({ stack }) => stack === settings.stack).map(({ cidr }) => cidr);
  const local = docker.host.startsWith("unix://") ? hostRoutes() : [];
  const taken = [...networks.filter(({ stack }) => stack !== settings.stack), ...local];
  const faults: SettingsFault[] = [];
  const sites: { [site: string]: { subnet: string } } = {};
  let answers: Tree = {};
  for (const { name, path, subnet } of besideSites(settings, host)) {
    const explicit = valueAt(config, path) !== undefined;
    const wish = { stack: settings.stack, site: name, subnet, explicit, path };
    const choice = ours.includes(subnet) ? { subnet } : chooseSubnet(wish, taken);
    if (choice.fault) faults.push(choice.fault);
    else if (choice.subnet !== subnet) answers = merge(answers, treeOf(path, choice.subnet));
  }
  for (const [site, { subnet }] of sitesOn(settings, host)) {
    const explicit = valueAt(config, ["sites", site, "subnet"]) !== undefined;
    const wish = { stack: settings.stack, site, subnet, explicit };
    // Where our own network stands already, its own route is the one that overlaps.
    const choice = ours.includes(subnet) ? { subnet } : chooseSubnet(wish, taken);
    if (choice.fault) {
      faults.push(choice.fault);
    } else {
      sites[site] = { subnet: choice.subnet };
    }
  }
  const own = Object.keys(sites).length > 0 ? { sites } : {};
  return { answers: merge(answers, own), faults };
}

function sitesOn({ sites }: Settings, host: string) {
  return Object.entries(sites).filter(([, site]) => site.host === host);
}

/** Networks that are no site's; those of a sole site are made by nobody. */
function besideSites(
  settings: Settings,
  host: string,
): { name: string; path: string[]; subnet: string }[] {
  const { witness, network, dns } = settings;
  const here = sitesOn(settings, host).length > 0;
  const joined = here && hasSites(settings) && shareHost(settings);
  return [
    ...(joined
      ? [{ name: "link", path: ["network", "linkSubnet"], subnet: network.linkSubnet }]
      : []),
    ...(witness?.host === host
      ? [{ name: "witness", path: ["witness", "subnet"], subnet: witness.subnet }]
      : []),
    ...(dns?.provider === "builtin" && dns.host === host
      ? [{ name: "nameserver", path: ["dns", "subnet"], subnet: dns.subnet }]
      : []),
  ];
}

async function dockerNetworks(docker: Docker): Promise<(TakenNetwork & { stack: string })[]> {
  const { stdout: ids } = await docker.must("listing networks", ["network", "ls", "--quiet"]);
  const format =
    '{{.Name}}\t{{index .Labels "holdfast.stack"}}\t{{range .IPAM.Config}}{{.Subnet}} {{end}}';
  const list = ids.split("\n").filter(Boolean);
  const { stdout } = await docker.run(["network", "inspect", "--format", format, ...list]);
  return stdout
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => {
      const [name = "", stack = "", subnets = ""] = line.split("\t");
      const holder = `Docker's network ${name}`;
      return subnets
        .split(" ")
        .filter(Boolean)
        .map((cidr) => ({ cidr, holder, stack }));
    });
}

function hostRoutes(): TakenNetwork[] {
  const file = "/proc/net/route";
  return existsSync(file) ? parseRoutes(readFileSync(file, "utf8")) : [];
}

/** The networks this machine has routes to, but for the default route, from the text of /proc/net/route. Pure. */
export function parseRoutes(text: string): TakenNetwork[] {
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.split(/\s+/))
    .filter((fields) => fields.length > 7 && fields[7] !== "00000000")
    .map(([device = "", destination = "", , , , , , mask = ""]) => ({
      cidr: `${dotted(destination)}/${onesIn(mask)}`,
      holder: `a route of this machine (${device})`,
    }));
}

/** The kernel writes addresses as hexadecimal with the last byte first. */
function dotted(hex: string): string {
  const bytes = hex.match(/../g) ?? [];
  return bytes
    .toReversed()
    .map((byte) => Number.parseInt(byte, 16))
    .join(".");
}

function onesIn(hex: string): number {
  return Number.parseInt(hex, 16).toString(2).replaceAll("0", "").length;
}
