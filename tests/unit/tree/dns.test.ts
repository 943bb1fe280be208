import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, test } from "vitest";
import { parseSettings, type Settings } from "../../../settings.ts";
import { type Recording, record, SECRET_MARK, settingsWith } from "./mocks.ts";

const dns = { zone: "example.org", app: "shop", database: "db", subnet: "10.90.5.0/24" };
let plain: Recording;
let builtin: Recording;

beforeAll(async () => {
  plain = await record(settingsWith());
  builtin = await record(settingsWith({ dns }));
});

const labelsOf = ({ all }: Recording) => all.map(({ label }) => label);
const uploads = (tree: Recording, label: string) =>
  (tree.get(label).inputs.uploads as { file: string }[]).map(({ file }) => file);

function added(tree: Recording): string[] {
  const before = new Set(labelsOf(plain));
  return labelsOf(tree).filter((label) => !before.has(label));
}

/** Settings with a second site, which the checks of this version may not take yet. */
function twoSites(settings: Settings): Settings {
  const b = { ...settings.sites.a, host: "h1", subnet: "10.90.7.0/24" };
  return { ...settings, sites: { ...settings.sites, b } } as Settings;
}

describe("without dns.zone", () => {
  test("nothing of it is in the tree", () => {
    expect(labelsOf(plain).filter((label) => /dns|nameserver/i.test(label))).toEqual([]);
  });
});

describe("provider builtin", () => {
  test("adds the name server on a network of its own, and what points and watches the names", () => {
    expect(added(builtin)).toMatchInlineSnapshot(`
      [
        "NameServer nameserver",
        "DnsSync a-dns-sync",
        "RandomPassword dns-tsig",
        "Volume nameserver-dns-data",
        "Volume nameserver-dns-config",
        "Volume a-dns-sync-config",
        "RemoteImage h1-image-dns",
        "RemoteImage h1-image-dns-sync",
        "Network nameserver-network",
        "Command nameserver-knot.conf",
        "Command nameserver-zone",
        "Command a-dns.json",
        "Command a-dns-records-a",
        "Command a-octodns-a.yaml",
        "Container nameserver-dns",
        "Container a-dns-sync",
        "Command a-target-dns-sync-dns-sync",
      ]
    `);
  });

  test("changes what there was in Prometheus' files alone", () => {
    const changed = plain.all.filter(
      ({ label, inputs }) => JSON.stringify(inputs) !== JSON.stringify(builtin.get(label).inputs),
    );
    expect(changed.map(({ label }) => label)).toEqual([
      "Command a-prometheus.yml",
      "Command a-prometheus-rules",
    ]);
  });

  test("the zone outlives its container, and its network too", () => {
    expect(builtin.get("Volume nameserver-dns-data").protect).toBe(true);
    expect(builtin.get("Network nameserver-network").protect).toBe(true);
    expect(builtin.get("Volume nameserver-dns-config").protect).toBe(false);
  });

  test("the server is published by UDP and TCP, with its own address", () => {
    const { inputs } = builtin.get("Container nameserver-dns");
    expect(inputs.ports).toEqual([
      { internal: 53, external: 8053, ip: "127.0.0.1" },
      { internal: 53, external: 8053, ip: "127.0.0.1", protocol: "udp" },
    ]);
    expect(inputs.networksAdvanced).toEqual([
      { name: "holdfast-dev-nameserver-network", aliases: ["dns"], ipv4Address: "10.90.5.73" },
    ]);
  });

  test("what changes the names stands on both networks", () => {
    const { networksAdvanced } = builtin.get("Container a-dns-sync").inputs;
    expect(networksAdvanced).toEqual([
      { name: "holdfast-dev-a-network", aliases: ["dns-sync"], ipv4Address: "10.88.65.80" },
      { name: "holdfast-dev-nameserver-network", aliases: [] },
    ]);
  });

  test("the key is a generated secret, in a file of its own on both sides", () => {
    const key = builtin.get("RandomPassword dns-tsig");
    expect([key.protect, key.inputs.length, key.inputs.special]).toEqual([true, 44, false]);
    for (const label of ["Container nameserver-dns", "Container a-dns-sync"]) {
      expect(uploads(builtin, label)).toEqual(["/etc/holdfast/secrets/dns-tsig"]);
      const content = builtin.get(label).leaves.find(({ path }) => path === "uploads[0].content");
      expect(content?.secret, label).toBe(true);
    }
  });

  test("records, configuration and zone are live files that the real programs check", () => {
    const checks = {
      "a-dns-records-a": "holdfast-validate zone example.org",
      "a-octodns-a.yaml": "holdfast-validate config example.org",
      "nameserver-knot.conf": "holdfast-validate conf",
      "nameserver-zone": "holdfast-validate zone example.org",
    };
    for (const [name, check] of Object.entries(checks)) {
      const { create } = builtin.get(`Command ${name}`).inputs;
      expect(create, name).toContain(check);
    }
  });

  test("a second site changes nothing of the first one's containers", async () => {
    const two = await record(twoSites(settingsWith({ dns })));
    for (const label of ["Container a-dns-sync", "Container nameserver-dns"]) {
      expect(two.get(label).inputs, label).toEqual(builtin.get(label).inputs);
    }
    expect(two.get("Command a-dns-records-b").inputs.stdin).toContain("10.90.7.62");
    expect(two.get("Command b-dns-records-a").inputs.stdin).toContain("10.88.65.62");
    expect(two.get("Command nameserver-zone").inputs.stdin).toContain("shop IN A 10.88.65.62");
  });
});

