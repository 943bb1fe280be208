/** A load whose clients are users: they know names, and go where those point. */
import { setTimeout as wait } from "node:timers/promises";
import { sitesShareHost } from "../../settings/sites.ts";
import type { DnsSettings, Settings } from "../../settings.ts";
import type { Docker } from "../docker.ts";
import type { LoadPlace } from "./load.ts";
import { EDGE_PORT, type LoadUrls, POOLER_PORT, urlsAt } from "./loadUrls.ts";
import { Skipped } from "./scene.ts";

/** What of `dns` is read here. */
export type DnsFacts = Pick<DnsSettings, "zone" | "app" | "database" | "addresses">;

/** How a load's container gets to the names, and to where they point. */
export interface PublicPlace {
  /** Arguments of `docker run` beside the first network. */
  readonly arguments: readonly string[];
  urls(databaseUrl: string): LoadUrls;
  /** Once the container is there: the networks of the other sites and of the name server. */
  join(container: string): Promise<void>;
}

const JOIN_TRIES = 50;
const JOIN_MS = 200;

/** The public names as a load uses them. Pure. @throws Skipped where the stack has none */
export function dnsFacts({ dns }: Pick<Settings, "dns">): DnsFacts {
  if (dns === undefined) {
    throw new Skipped(
      "this stack has no public names (dns.zone): no client would find the other site",
    );
  }
  if (dns.database === "") {
    throw new Skipped(
      "the database has no public name (dns.database): its clients could not follow",
    );
  }
  return dns;
}

/** `shop.example.org`; `@` is the zone itself. Pure. */
export function wholeName(name: string, zone: string): string {
  return name === "@" ? zone : `${name}.${zone}`;
}

/** The stack's URLs by the public names. Pure. @throws Error when the output is no such URL */
export function publicUrls(databaseUrl: string, settings: Settings, dns: DnsFacts): LoadUrls {
  // Addresses that a person gave, and those of hosts, lead to published ports.
  const isPublished = Object.keys(dns.addresses).length > 0 || !sitesShareHost(settings);
  const { ports } = settings;
  const [pooler, app] = isPublished ? [ports.pooler[0], ports.app] : [POOLER_PORT, EDGE_PORT];
  const server = `${wholeName(dns.database, dns.zone)}:${pooler}`;
  return urlsAt(databaseUrl, server, `${wholeName(dns.app, dns.zone)}:${app}`);
}

/** The same place, for clients that follow the names. @throws Skipped */
export async function followingNames(place: LoadPlace): Promise<LoadPlace> {
  const { docker, settings, site } = place;
  const dns = dnsFacts(settings);
  const server = await nameServer(docker, settings.stack);
  const own = `${settings.project}-${settings.stack}-${site}-network`;
  const others = (await networksOf(docker, settings.stack)).filter((name) => name !== own);
  const names: PublicPlace = {
    // Of an own name server; else the container asks whom its Docker host asks.
    arguments: server === undefined ? [] : [`--dns=${server}`, "--dns-opt=timeout:1"],
    urls: (databaseUrl) => publicUrls(databaseUrl, settings, dns),
    join: (container) => joinAll(docker, container, others),
  };
  return { ...place, names };
}

/** Address of the stack's own name server on this Docker host; undefined where none runs here. */
async function nameServer(docker: Docker, stack: string): Promise<string | undefined> {
  const labels = [`holdfast.stack=${stack}`, "holdfast.component=dns"];
  const filters = labels.flatMap((label) => ["--filter", `label=${label}`]);
  const { stdout: ids } = await docker.must("finding the name server", ["ps", "-q", ...filters]);
  const [id] = ids.split("\n").filter(Boolean);
  if (id === undefined) {
    return undefined;
  }
  const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
  const { stdout } = await docker.must("reading its address", ["inspect", "-f", format, id]);
  return stdout.trim().split(" ")[0] || undefined;
}

async function networksOf(docker: Docker, stack: string): Promise<string[]> {
  const filter = ["--filter", `label=holdfast.stack=${stack}`];
  const args = ["network", "ls", "--format", "{{.Name}}", ...filter];
  const { stdout } = await docker.must("listing networks", args);
  return stdout.split("\n").filter(Boolean);
}

/** `docker run` takes one network only; the container may not be there yet. @throws Fault */
async function joinAll(
  docker: Docker,
  container: string,
  networks: readonly string[],
): Promise<void> {
  for (const network of networks) {
    for (let tries = 1; ; tries += 1) {
      const args = ["network", "connect", network, container];
      if (tries === JOIN_TRIES) {
        await docker.must(`joining the load to ${network}`, args);
        break;
      }
      if ((await docker.run(args)).code === 0) {
        break;
      }
      await wait(JOIN_MS);
    }
  }
}
