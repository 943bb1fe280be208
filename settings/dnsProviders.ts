/** The DNS services that octoDNS can be given here, and what each of them needs. Plain facts. */

/** A DNS service with an API of its own. */
export interface DnsService {
  /** octoDNS' class for it. */
  readonly octodnsClass: string;
  /** octoDNS' parameter -> the secret of the stack's config that it takes. */
  readonly secrets: Readonly<Record<string, "dnsSecret" | "dnsKeyId">>;
  /** Options that are not octoDNS' defaults; `dns.options` may say otherwise. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** Options that have no default. */
  readonly needs: readonly string[];
}

/** By name: what `dns.service` may say, and images/dns-sync/providers/<name>.txt. */
export const DNS_SERVICES = {
  cloudflare: {
    octodnsClass: "octodns_cloudflare.CloudflareProvider",
    secrets: { token: "dnsSecret" },
    // 60 s is the least that Cloudflare takes outside of its Enterprise plan; octoDNS would raise to 120 s. Without
    // page rules the token needs no right to read them.
    options: { min_ttl: 60, pagerules: false },
    needs: [],
  },
  digitalocean: {
    octodnsClass: "octodns_digitalocean.DigitalOceanProvider",
    secrets: { token: "dnsSecret" },
    options: {},
    needs: [],
  },
  powerdns: {
    octodnsClass: "octodns_powerdns.PowerDnsProvider",
    secrets: { api_key: "dnsSecret" },
    options: {},
    needs: ["host"],
  },
  route53: {
    octodnsClass: "octodns_route53.Route53Provider",
    secrets: { access_key_id: "dnsKeyId", secret_access_key: "dnsSecret" },
    options: {},
    needs: [],
  },
} as const satisfies Record<string, DnsService>;

export type DnsServiceName = keyof typeof DNS_SERVICES;

/** The service of a name, with the fields that all have. */
export function dnsService(name: DnsServiceName): DnsService {
  return DNS_SERVICES[name];
}
