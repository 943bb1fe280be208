import { beforeAll, describe, expect, test } from "vitest";
import { memoryLimits } from "../../../commands/setup/memory.ts";
import { jointAddress, peerOf } from "../../../components/site/peer.ts";
import { loadSettingsFromFiles } from "../../../settings.ts";
import { BUILTIN, type Recording, record, settingsWith, THREE_HOSTS, TWO_SITES } from "./mocks.ts";

let two: Recording;
let hosts: Recording;
let one: Recording;

beforeAll(async () => {
  two = await record(settingsWith(TWO_SITES));
  hosts = await record(settingsWith(THREE_HOSTS));
  one = await record(settingsWith(BUILTIN));
});

interface Joined {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly ipv4Address: string;
}

function networksOf(tree: Recording, name: string): Joined[] {
  return tree.get(`Container ${name}`).inputs.networksAdvanced as Joined[];
}

function environmentOf(tree: Recording, name: string): Record<string, string> {
  const lines = tree.get(`Container ${name}`).inputs.envs as string[];
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

function fileOf(tree: Recording, command: string): string {
  return String(tree.get(`Command ${command}`).inputs.stdin);
}

describe("a sole site", () => {
  test("has nothing of what several need", () => {
    const words = /site-agent|link|witness|etcd-site|founding/;
    expect(one.all.filter(({ label }) => words.test(label))).toEqual([]);
    for (const { label, leaves } of one.all) {
      const told = leaves.filter(({ value }) =>
        /HOLDFAST_SITE_AGENT|site-closed/.test(String(value)),
      );
      expect(told, label).toEqual([]);
    }
  });

  test("keeps its resources when another one comes, down to each input but these", () => {
    const changed = one.all.flatMap(({ label, inputs }) => {
      const after = two.get(label).inputs;
      return [...new Set([...Object.keys(inputs), ...Object.keys(after)])]
        .filter((key) => JSON.stringify(inputs[key]) !== JSON.stringify(after[key]))
        .map((key) => `${label} ${key}`);
    });
    // What asks the agent, what reads the other site's archive, and the S3 server that plays the cloud now.
    expect(changed.sort()).toMatchInlineSnapshot(`
      [
        "Command a-backup-pgbackrest.conf stdin",
        "Command a-edge-haproxy.cfg stdin",
        "Command a-migrations create",
        "Command a-migrations update",
        "Command a-prometheus-rules stdin",
        "Command a-prometheus.yml stdin",
        "Command a-roles create",
        "Command a-roles update",
        "Command a-s3-certificate stdin",
        "Container a-etcd-1 uploads",
        "Container a-etcd-2 uploads",
        "Container a-etcd-3 uploads",
        "Container a-pooler-1 envs",
        "Container a-pooler-2 envs",
        "Container a-postgres-1 envs",
        "Container a-postgres-2 envs",
        "Container a-postgres-3 envs",
        "Container a-s3 labels",
        "Container a-s3 networksAdvanced",
      ]
    `);
  });

  test("keeps its volumes, networks and passwords when another one comes", () => {
    for (const kind of ["Volume", "Network", "RandomPassword", "RandomId"]) {
      for (const { label, inputs, urn } of one.ofKind(kind)) {
        expect(two.get(label).inputs, label).toEqual(inputs);
        expect(two.get(label).urn).toBe(urn);
      }
    }
  });
});

describe("two sites on one host", () => {
  test("are the same containers, but for who began and the cloud's server", () => {
    const of = (site: string) =>
      two
        .ofKind("Container")
        .filter(({ name }) => name.startsWith(`${site}-`))
        .map(({ name }) => name.slice(2));
    expect(of("b").sort()).toEqual(
      of("a")
        .filter((name) => name !== "s3")
        .sort(),
    );
    expect(two.all.some(({ label }) => label === "Command a-site-founding")).toBe(true);
    expect(two.all.some(({ label }) => label === "Command b-site-founding")).toBe(false);
  });

  test("share a network on which only what leads out of a site stands", () => {
    const joined = two.ofKind("Container").flatMap(({ name }) => {
      const [, other] = networksOf(two, name) ?? [];
      return other === undefined ? [] : [`${name} ${other.ipv4Address.split(".").pop()}`];
    });
    expect(joined.sort()).toEqual([
      "a-link 11",
      "a-s3 21",
      "b-backup 32",
      "b-link 12",
      "b-restore-drill 42",
      "witness-witness 20",
    ]);
    for (const name of ["a-postgres-1", "b-pooler-1", "b-app-1", "a-site-agent"]) {
      expect(networksOf(two, name)).toHaveLength(1);
    }
  });

  test("reach each other by the name of the other site", () => {
    expect(networksOf(two, "a-link")[0]?.aliases).toEqual(["link", "site-b", "witness"]);
    expect(networksOf(two, "b-link")[0]?.aliases).toEqual(["link", "site-a", "witness"]);
    expect(two.get("Container a-link").inputs.ports).toEqual([]);
    const there = jointAddress(settingsWith(TWO_SITES), "link", "b");
    expect(fileOf(two, "a-link-haproxy.cfg")).toContain(`server b ${there}:7432 ssl`);
    expect(fileOf(two, "a-link-haproxy.cfg")).toContain("verifyhost link-b");
  });

  test("check the link's file where its certificates are not", () => {
    const script = String(two.get("Command a-link-haproxy.cfg").inputs.create);
    expect(script).toContain("sed");
    expect(script).not.toContain('holdfast-validate "$FILE"');
  });

  test("publish ports that do not meet", () => {
    const ports = two
      .ofKind("Container")
      .flatMap(({ inputs }) =>
        ((inputs.ports ?? []) as { external: number }[]).map(({ external }) => external),
      );
    expect(new Set(ports).size).toBe(ports.length);
    expect(two.get("Container b-edge").inputs.ports).toMatchObject([{ external: 18080 }]);
    expect(two.get("Container b-pooler-2").inputs.ports).toMatchObject([{ external: 16433 }]);
  });

  test("say where each is reached, without a password; a sole one does not", () => {
    expect(two.environment.siteUrls?.b).toMatchObject({
      appUrl: "http://127.0.0.1:18080",
      prometheusUrl: "http://127.0.0.1:19090",
    });
    expect(Object.keys(two.environment.siteUrls?.a ?? {})).not.toContain("databaseUrl");
    expect(one.environment.siteUrls).toBeUndefined();
  });

  test("ask their own agent before they take writes", () => {
    for (const site of ["a", "b"]) {
      const agent = networksOf(two, `${site}-site-agent`)[0]?.ipv4Address;
      for (const name of ["postgres-1", "postgres-3", "pooler-1"]) {
        expect(environmentOf(two, `${site}-${name}`).HOLDFAST_SITE_AGENT, name).toBe(agent);
      }
      expect(fileOf(two, `${site}-edge-haproxy.cfg`)).toContain(`server agent ${agent}:9857`);
      expect(two.waitsFor(`Container ${site}-postgres-1`)).toContain(
        `Container ${site}-site-agent`,
      );
    }
    expect(two.waitsFor("Container a-postgres-1")).toContain("Command a-site-founding");
  });

  test("the second one's database waits for the first one's, and the other way never", () => {
    expect(two.waitsFor("Container b-postgres-1")).toContain("Container a-postgres-3");
    const early = [...two.waitsFor("Container a-edge")];
    expect(early.filter((label) => label.startsWith("Container b-"))).toEqual([]);
  });

  test("tell their agents what is theirs", () => {
    expect(environmentOf(two, "b-site-agent")).toMatchObject({
      HOLDFAST_SITE: "b",
      HOLDFAST_OTHER_SITE: "a",
      HOLDFAST_SCOPE: "dev-b",
      HOLDFAST_OTHER_SCOPE: "dev-a",
      HOLDFAST_WITNESS: "yes",
      HOLDFAST_FAILOVER: "people",
      HOLDFAST_APPLICATION: "running",
      HOLDFAST_CLOUD: "yes",
    });
    expect(environmentOf(two, "a-site-agent").HOLDFAST_APPLICATION).toBe("standby");
  });

  test("change the database on the active one alone", () => {
    for (const job of ["a-roles", "b-roles", "a-migrations", "b-migrations"]) {
      const script = String(two.get(`Command ${job}`).inputs.create);
      expect(script).toContain(
        `docker exec holdfast-dev-${job[0]}-site-agent holdfast-site role --wait 180`,
      );
      expect(script).toMatch(/standby\) echo .*; exit 0 ;;/);
    }
    expect(String(one.get("Command a-roles").inputs.create)).toMatch(/^docker run /);
  });

  test("archive to a path each, and read the other's", () => {
    const conf = (site: string) => fileOf(two, `${site}-backup-pgbackrest.conf`);
    const path = (site: string, repo: number) =>
      new RegExp(`^repo${repo}-path=(.*)$`, "m").exec(conf(site))?.[1];
    expect(path("a", 2)).toBe("/holdfast/0123456789abcdef");
    expect(path("b", 2)).toBe("/holdfast/0123456789abcdef-b");
    expect(path("a", 3)).toBe(path("b", 2));
    expect(path("b", 3)).toBe(path("a", 2));
    const s3 = jointAddress(settingsWith(TWO_SITES), "s3");
    expect(conf("b")).toContain(`repo2-s3-endpoint=https://${s3}:7070`);
    expect(fileOf(one, "a-backup-pgbackrest.conf")).not.toContain("repo3");
  });

  test("the S3 server plays the cloud: it belongs to neither", () => {
    const labels = two.get("Container a-s3").inputs.labels as { label: string; value: string }[];
    expect(labels).toContainEqual({ label: "holdfast.site", value: "cloud" });
  });

  test("the agent's memory, the network between and the witness' data outlive a `down`", () => {
    for (const label of [
      "Volume a-site-agent-memory",
      "Volume b-site-agent-memory",
      "Volume witness-etcd-data",
      "Network link-network",
      "Network witness-network",
    ]) {
      expect(two.get(label).protect, label).toBe(true);
    }
  });

  test("what is protected keeps no container: `down` spares all that it depends on", () => {
    for (const { label } of two.all.filter(({ protect }) => protect)) {
      const kept = [...two.waitsFor(label)].filter((one) => one.startsWith("Container "));
      expect(kept, label).toEqual([]);
    }
  });

  test("the founding is said once, and is no input of anything", () => {
    const founding = two.get("Command a-site-founding");
    expect(founding.ignoreChanges).toEqual(["create", "environment"]);
    expect(founding.inputs.update).toBeUndefined();
    expect(founding.inputs.triggers).toBeUndefined();
  });

  test("the founding waits for the witness, which has to give the lease for it", () => {
    expect([...two.waitsFor("Command a-site-founding")]).toContain("Container witness-witness");
  });

  test("every resource begins with its place", () => {
    const places =
      /^(a|b|h1|witness|link)-|^(credentials|authority|certificate-authority|stack-id|holdfast|a|b|h1|witness)$/;
    const passwords = two.ofKind("RandomPassword").map(({ name }) => name);
    const strange = two.all.map(({ name }) => name).filter((name) => !places.test(name));
    expect(strange.filter((name) => !passwords.includes(name))).toEqual([]);
  });
});