describe("another's DNS", () => {
  const open = { zone: "example.org", addresses: { a: ["203.0.113.10"] } };
  const secret = pulumi.secret(`${SECRET_MARK}-tsig`);

  async function recordWith(config: object, keys: string[], keyId?: pulumi.Output<string>) {
    const settings = parseSettings({
      stack: "dev",
      project: "holdfast",
      secrets: keys,
      config: { ...Object.fromEntries(keys.map((key) => [key, "x"])), dns: { ...open, ...config } },
    });
    return record(settings, { dnsSecrets: { secret, keyId } });
  }

  test("rfc2136: no server, no generated key; the stack's own goes into a file", async () => {
    const tree = await recordWith({ provider: "rfc2136", server: "192.0.2.53" }, ["dnsSecret"]);
    expect(added(tree).filter((label) => /nameserver|dns-tsig|image-dns$/.test(label))).toEqual([]);
    expect(uploads(tree, "Container a-dns-sync")).toEqual(["/etc/holdfast/secrets/dns-tsig"]);
    expect(tree.get("Container a-dns-sync").inputs.networksAdvanced).toHaveLength(1);
    expect(tree.get("Command a-octodns-a.yaml").inputs.stdin).toContain("host: 192.0.2.53");
    const image = tree.get("RemoteImage h1-image-dns-sync").inputs.build;
    expect(image).toMatchObject({ buildArgs: { PROVIDER: "rfc2136" } });
  });

  test("a service: its class, its package, its secrets by name", async () => {
    const tree = await recordWith(
      { provider: "octodns", service: "route53", options: { max_changes: 100 } },
      ["dnsSecret", "dnsKeyId"],
      pulumi.secret(`${SECRET_MARK}-id`),
    );
    expect(uploads(tree, "Container a-dns-sync")).toEqual([
      "/etc/holdfast/secrets/dns-secret",
      "/etc/holdfast/secrets/dns-key-id",
    ]);
    const config = String(tree.get("Command a-octodns-a.yaml").inputs.stdin);
    for (const line of [
      "class: octodns_route53.Route53Provider",
      "max_changes: 100",
      "access_key_id: file/dns-key-id",
      "secret_access_key: file/dns-secret",
    ]) {
      expect(config).toContain(line);
    }
    const image = tree.get("RemoteImage h1-image-dns-sync").inputs.build;
    expect(image).toMatchObject({ buildArgs: { PROVIDER: "route53" } });
    for (const { label, leaves } of tree.all) {
      for (const { path, value, secret } of leaves) {
        if (!secret) expect(String(value), `${label} ${path}`).not.toContain(SECRET_MARK);
      }
    }
  });
});
