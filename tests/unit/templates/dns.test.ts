import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { renderKnotConf } from "../../../templates/dns/knot.conf.ts";
import { renderZone } from "../../../templates/dns/zone.ts";
import { fullName, renderDnsJson } from "../../../templates/dns.json.ts";
import { renderOctodnsYaml } from "../../../templates/octodns/octodns.yaml.ts";
import { renderOctodnsZone } from "../../../templates/octodns/zone.yaml.ts";

const zone = "example.org";
const records = [
  { name: "shop", addresses: ["203.0.113.11", "2001:db8::10", "203.0.113.10"] },
  { name: "db", addresses: ["203.0.113.12"] },
];
const target = {
  octodnsClass: "octodns_bind.Rfc2136Provider",
  parameters: { host: "192.0.2.53", port: 53, timeout: 5, key_secret: "file/dns-tsig" },
};

describe("whole files", () => {
  test("knot.conf", async () => {
    const text = renderKnotConf({ zone, names: ["shop", "db"] });
    await expect(text).toMatchFileSnapshot("./__snapshots__/knot.conf");
  });

  test("the zone's beginning", async () => {
    const text = renderZone({ zone, ttlSeconds: 30, nameServerAddress: "10.77.3.73", records });
    await expect(text).toMatchFileSnapshot("./__snapshots__/zone");
  });

  test("octodns.yaml", async () => {
    const directory = "/etc/holdfast/live/sites/a";
    const text = renderOctodnsYaml({ zone, names: ["shop", "db"], directory, target });
    await expect(text).toMatchFileSnapshot("./__snapshots__/octodns.yaml");
  });

  test("the zone as octoDNS reads it", async () => {
    const text = renderOctodnsZone({ ttlSeconds: 30, records });
    await expect(text).toMatchFileSnapshot("./__snapshots__/example.org.yaml");
  });

  test("dns.json", async () => {
    const text = renderDnsJson({
      zone,
      provider: "builtin",
      names: { app: "shop", database: "@" },
      sites: { a: { app: ["203.0.113.10"], database: ["203.0.113.12"] } },
      servers: [{ host: "10.77.3.73", port: 53 }],
    });
    await expect(text).toMatchFileSnapshot("./__snapshots__/dns.json");
  });
});

test("dns.json names the agent whose word moves the names", () => {
  const none = { zone, provider: "builtin", names: {}, sites: {}, servers: [] };
  const agent = { host: "10.77.3.78", port: 9857 };
  expect(JSON.parse(renderDnsJson({ ...none, follow: agent })).follow).toEqual(agent);
  expect(JSON.parse(renderDnsJson(none)).follow).toBeNull();
});

describe("the zone itself as a name", () => {
  test("is an empty one for octoDNS, and the whole one for Knot", () => {
    const apex = [{ name: "@", addresses: ["203.0.113.10"] }];
    expect(parse(renderOctodnsZone({ ttlSeconds: 30, records: apex }))).toEqual({
      "": [{ ttl: 30, type: "A", values: ["203.0.113.10"] }],
    });
    const config = parse(renderOctodnsYaml({ zone, names: ["@"], directory: "/d", target }));
    expect(config.processors["our-names-only"].allowlist).toEqual([""]);
    expect(renderKnotConf({ zone, names: ["@"] })).toContain("update-owner-name: [example.org.]");
    expect(fullName(zone, "@")).toBe("example.org.");
    expect(fullName(zone, "shop")).toBe("shop.example.org.");
  });
});

test("octoDNS sees nothing of a zone but addresses of the public names", () => {
  const { zones, processors } = parse(
    renderOctodnsYaml({ zone, names: ["shop", "db"], directory: "/d", target }),
  );
  expect(zones["example.org."].processors).toEqual(Object.keys(processors));
  expect(processors["addresses-only"].allowlist).toEqual(["A", "AAAA"]);
  expect(processors["our-names-only"].allowlist).toEqual(["db", "shop"]);
});

test("another order of the same facts gives the same records", () => {
  const turned = records
    .toReversed()
    .map(({ name, addresses }) => ({ name, addresses: addresses.toReversed() }));
  expect(renderOctodnsZone({ ttlSeconds: 30, records: turned })).toBe(
    renderOctodnsZone({ ttlSeconds: 30, records }),
  );
});
