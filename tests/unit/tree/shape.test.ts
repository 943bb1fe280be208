import { beforeAll, describe, expect, test } from "vitest";
import { BUILTIN, type Recording, type Registration, record, settingsWith } from "./mocks.ts";

let tree: Recording;

beforeAll(async () => {
  tree = await record(settingsWith(BUILTIN));
});

test("every resource under its parent, by its name", async () => {
  const lines = (parent: string | undefined, depth: number): string[] =>
    tree.all
      .filter((resource) => resource.parent === parent)
      .flatMap(({ label }) => [`${"  ".repeat(depth)}${label}`, ...lines(label, depth + 1)]);
  const text = `${lines(undefined, 0).join("\n")}\n`;
  await expect(text).toMatchFileSnapshot("./__snapshots__/tree.txt");
  expect(text.trim().split("\n")).toHaveLength(tree.all.length);
});

test("every URN", async () => {
  const urns = tree.all.map(({ urn }) => urn).sort();
  await expect(`${urns.join("\n")}\n`).toMatchFileSnapshot("./__snapshots__/urns.txt");
});

test("`down` and a plain destroy spare what cannot be made again, and nothing else", () => {
  const spared = tree.all.filter(({ protect }) => protect).map(({ label }) => label);
  expect(spared.sort()).toMatchInlineSnapshot(`
    [
      "Command certificate-authority",
      "Network a-network",
      "RandomId stack-id",
      "RandomPassword backup-cipher",
      "RandomPassword django-secret-key",
      "RandomPassword etcd-autoscaler",
      "RandomPassword etcd-guard",
      "RandomPassword etcd-patroni",
      "RandomPassword etcd-root",
      "RandomPassword etcd-token-key",
      "RandomPassword grafana-admin",
      "RandomPassword patroni-rest",
      "RandomPassword pooler-admin",
      "RandomPassword pooler-agent",
      "RandomPassword pooler-monitor",
      "RandomPassword postgres-application",
      "RandomPassword postgres-backup",
      "RandomPassword postgres-monitor",
      "RandomPassword postgres-pgbouncer",
      "RandomPassword postgres-replication",
      "RandomPassword postgres-rewind",
      "RandomPassword postgres-superuser",
      "RandomPassword s3-key-id",
      "RandomPassword s3-key-secret",
      "Volume a-backup-repository",
      "Volume a-etcd-1-data",
      "Volume a-etcd-2-data",
      "Volume a-etcd-3-data",
      "Volume a-loki-data",
      "Volume a-postgres-1-data",
      "Volume a-postgres-2-data",
      "Volume a-postgres-3-data",
      "Volume a-prometheus-data",
      "Volume a-restore-drill",
      "Volume a-s3-data",
    ]
  `);
});

test("a scaled-in database member leaves its data behind", () => {
  const kept = tree.all.filter(({ retainOnDelete }) => retainOnDelete).map(({ label }) => label);
  expect(kept.sort()).toEqual([1, 2, 3].map((n) => `Volume a-postgres-${n}-data`));
});

test("what is made once is not made again", () => {
  const frozen = tree.all.filter(({ ignoreChanges }) => ignoreChanges.length > 0);
  expect(
    Object.fromEntries(frozen.map(({ label, ignoreChanges }) => [label, ignoreChanges.join(" ")])),
  ).toMatchInlineSnapshot(`
    {
      "Command a-backup-certificate": "create update environment",
      "Command a-postgres-1-certificate": "create update environment",
      "Command a-postgres-2-certificate": "create update environment",
      "Command a-postgres-3-certificate": "create update environment",
      "Command a-restore-drill-certificate": "create update environment",
      "Command a-s3-certificate": "create update environment",
      "Command certificate-authority": "create update environment stdin triggers",
    }
  `);
});

test("each resource of Docker goes to its host's own provider, and none is renamed", () => {
  const hosts = tree.ofKind("docker");
  expect(hosts.map(({ label }) => label)).toEqual(["docker h1"]);
  expect(hosts[0]?.inputs.host).toBe("unix:///var/run/docker.sock");
  expect(tree.all.filter(({ aliases }) => aliases > 0)).toEqual([]);
});

