/** What is published of which site, and where it is changed: from the settings alone. Pure. */
import { parseNameServer } from "../../settings/dns.ts";
import { dnsService } from "../../settings/dnsProviders.ts";
import { sitesShareHost } from "../../settings/sites.ts";
import type { DnsSettings, Settings } from "../../settings.ts";
import type { ZoneRecord } from "../../templates/dns/zone.ts";
import type { OctodnsTarget } from "../../templates/octodns/octodns.yaml.ts";
import { addressOf, reachableAddress, slotsOf } from "../docker/addresses.ts";

/** What has a public name. */
export type PublicService = "app" | "database";

/** A name server's address and port. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** The service -> its name inside the zone. */
export function namesOf({ app, database }: DnsSettings): Partial<Record<PublicService, string>> {
  return database === "" ? { app } : { app, database };
}

/** The names of one site with its addresses. */
export function recordsOf(settings: Settings, dns: DnsSettings, site: string): ZoneRecord[] {
  return services(dns).map(([service, name]) => ({
    name,
    addresses: addressesOf(settings, dns, site, service),
  }));
}

/** Site -> service -> addresses, of all sites. */
export function siteAddresses(
  settings: Settings,
  dns: DnsSettings,
): Record<string, Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.keys(settings.sites).map((site) => [
      site,
      Object.fromEntries(
        services(dns).map(([service]) => [service, addressesOf(settings, dns, site, service)]),
      ),
    ]),
  );
}

/**
 * The name server as a container of a site reaches it: on its network where both are on one Docker host,
 * else by the host's address. Undefined for a DNS service with an API.
 */
export function primaryOf(
  settings: Settings,
  dns: DnsSettings,
  site: string,
): ServerAddress | undefined {
  if (dns.provider === "rfc2136") return parseNameServer(dns.server);
  if (dns.provider === "octodns") return undefined;
  return settings.sites[site]?.host === dns.host
    ? { host: addressOf(dns.subnet, "dns"), port: 53 }
    : { host: hostAddress(settings, dns.host), port: dns.port };
}

/** Who is asked what clients see, by a container of a site; none: the zone's own name servers. */
export function askedBy(settings: Settings, dns: DnsSettings, site: string): ServerAddress[] {
  const chosen = dns.resolvers.flatMap((text) => parseNameServer(text) ?? []);
  const primary = primaryOf(settings, dns, site);
  return chosen.length === 0 && primary !== undefined ? [primary] : chosen;
}

/** The same for this machine, which is on no network of ours: by published ports. */
export function askedFromHere(settings: Settings, dns: DnsSettings): ServerAddress[] {
  if (dns.resolvers.length > 0 || dns.provider !== "builtin") return askedBy(settings, dns, "");
  const local = settings.hosts[dns.host]?.docker.startsWith("unix:") === true;
  const host = local
    ? reachableAddress(settings.network.bindAddress)
    : hostAddress(settings, dns.host);
  return [{ host, port: dns.port }];
}

/** What octoDNS changes, for a container of a site. */
export function octodnsTarget(settings: Settings, dns: DnsSettings, site: string): OctodnsTarget {
  const primary = primaryOf(settings, dns, site);
  if (primary !== undefined) {
    const builtin = dns.provider === "builtin";
    return {
      octodnsClass: "octodns_bind.Rfc2136Provider",
      parameters: {
        host: primary.host,
        port: primary.port,
        // A server answers within milliseconds. A flip that waits longer is a fault to be told.
        timeout: 5,
        key_name: builtin ? "holdfast" : dns.keyName,
        key_algorithm: builtin ? "hmac-sha256" : dns.keyAlgorithm,
        key_secret: `file/${TSIG_FILE}`,
      },
    };
  }
  if (dns.service === "") throw new Error("provider octodns without a service");
  const { octodnsClass, secrets, options } = dnsService(dns.service);
  const taken = Object.entries(secrets).map(([key, secret]) => [
    key,
    `file/${SECRET_FILES[secret]}`,
  ]);
  return { octodnsClass, parameters: { ...options, ...dns.options, ...Object.fromEntries(taken) } };
}

/** The TSIG key's secret, in the name server's container and in those that change its zone. */
export const TSIG_FILE = "dns-tsig";

/** A DNS service's secret -> its file's name. */
export const SECRET_FILES = { dnsSecret: "dns-secret", dnsKeyId: "dns-key-id" } as const;

/** The image's build argument: the file of providers/ that it installs. */
export function providerPackage({ provider, service }: DnsSettings): string {
  return provider === "octodns" && service !== "" ? service : "rfc2136";
}

function services(dns: DnsSettings): [PublicService, string][] {
  return Object.entries(namesOf(dns)) as [PublicService, string][];
}

/**
 * What is set; else, of sites on different hosts, the host's address; else what stands on the site's own
 * network, which its Docker host reaches. A pooler that does not exist answers nobody, so only those that do.
 */
function addressesOf(
  settings: Settings,
  dns: DnsSettings,
  site: string,
  service: PublicService,
): readonly string[] {
  const given = dns.addresses[site];
  if (given !== undefined) return given;
  const { host, subnet } = settings.sites[site] ?? { host: "", subnet: "" };
  if (!sitesShareHost(settings)) return [hostAddress(settings, host)];
  if (service === "app") return [addressOf(subnet, "edge")];
  const poolers = slotsOf("pooler").slice(0, settings.ports.pooler.length);
  return poolers.map((n) => addressOf(subnet, "pooler", n));
}

/** Where other hosts reach this one; sites on different hosts have to have it. */
function hostAddress({ hosts }: Settings, name: string): string {
  return hosts[name]?.address ?? "";
}
