import { createServer } from "node:net";
import type { Fault as SettingsFault } from "../../settings/faults.ts";
import { hasSites, portsOf, shareHost } from "../../settings/sites.ts";
import type { Path, Tree } from "../../settings/tree.ts";
import { valueAt } from "../../settings/tree.ts";
import type { Settings } from "../../settings.ts";
import type { Docker } from "../docker.ts";
import { run } from "../exec.ts";

/** A port that the settings ask for. */
export interface PortWish {
  /** The config key as a path, e.g. `["ports", "pooler", 0]`. */
  readonly path: Path;
  readonly port: number;
  /** A person wrote it into the config: it is never changed silently. */
  readonly explicit: boolean;
}

/** Who holds a port, in words, or undefined when it is free; for a wish, wherever that is published. */
export type HolderOf = (port: number, wish?: PortWish) => Promise<string | undefined>;

export interface PortChoice {
  readonly wish: PortWish;
  readonly port: number;
}

const HIGHEST_PORT = 65_535;

/** The ports that the settings publish, in the order of the settings. Pure. */
export function portWishes(settings: Settings, config: Tree): PortWish[] {
  const { dns } = settings;
  const explicitDns = valueAt(config, ["dns", "port"]) !== undefined;
  const names: PortWish[] =
    dns?.provider === "builtin"
      ? [{ path: ["dns", "port"], port: dns.port, explicit: explicitDns }]
      : [];
  const others = Object.entries(settings.ports).flatMap(([name, value]) => {
    if (name === "grafana" && !settings.monitoring.grafana) {
      return [];
    }
    if ((name === "link" || name === "witness") && (!hasSites(settings) || shareHost(settings))) {
      return []; // published between hosts alone
    }
    const explicit = valueAt(config, ["ports", name]) !== undefined;
    return Array.isArray(value)
      ? value.map((port: number, index) => ({ path: ["ports", name, index], port, explicit }))
      : [{ path: ["ports", name], port: value as number, explicit }];
  });
  return [...others, ...names];
}

/**
 * A free port for every wish: its own where that is free, else the next free one that nobody else wishes; for explicit
 * ones that are taken, a fault instead.
 */
export async function choosePorts(
  wishes: readonly PortWish[],
  holderOf: HolderOf,
): Promise<{ choices: PortChoice[]; faults: SettingsFault[] }> {
  const wished = new Set(wishes.map(({ port }) => port));
  const choices: PortChoice[] = [];
  const faults: SettingsFault[] = [];
  const nextFree = async (wish: PortWish): Promise<number> => {
    for (let port = wish.port + 1; port <= HIGHEST_PORT; port++) {
      if (!wished.has(port) && (await holderOf(port, wish)) === undefined) {
        wished.add(port);
        return port;
      }
    }
    throw new RangeError(`no free port above ${wish.port}`);
  };
  for (const wish of wishes) {
    const holder = await holderOf(wish.port, wish);
    if (holder === undefined) {
      choices.push({ wish, port: wish.port });
    } else if (!wish.explicit) {
      choices.push({ wish, port: await nextFree(wish) });
    } else {
      faults.push({
        path: wish.path,
        problem: `taken by ${holder}`,
        mend: { set: { path: wish.path, value: await nextFree(wish) } },
      });
    }
  }
  return { choices, faults };
}

/** The choices that differ from the wishes, as a tree for the record; a list is recorded whole. Pure. */
export function portAnswers(choices: readonly PortChoice[]): Tree {
  const ports: { [name: string]: number | number[] } = {};
  const [dns] = choices.filter(({ wish, port }) => wish.path[0] === "dns" && wish.port !== port);
  const others = choices.filter(({ wish }) => wish.path[0] === "ports");
  const names = new Set(others.map(({ wish }) => String(wish.path[1])));
  for (const name of names) {
    const own = others.filter(({ wish }) => wish.path[1] === name);
    if (own.some(({ wish, port }) => wish.port !== port)) {
      const chosen = own.map(({ port }) => port);
      ports[name] = own[0]?.wish.path.length === 3 ? chosen : (chosen[0] ?? 0);
    }
  }
  return {
    ...(Object.keys(ports).length > 0 ? { ports } : {}),
    ...(dns === undefined ? {} : { dns: { port: dns.port } }),
  };
}

