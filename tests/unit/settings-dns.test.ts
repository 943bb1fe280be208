import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseNameServer } from "../../settings/dns.ts";
import { DNS_SERVICES } from "../../settings/dnsProviders.ts";
import { parseSettings, SettingsError } from "../../settings.ts";

type Tree = Record<string, unknown>;
const zone = "example.org";
const addresses = { a: ["203.0.113.10"] };
const rfc2136 = { zone, provider: "rfc2136", server: "192.0.2.53", addresses };
const route53 = { zone, provider: "octodns", service: "route53", addresses };

function parse(dns: Tree, secrets: readonly string[] = [], config: Tree = {}) {
  const stored = Object.fromEntries(secrets.map((key) => [key, "hush-hush"]));
  return parseSettings({
    stack: "dev",
    project: "holdfast",
    secrets,
    config: { ...stored, ...config, dns },
  });
}

/** The text of a refusal. */
function refused(...args: Parameters<typeof parse>): string {
  try {
    parse(...args);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  throw new Error("accepted");
}

describe("accepted", () => {
  test("without a zone there are no public names", () => {
    expect(parse({}).dns).toBeUndefined();
    expect(parseSettings({ stack: "dev", project: "holdfast", config: {} }).dns).toBeUndefined();
  });

  test("a zone alone is enough: a name server of the stack's own", () => {
    expect(parse({ zone }).dns).toEqual({
      zone,
      app: "app",
      database: "",
      ttlSeconds: 30,
      provider: "builtin",
      addresses: {},
      resolvers: [],
      host: "h1",
      subnet: expect.stringMatching(/^10\.\d+\.\d+\.0\/24$/),
      port: 8053,
      server: "",
      keyName: "holdfast",
      keyAlgorithm: "hmac-sha256",
      service: "",
      options: {},
    });
  });

  test.each([
    [{ zone, app: "@", database: "db.internal", ttl: "1 min" }, []],
    [{ zone, addresses: { a: ["2001:db8::10", "203.0.113.10"] } }, []],
    [{ zone, resolvers: ["192.0.2.53:5300", "[2001:db8::53]"] }, []],
    [rfc2136, ["dnsSecret"]],
    [{ ...rfc2136, server: "ns1.example.org:5353", keyName: "k.example.org." }, ["dnsSecret"]],
    [route53, ["dnsSecret", "dnsKeyId"]],
    [{ ...route53, service: "cloudflare", options: { min_ttl: 30 } }, ["dnsSecret"]],
    [{ ...route53, service: "powerdns", options: { host: "192.0.2.53" } }, ["dnsSecret"]],
  ])("%j with %j", (dns, secrets) => {
    expect(JSON.stringify(parse(dns, secrets))).not.toContain("hush");
  });
});

describe("refused", () => {
  test.each([
    [{ zone: "example.org." }, [], "dns.zone"],
    [{ zone: "Example.org" }, [], "dns.zone"],
    [{ zone: "a b" }, [], "dns.zone"],
    [{ zone, app: "" }, [], "dns.app"],
    [{ zone, app: "shop.example.org." }, [], "dns.app"],
    [{ zone, app: "db", database: "db" }, [], "also the name of dns.app"],
    [{ zone, app: "ns" }, [], "the builtin name server's own name"],
    [{ zone, ttl: "2 h" }, [], "dns.ttl"],
    [{ zone, provider: "bind" }, [], "dns.provider"],
    [{ zone, addresses: { a: ["here"] } }, [], "dns.addresses.a[0]"],
    [{ zone, addresses: { a: [] } }, [], "dns.addresses.a"],
    [{ zone, addresses: { z: ["203.0.113.10"] } }, [], "no such site; sites has a"],
    [{ zone, resolvers: ["one two"] }, [], "dns.resolvers[0]"],
    [{ zone, port: 0 }, [], "dns.port"],
    [{ zone, host: "h9" }, [], "no such host; hosts has h1"],
    [{ zone, subnet: "10.88.65.0/24" }, [], "already the network of site a"],
    [{ zone, server: "192.0.2.53" }, [], "belongs to provider rfc2136"],
    [{ zone, service: "route53" }, [], "belongs to provider octodns"],
    [{ zone }, ["dnsSecret"], "nothing uses it: see dns.provider = builtin"],
    [{ ...rfc2136, server: "" }, ["dnsSecret"], "needs the primary name server"],
    [{ ...rfc2136, server: "1.2.3" }, ["dnsSecret"], "dns.server"],
    [{ ...rfc2136, server: "192.0.2.53:0" }, ["dnsSecret"], "dns.server"],
    [{ ...rfc2136, keyAlgorithm: "hmac-md5" }, ["dnsSecret"], "dns.keyAlgorithm"],
    [{ ...rfc2136, addresses: {} }, ["dnsSecret"], "dns.addresses.a"],
    [rfc2136, [], "needs the TSIG key (base64) as a secret, and has no dnsSecret"],
    [rfc2136, ["dnsSecret", "dnsKeyId"], "dnsKeyId: nothing uses it"],
    [route53, ["dnsSecret"], "has no dnsKeyId"],
    [{ ...route53, service: "" }, [], "needs the DNS service: cloudflare"],
    [{ ...route53, service: "gandi" }, [], "dns.service"],
    [{ ...route53, service: "powerdns" }, ["dnsSecret"], "dns.options.host"],
    [{ ...route53, options: { a: [] } }, ["dnsSecret", "dnsKeyId"], "dns.options.a"],
    [{ ttl: "1 min" }, [], "nothing is published without a zone, and dns.ttl is set"],
    [{}, ["dnsSecret"], "nothing uses it: see dns.zone"],
    [{ zone, tll: "30 s" }, [], "dns.tll"],
  ])("%j with %j: %s", (dns, secrets, says) => {
    const text = refused(dns, secrets);
    expect(text).toContain(says);
    expect(text).not.toContain("hush");
  });

  test("a key in the open is told, and not printed", () => {
    const text = refused(rfc2136, [], { dnsSecret: "aHVzaA==" });
    expect(text).toContain("dnsSecret: stored in the open");
    expect(text).not.toContain("aHVzaA");
  });

  test("the name server's port is nobody else's, where there is a name server", () => {
    expect(refused({ zone }, [], { ports: { app: 8053 } })).toContain("also the port of dns.port");
    expect(parse({}, [], { ports: { app: 8053 } }).ports.app).toBe(8053);
    expect(parse(rfc2136, ["dnsSecret"], { ports: { app: 8053 } }).ports.app).toBe(8053);
  });
});

test("each service has its package, pinned by hash", () => {
  const folder = new URL("../../images/dns-sync/providers/", import.meta.url);
  const files = readdirSync(folder).map((name) => name.replace(".txt", ""));
  expect(files.sort()).toEqual([...Object.keys(DNS_SERVICES), "rfc2136"].sort());
  for (const name of files) {
    const text = readFileSync(new URL(`${name}.txt`, folder), "utf8").replace(/^#.*$/gm, "");
    const packages = text.match(/^[a-z0-9-]+==[\d.]+ \\$/gm) ?? [];
    expect(packages.length, name).toBeGreaterThan(0);
    expect(text.match(/--hash=sha256:[0-9a-f]{64}$/gm), name).toHaveLength(packages.length);
  }
});

test.each([
  ["192.0.2.53", { host: "192.0.2.53", port: 53 }],
  ["192.0.2.53:5300", { host: "192.0.2.53", port: 5300 }],
  ["[2001:db8::53]:54", { host: "2001:db8::53", port: 54 }],
  ["ns1.example.org", { host: "ns1.example.org", port: 53 }],
  ["2001:db8::53", undefined],
  ["192.0.2.256", undefined],
  ["192.0.2.53:70000", undefined],
  ["", undefined],
])("name server %s", (given, expected) => {
  expect(parseNameServer(given)).toEqual(expected);
});
