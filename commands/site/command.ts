/** `./holdfast site <verb>`. */
import { siteDns } from "../dns/siteDns.ts";
import { Fault } from "../fault.ts";
import type { GlobalOptions } from "../options.ts";
import { alignedBlock, print } from "../ui.ts";
import { activate } from "./activate.ts";
import { failback } from "./failback.ts";
import { failover } from "./failover.ts";
import { realPorts } from "./ports.ts";
import { settingsFrom } from "./settings.ts";
import { reportOf, statusText } from "./statusText.ts";
import { switchover } from "./switchover.ts";
import { dockerAddresses, topologyOf } from "./topology.ts";
import type { SitePorts, Topology } from "./types.ts";
import { lookAt, typed } from "./view.ts";

export interface SiteOptions extends GlobalOptions {
  /** The verb. */
  readonly args: readonly string[];
  readonly to?: string;
  readonly siteIsOff?: string;
  readonly site?: string;
  readonly rejoinOnly: boolean;
  readonly check: boolean;
  readonly docker?: readonly string[];
  readonly kit?: string;
  readonly passphraseFile?: string;
}

/** Each verb with the options that are its own. */
const VERBS: Readonly<Record<string, readonly (keyof SiteOptions)[]>> = {
  status: [],
  switchover: ["to"],
  failover: ["to", "siteIsOff"],
  failback: ["to", "rejoinOnly"],
  activate: ["site", "siteIsOff"],
  dns: ["check"],
};

/** Says how both sites are, or changes which one is active. Exit code 0 only when that is so. */
export async function site(options: SiteOptions): Promise<number> {
  const verb = checkedVerb(options);
  const { stack, kit, passphraseFile, json, yes, docker = [] } = options;
  const settings = await settingsFrom({ stack, kit, passphraseFile });
  const addresses = dockerAddresses(settings, docker);
  if (verb === "dns") {
    return siteDns(settings, addresses, options);
  }
  const topology = topologyOf(settings);
  const ports = realPorts(settings, { addresses, yes });
  if (verb === "status") {
    return showStatus(ports, topology, json);
  }
  const done = await change(verb, options, ports, topology);
  print(json ? JSON.stringify(done, null, 2) : changeText(done));
  return 0;
}

async function showStatus(ports: SitePorts, topology: Topology, json: boolean): Promise<number> {
  const view = await lookAt(ports, topology);
  const report = reportOf(view, topology);
  print(json ? JSON.stringify(report, null, 2) : statusText(view, topology));
  return report.healthy ? 0 : 1;
}

function change(
  verb: string,
  options: SiteOptions,
  ports: SitePorts,
  topology: Topology,
): Promise<object> {
  const { to, siteIsOff, rejoinOnly } = options;
  switch (verb) {
    case "switchover":
      return switchover(ports, topology, needTo(to, verb, topology));
    case "failover":
      return failover(ports, topology, { to: needTo(to, verb, topology), siteIsOff });
    case "failback":
      return failback(ports, topology, { to, rejoinOnly });
    default:
      return activate(ports, topology, { site: options.site, siteIsOff });
  }
}

/** Which site is to be active is never guessed. @throws Fault */
function needTo(to: string | undefined, verb: string, topology: Topology): string {
  if (to !== undefined) {
    return to;
  }
  throw new Fault(
    `site ${verb}: to which site is missing`,
    ...topology.sites.map((site) => typed(topology, `${verb} --to ${site}`)),
  );
}

/** Pure. @throws Fault for another word, and for an option that would be ignored */
export function checkedVerb(options: SiteOptions): string {
  const [verb = ""] = options.args;
  const own = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (own === undefined) {
    const all = Object.keys(VERBS).map((name) => `./holdfast site ${name}`);
    throw new Fault(`there is no ./holdfast site ${verb}`, "there are these:", ...all);
  }
  const given: [keyof SiteOptions, string][] = [
    ["to", "--to"],
    ["siteIsOff", "--site-is-off"],
    ["site", "--site"],
    ["rejoinOnly", "--rejoin-only"],
    ["check", "--check"],
  ];
  for (const [key, flag] of given) {
    if (options[key] !== undefined && options[key] !== false && !own.includes(key)) {
      const whose = Object.keys(VERBS).filter((name) => VERBS[name]?.includes(key));
      throw new Fault(
        `site ${verb} does not take ${flag}`,
        `it belongs to: ${whose.map((name) => `./holdfast site ${name}`).join(", ")}`,
      );
    }
  }
  return verb;
}

/** What a person reads at the end. Pure. */
export function changeText(done: object): string {
  const rows = Object.entries(done).flatMap(([name, value]): [string, string][] => {
    if (typeof value === "object" && value !== null) {
      return Object.entries(value).map(([key, inner]) => [`${name}.${key}`, shown(key, inner)]);
    }
    return [[name, shown(name, value)]];
  });
  return alignedBlock(rows);
}

function shown(name: string, value: unknown): string {
  const isSeconds = typeof value === "number" && name.toLowerCase().endsWith("seconds");
  return isSeconds ? `${value.toFixed(1)} s` : value === null ? "not known" : String(value);
}
