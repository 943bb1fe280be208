import { expect, test } from "vitest";
import { record, settingsWith } from "./mocks.ts";

test("two sites, a witness, automatic failover and the builtin name server", async () => {
  const tree = await record(
    settingsWith({
      sites: { a: {}, b: {} },
      witness: { host: "h1" },
      failover: { sites: "automatic" },
      backup: { cloud: { provider: "builtin" } },
      dns: { zone: "example.org", app: "shop", database: "db" },
    }),
  );
  const labels = tree.all.map(({ label }) => label);
  expect(labels.filter((label) => /dns|nameserver/i.test(label))).toMatchInlineSnapshot(`
    [
      "NameServer nameserver",
      "DnsSync a-dns-sync",
      "DnsSync b-dns-sync",
      "RandomPassword dns-tsig",
      "Volume nameserver-dns-data",
      "Volume nameserver-dns-config",
      "Volume a-dns-sync-config",
      "Volume b-dns-sync-config",
      "RemoteImage h1-image-dns",
      "RemoteImage h1-image-dns-sync",
      "Network nameserver-network",
      "Command nameserver-knot.conf",
      "Command nameserver-zone",
      "Command a-dns.json",
      "Command b-dns.json",
      "Command a-dns-records-a",
      "Command a-octodns-a.yaml",
      "Command a-dns-records-b",
      "Command a-octodns-b.yaml",
      "Command b-dns-records-a",
      "Command b-octodns-a.yaml",
      "Command b-dns-records-b",
      "Command b-octodns-b.yaml",
      "Container nameserver-dns",
      "Container a-dns-sync",
      "Container b-dns-sync",
      "Command a-target-dns-sync-dns-sync",
      "Command b-target-dns-sync-dns-sync",
    ]
  `);
  expect(tree.get("Command b-dns.json").inputs.stdin).toMatchInlineSnapshot(`
    "{
      "zone": "example.org.",
      "provider": "builtin",
      "names": {
        "app": "shop.example.org.",
        "database": "db.example.org."
      },
      "sites": {
        "a": {
          "app": [
            "10.88.65.62"
          ],
          "database": [
            "10.88.65.81",
            "10.88.65.82"
          ]
        },
        "b": {
          "app": [
            "10.145.74.62"
          ],
          "database": [
            "10.145.74.81",
            "10.145.74.82"
          ]
        }
      },
      "servers": [
        {
          "host": "10.181.196.73",
          "port": 53
        }
      ],
      "follow": {
        "host": "10.145.74.78",
        "port": 9857
      }
    }
    "
  `);
  expect(tree.get("Container nameserver-dns").inputs.ports).toMatchInlineSnapshot(`
    [
      {
        "external": 8053,
        "internal": 53,
        "ip": "127.0.0.1",
      },
      {
        "external": 8053,
        "internal": 53,
        "ip": "127.0.0.1",
        "protocol": "udp",
      },
    ]
  `);
  expect(tree.get("Container b-dns-sync").inputs.networksAdvanced).toMatchInlineSnapshot(`
    [
      {
        "aliases": [
          "dns-sync",
        ],
        "ipv4Address": "10.145.74.80",
        "name": "holdfast-dev-b-network",
      },
      {
        "aliases": [],
        "name": "holdfast-dev-nameserver-network",
      },
    ]
  `);
});
