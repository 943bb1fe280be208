/** What the settings of the public names owe each other and the sites. Pure. */
import type { Given } from "./capacity.ts";
import { dnsKeys } from "./dns.ts";
import { DNS_SERVICES, dnsService } from "./dnsProviders.ts";
import type { Fault } from "./faults.ts";
import type { Parsed } from "./schema.ts";
import type { Path } from "./tree.ts";

const at = (...keys: (string | number)[]): Path => ["dns", ...keys];
type Dns = Parsed["dns"];

/**
 * Every contradiction in `dns`.
 *
 * @param keys those of `dnsKeys` that the stack has, as secrets
 */
export function dnsFaults(settings: Parsed, given: Given, keys: readonly string[]): Fault[] {
  const { dns } = settings;
  if (dns.zone === "") return [...withoutZone(dns, given), ...unneeded([], keys, "dns.zone")];
  return [
    ...names(dns),
    ...addresses(settings),
    ...provider(settings, given),
    ...secrets(dns, keys),
  ];
}

/** A provider alone looks like DNS, and would be none. */
function withoutZone(dns: Dns, given: Given): Fault[] {
  // The port may be what the launcher recorded of a zone that was there once.
  const others = (Object.keys(dns) as (keyof Dns)[]).filter(
    (key) => key !== "zone" && key !== "port" && given(at(key)),
  );
  const [first] = others;
  if (first === undefined) return [];
  const path = at("zone");
  const problem = `nothing is published without a zone, and dns.${first} is set; for example example.org`;
  return [{ path, problem, mend: { set: { path, value: "example.org" } }, involves: [at(first)] }];
}

function* names({ app, database, provider }: Dns): Generator<Fault> {
  if (app === database) {
    const path = at("database");
    const problem = "also the name of dns.app; the database is reached at another address";
    yield {
      path,
      problem,
      mend: { set: { path, value: app === "db" ? "database" : "db" } },
      involves: [at("app")],
    };
  }
  for (const key of ["app", "database"] as const) {
    if (provider !== "builtin" || { app, database }[key] !== "ns") continue;
    const path = at(key);
    const problem = "the builtin name server's own name";
    yield { path, problem, mend: { remove: path }, involves: [at("provider")] };
  }
}

function* addresses({ dns, sites }: Parsed): Generator<Fault> {
  const owner = new Map<string, string>();
  for (const [site, list] of Object.entries(dns.addresses)) {
    const path = at("addresses", site);
    if (!Object.hasOwn(sites, site)) {
      const problem = `no such site; sites has ${Object.keys(sites).join(", ")}`;
      yield { path, keyOnly: true, problem, mend: { remove: path }, involves: [["sites"]] };
      continue;
    }
    const wanted = [...list].sort().join(" ");
    const other = owner.get(wanted);
    if (other !== undefined) {
      const problem = `also the addresses of site ${other}: nobody could tell where the names point`;
      yield { path, problem, mend: { remove: path } };
    }
    owner.set(wanted, site);
  }
  if (dns.provider === "builtin") return;
  for (const site of Object.keys(sites)) {
    if (Object.hasOwn(dns.addresses, site)) continue;
    const path = at("addresses", site);
    const problem = `the site's public address is missing; clients elsewhere do not reach a container's`;
    yield {
      path,
      problem,
      mend: { set: { path: [...path, 0], value: "203.0.113.10" } },
      involves: [at("provider")],
    };
  }
}

function* provider({ dns, hosts, sites }: Parsed, given: Given): Generator<Fault> {
  const involves = [at("provider")];
  const only = {
    builtin: ["host", "subnet"],
    rfc2136: ["server", "keyName", "keyAlgorithm"],
    octodns: ["service", "options"],
  } as const;
  for (const [owner, fields] of Object.entries(only)) {
    for (const key of fields) {
      if (owner === dns.provider || !given(at(key))) continue;
      const path = at(key);
      yield { path, problem: `belongs to provider ${owner}`, mend: { remove: path }, involves };
    }
  }
  if (dns.provider === "builtin") yield* ownServer(dns, hosts, sites);
  if (dns.provider === "rfc2136" && dns.server === "") {
    const path = at("server");
    const problem = "provider rfc2136 needs the primary name server; for example 192.0.2.53";
    yield { path, problem, mend: { set: { path, value: "192.0.2.53" } }, involves };
  }
  if (dns.provider === "octodns") yield* service(dns);
}

function* service({ service, options }: Dns): Generator<Fault> {
  if (service === "") {
    const path = at("service");
    const problem = `provider octodns needs the DNS service: ${Object.keys(DNS_SERVICES).join(", ")}`;
    yield { path, problem, mend: { set: { path, value: "route53" } }, involves: [at("provider")] };
    return;
  }
  for (const key of dnsService(service).needs) {
    if (Object.hasOwn(options, key)) continue;
    const path = at("options", key);
    const problem = `${service} needs it`;
    yield {
      path,
      problem,
      mend: { set: { path, value: "192.0.2.53" } },
      involves: [at("service")],
    };
  }
}

function* ownServer(dns: Dns, hosts: Parsed["hosts"], sites: Parsed["sites"]): Generator<Fault> {
  if (!Object.hasOwn(hosts, dns.host)) {
    const path = at("host");
    const problem = `no such host; hosts has ${Object.keys(hosts).join(", ")}`;
    yield { path, problem, mend: { remove: path }, involves: [["hosts"]] };
  }
  for (const [site, { subnet }] of Object.entries(sites)) {
    if (subnet !== dns.subnet) continue;
    const path = at("subnet");
    yield { path, problem: `already the network of site ${site}`, mend: { remove: path } };
  }
}

function* secrets({ provider, service }: Dns, keys: readonly string[]): Generator<Fault> {
  const wanted = secretsOf(provider, service);
  const missing = wanted.filter((key) => !keys.includes(key));
  if (missing.length > 0) {
    const path = at("provider");
    const what = provider === "rfc2136" ? "the TSIG key (base64)" : "its credentials";
    const problem = `needs ${what} as a secret, and has no ${missing.join(", no ")}`;
    yield { path, problem, mend: { secrets: missing } };
  }
  yield* unneeded(wanted, keys, `dns.provider = ${provider}`);
}

/** The secrets of the stack that a provider takes. The builtin one makes its own. */
export function secretsOf(provider: Dns["provider"], service: Dns["service"]): string[] {
  if (provider === "rfc2136") return ["dnsSecret"];
  if (provider === "builtin" || service === "") return [];
  const taken: string[] = Object.values(dnsService(service).secrets);
  return dnsKeys.filter((key) => taken.includes(key));
}

function* unneeded(
  wanted: readonly string[],
  keys: readonly string[],
  why: string,
): Generator<Fault> {
  for (const key of keys.filter((key) => !wanted.includes(key))) {
    const problem = `nothing uses it: see ${why}`;
    yield { path: [key], keyOnly: true, problem, mend: { remove: [key] } };
  }
}