/** Between two tries for the second site of one host. */
const OFFSET_STEP = 100;

/**
 * The second site's ports on a host that carries both: its offset where all of them are free, else the next one
 * that fits; for an explicit offset, a fault instead.
 */
export async function chooseOffsets(
  settings: Settings,
  config: Tree,
  holderOf: HolderOf,
): Promise<{ answers: Tree; faults: SettingsFault[] }> {
  const sites: { [site: string]: { portOffset: number } } = {};
  const faults: SettingsFault[] = [];
  for (const [site, { portOffset }] of Object.entries(settings.sites)) {
    if (portOffset === 0) continue;
    const holderAt = async (offset: number): Promise<string | undefined> => {
      const shifted = { ...settings.sites[site], portOffset: offset };
      const {
        link: _,
        witness: __,
        ...ports
      } = portsOf({ ports: settings.ports, sites: { [site]: shifted } }, site);
      for (const port of Object.values(ports).flat()) {
        const holder = port > HIGHEST_PORT ? "nobody: it is too high" : await holderOf(port);
        if (holder !== undefined) return `port ${port} taken by ${holder}`;
      }
      return undefined;
    };
    const taken = await holderAt(portOffset);
    if (taken === undefined) continue;
    let offset = portOffset + OFFSET_STEP;
    while (offset < HIGHEST_PORT && (await holderAt(offset)) !== undefined) offset += OFFSET_STEP;
    const path = ["sites", site, "portOffset"];
    if (valueAt(config, path) === undefined) sites[site] = { portOffset: offset };
    else faults.push({ path, problem: taken, mend: { set: { path, value: offset } } });
  }
  return { answers: Object.keys(sites).length > 0 ? { sites } : {}, faults };
}

/** Looks at the Docker host's containers and, where that is this machine, at its sockets. */
export async function portHolders(docker: Docker, settings: Settings): Promise<HolderOf> {
  const published = await publishedPorts(docker);
  const local = docker.host.startsWith("unix://");
  const { bindAddress } = settings.network;
  return async (port) => {
    const container = published.get(port);
    if (container) {
      return container.stack === settings.stack ? undefined : `container ${container.name}`;
    }
    return local && !(await canListen(port, bindAddress)) ? processHolding(port) : undefined;
  };
}

interface Publisher {
  readonly name: string;
  readonly stack: string;
}

async function publishedPorts(docker: Docker): Promise<Map<number, Publisher>> {
  const format = '{{.Names}}\t{{.Label "holdfast.stack"}}\t{{.Ports}}';
  const { stdout } = await docker.must("listing containers", ["ps", "--format", format]);
  return parsePublished(stdout);
}

/** Host ports by container, from lines of name, stack and `127.0.0.1:8080->8080/tcp, …`. Pure. */
export function parsePublished(listing: string): Map<number, Publisher> {
  const published = new Map<number, Publisher>();
  for (const line of listing.split("\n").filter(Boolean)) {
    const [name = "", stack = "", ports = ""] = line.split("\t");
    for (const [, first, last] of ports.matchAll(/:(\d+)(?:-(\d+))?->/g)) {
      for (let port = Number(first); port <= Number(last ?? first); port++) {
        published.set(port, { name, stack });
      }
    }
  }
  return published;
}

function canListen(port: number, address: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  // An address this machine does not have, or a port only root may open, is not for us to judge: Docker will.
  server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "EADDRINUSE"));
  server.listen({ port, host: address, exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
}

async function processHolding(port: number): Promise<string> {
  const { stdout } = await run("ss", ["-Hltnp", `sport = :${port}`]);
  const match = /\("([^"]+)",pid=(\d+)/.exec(stdout);
  return match ? `${match[1]} (process ${match[2]})` : "another process";
}