describe("text", () => {
  test("nothing says undefined where a value is missing", () => {
    for (const { label, leaves } of tree.all) {
      for (const { path, value } of leaves) {
        if (typeof value !== "string") continue;
        expect(value, `${label} ${path}`).not.toMatch(
          /undefined|\[object|Calling \[toString\]|NaN/,
        );
      }
    }
  });

  test("volumes and networks take constants alone, so that nothing replaces them", () => {
    for (const { label, propertyDependencies } of [
      ...tree.ofKind("Volume"),
      ...tree.ofKind("Network"),
    ]) {
      const computed = Object.entries(propertyDependencies).filter(([, from]) => from.length > 0);
      expect(Object.fromEntries(computed), label).toEqual({ labels: ["RandomId stack-id"] });
    }
  });
});

describe("order", () => {
  const mustWait: [string, readonly string[]][] = [
    ["Container a-etcd-2", ["Container a-etcd-1"]],
    ["Container a-etcd-3", ["Container a-etcd-2"]],
    ["Container a-postgres-1", ["Container a-etcd-1", "Container a-etcd-2", "Container a-etcd-3"]],
    // It may have to restore before it can start.
    ["Container a-postgres-1", ["Container a-backup"]],
    ["Container a-postgres-2", ["Container a-postgres-1", "Container a-etcd-3"]],
    ["Container a-postgres-3", ["Container a-postgres-2", "Container a-etcd-3"]],
    ["Container a-router", ["Container a-postgres-3", "Command a-router-haproxy.cfg"]],
    ["Command a-roles", ["Container a-postgres-3"]],
    ["Container a-pooler-1", ["Command a-pooler-1-facts.json", "Command a-roles"]],
    [
      "Container a-pooler-2",
      ["Command a-pooler-2-facts.json", "Command a-roles", "Container a-pooler-1"],
    ],
    ["Command a-migrations", ["Command a-roles"]],
    // A new version proves itself on the instances that traffic does not need.
    ["Container a-app-3", ["Command a-migrations", "Container a-pooler-1", "Container a-pooler-2"]],
    ["Container a-app-4", ["Container a-app-3", "Container a-pooler-2"]],
    ["Container a-app-1", ["Container a-app-4", "Container a-pooler-2"]],
    ["Container a-app-2", ["Container a-app-1", "Container a-pooler-2"]],
    ["Container a-edge", ["Container a-app-2", "Command a-edge-haproxy.cfg"]],
    [
      "Container a-backup",
      ["Container a-s3", "Command a-backup-pgbackrest.conf", "Command a-backup-backup.json"],
    ],
    ["Container a-restore-drill", ["Container a-backup", "Command a-roles"]],
    ["Container a-postgres-exporter", ["Command a-roles"]],
    ["Container a-pooler-exporter-1", ["Container a-pooler-1", "Container a-pooler-2"]],
    ["Container a-guard", ["Container a-docker-proxy", "Container a-postgres-3"]],
    ["Container a-prometheus", ["Command a-prometheus.yml", "Command a-prometheus-rules"]],
    ["Container a-alertmanager", ["Command a-alertmanager.yml"]],
    ["Container a-status", ["Command a-status.json"]],
    ["Container a-grafana", ["Command a-grafana-dashboards-overview.json"]],
  ];

  test.each(mustWait)("%s waits for %s", (label, awaited) => {
    expect(tree.get(label).dependencies).toEqual(expect.arrayContaining([...awaited]));
  });

  test("after the leases' members the database's, the doors, the application, in every chain", () => {
    const last = tree.waitsFor("Container a-edge");
    for (const tier of ["etcd-1", "postgres-1", "pooler-1", "app-1"]) {
      expect([...last]).toContain(`Container a-${tier}`);
    }
  });

  test("nothing is scraped before it has been healthy once", () => {
    const targets = tree.ofKind("Command").filter(({ name }) => name.startsWith("a-target-"));
    for (const { name, label, dependencies } of targets) {
      const observed = name.replace(/^a-target-(postgres-exporter|[a-z]+)-/, "");
      const scraped = observed
        .replace(/^pooler-(\d)/, "pooler-exporter-$1")
        .replace(/^h1$/, "node-exporter");
      expect(dependencies, label).toContain(`Container a-${scraped}`);
    }
    expect(tree.get("Command a-target-postgres-postgres-2").dependencies).toContain(
      "Container a-postgres-exporter",
    );
    const jobs = new Set(targets.map(({ name }) => name.split("-")[2]));
    expect([...jobs]).toEqual(expect.arrayContaining(["patroni", "etcd", "grafana", "prometheus"]));
  });

  test("the repositories wait for no member, for a member may wait for them", () => {
    for (const label of ["Container a-s3", "Container a-backup"]) {
      const members = [...tree.waitsFor(label)].filter((each) =>
        /a-(etcd|postgres|roles)/.test(each),
      );
      expect(members, label).toEqual([]);
    }
  });

  test("every container waits for its image and for the live files in its volumes", () => {
    const writers = tree.ofKind("Command").filter(({ inputs }) => "stdin" in inputs);
    for (const container of tree.ofKind("Container")) {
      const images = container.dependencies.filter((label) => label.startsWith("RemoteImage "));
      expect(images, container.label).toHaveLength(1);
      const live = liveVolumeOf(container);
      const written = writers.filter(
        ({ inputs, name }) =>
          // Targets come and go under a running Prometheus.
          live !== undefined &&
          String(inputs.create).includes(` ${live}:/live `) &&
          !name.includes("target-"),
      );
      if (live !== undefined) expect(written, container.label).not.toHaveLength(0);
      expect(container.dependencies, container.label).toEqual(
        expect.arrayContaining(written.map(({ label }) => label)),
      );
    }
  });

  function liveVolumeOf({ inputs }: Registration): string | undefined {
    const volumes = (inputs.volumes ?? []) as { volumeName: string; containerPath: string }[];
    return volumes.find(({ containerPath }) => containerPath === "/etc/holdfast/live")?.volumeName;
  }
});

describe("members", () => {
  test("nothing is computed from a container, so that replacing one replaces no other", () => {
    for (const { label, propertyDependencies } of tree.all) {
      const sources = Object.values(propertyDependencies).flat();
      expect(
        sources.filter((source) => source.startsWith("Container ")),
        label,
      ).toEqual([]);
    }
  });

  test("no member is computed from what belongs to another one", () => {
    const ranged = /^a-(etcd|postgres|pooler|app)-(\d+)/;
    for (const { label, name, propertyDependencies } of tree.all) {
      const [, tier, own] = ranged.exec(name) ?? [];
      if (own === undefined) continue;
      const others = Object.values(propertyDependencies)
        .flat()
        .map((source) => ranged.exec(source.split(" ")[1] ?? ""))
        .filter((match) => match !== null && !(match[1] === tier && match[2] === own));
      expect(others, label).toEqual([]);
    }
  });
});