describe("two sites on two hosts, the witness on a third", () => {
  test("go to their hosts' own providers", () => {
    expect(hosts.ofKind("docker").map(({ label }) => label)).toEqual([
      "docker h1",
      "docker h2",
      "docker h3",
    ]);
    expect(hosts.all.some(({ label }) => label === "Network link-network")).toBe(false);
  });

  test("reach each other by published ports on the hosts' addresses", () => {
    expect(hosts.get("Container b-link").inputs.ports).toEqual([
      { internal: 7432, external: 7432, ip: "192.0.2.2" },
      { internal: 7433, external: 7433, ip: "192.0.2.2" },
    ]);
    expect(hosts.get("Container witness-witness").inputs.ports).toEqual([
      { internal: 2378, external: 7442, ip: "192.0.2.3" },
    ]);
    const config = fileOf(hosts, "a-link-haproxy.cfg");
    expect(config).toContain("server b 192.0.2.2:7432 ssl");
    expect(config).toContain("server witness 192.0.2.3:7442 ssl");
  });

  test("publish the same ports, for nothing meets", () => {
    expect(hosts.get("Container b-edge").inputs.ports).toMatchObject([{ external: 8080 }]);
  });
});

test("who is active first goes by name, in whatever order Pulumi hands the sites over", () => {
  const settings = settingsWith({ sites: { b: {}, a: {} } });
  expect(peerOf(settings, "a", undefined)).toMatchObject({ name: "b", founding: true });
  expect(peerOf(settings, "b", undefined)).toMatchObject({ name: "a", founding: false });
  expect(peerOf(settingsWith(), "a", undefined)).toBeUndefined();
});

test("Pulumi.two-sites.yaml declares both sites on one daemon", async () => {
  const settings = loadSettingsFromFiles(process.cwd(), "two-sites");
  expect(Object.keys(settings.sites)).toEqual(["a", "b"]);
  expect(settings.witness?.host).toBe("h1");
  expect(settings.sites.b?.portOffset).toBe(10_000);
});

test("what the launcher reckons of memory is all that stands on a host, to a tenth", () => {
  const sum = two
    .ofKind("Container")
    .reduce((total, { inputs }) => total + Number(inputs.memory), 0);
  expect(memoryLimits(settingsWith(TWO_SITES), "h1") / sum).toBeGreaterThan(0.9);
  expect(memoryLimits(settingsWith(TWO_SITES), "h1") / sum).toBeLessThan(1.1);
  const apart = settingsWith(THREE_HOSTS);
  const [first, second, third] = ["h1", "h2", "h3"].map((host) => memoryLimits(apart, host));
  expect(second).toBe(first);
  expect(third).toBe(apart.etcd.memoryMiB);
});
