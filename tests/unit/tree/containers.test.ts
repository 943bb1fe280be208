import { beforeAll, expect, test } from "vitest";
import { memoryLimits } from "../../../commands/setup/memory.ts";
import { socketOf } from "../../../components/docker/dockerProxy.ts";
import { BUILTIN, type Recording, record, STACK_ID, settingsWith } from "./mocks.ts";

/** What this file reads of a container's inputs. */
interface ContainerInputs {
  image: string;
  hostname: string;
  restart: string;
  mustRun: boolean;
  start?: boolean;
  wait: boolean;
  waitTimeout: number;
  envs: string[];
  memory: number;
  memorySwap: number;
  networksAdvanced?: { name: string; aliases: string[]; ipv4Address: string }[];
  networkMode?: string;
  labels: { label: string; value: string }[];
  ports: { internal: number; external: number; ip: string }[];
  volumes: { volumeName?: string; hostPath?: string; containerPath: string; readOnly: boolean }[];
  user?: string;
  uploads: { file: string; permissions: string }[];
  groupAdds?: string[];
  securityOpts: string[];
  entrypoints?: string[];
  capabilities: { drops: string[]; adds: string[] };
  privileged?: boolean;
  healthcheck: { tests: string[]; interval: string; timeout: string; startPeriod: string };
  stopTimeout: number;
  destroyGraceSeconds: number;
  logDriver: string;
  logOpts: Record<string, string>;
  tmpfs?: Record<string, string>;
}

const settings = settingsWith({ ...BUILTIN, network: { bindAddress: "127.0.0.9" } });
/** Reached through a socket in a volume. */
const OFFLINE = ["docker-proxy", "autoscaler-docker-proxy", "collector-docker-proxy"];
/** The folder of that socket. */
const SHARED = "/run/docker-proxy";
let tree: Recording;
let containers: { alias: string; inputs: ContainerInputs; label: string }[];

beforeAll(async () => {
  tree = await record(settings);
  containers = tree.ofKind("Container").map(({ name, label, inputs }) => ({
    alias: name.replace(/^a-/, ""),
    label,
    inputs: inputs as unknown as ContainerInputs,
  }));
});

/** Runs a check on every container; a failure names it. */
function each(check: (inputs: ContainerInputs, alias: string) => void): void {
  expect(containers).toHaveLength(32);
  for (const { alias, inputs } of containers) {
    try {
      check(inputs, alias);
    } catch (error) {
      throw new Error(`${alias}: ${error instanceof Error ? error.message : error}`);
    }
  }
}

test("each has an address of its own on the site's network, outside of what Docker hands out", () => {
  const addresses = new Set<string>();
  each(({ networksAdvanced = [], networkMode, hostname }, alias) => {
    if (OFFLINE.includes(alias)) {
      expect([networkMode, networksAdvanced]).toEqual(["none", []]);
      return;
    }
    expect(networkMode).toBeUndefined();
    expect(networksAdvanced).toHaveLength(1);
    const [attached] = networksAdvanced;
    expect(attached?.name).toBe("holdfast-dev-a-network");
    expect(attached?.aliases).toEqual([alias]);
    expect(hostname).toBe(alias);
    expect(attached?.ipv4Address).toMatch(/^10\.88\.65\.\d+$/);
    const octet = Number(attached?.ipv4Address.split(".")[3]);
    expect(octet).toBeGreaterThan(1);
    expect(octet).toBeLessThan(128);
    addresses.add(attached?.ipv4Address ?? "");
  });
  expect(addresses.size).toBe(containers.length - OFFLINE.length);
  expect(tree.get("Network a-network").inputs.ipamConfigs).toEqual([
    { subnet: "10.88.65.0/24", gateway: "10.88.65.1", ipRange: "10.88.65.128/25" },
  ]);
});

test("the addresses, tier by tier", () => {
  const table = containers
    .filter(({ alias }) => !OFFLINE.includes(alias))
    .map(({ alias, inputs }) => `${alias} ${inputs.networksAdvanced?.[0]?.ipv4Address}`);
  expect(table.sort()).toMatchInlineSnapshot(`
    [
      "alertmanager 10.88.65.66",
      "app-1 10.88.65.31",
      "app-2 10.88.65.32",
      "app-3 10.88.65.33",
      "app-4 10.88.65.34",
      "autoscaler 10.88.65.64",
      "backup 10.88.65.63",
      "collector 10.88.65.69",
      "edge 10.88.65.62",
      "etcd-1 10.88.65.2",
      "etcd-2 10.88.65.3",
      "etcd-3 10.88.65.4",
      "grafana 10.88.65.67",
      "guard 10.88.65.71",
      "loki 10.88.65.68",
      "node-exporter 10.88.65.76",
      "pooler-1 10.88.65.81",
      "pooler-2 10.88.65.82",
      "pooler-exporter-1 10.88.65.91",
      "pooler-exporter-2 10.88.65.92",
      "postgres-1 10.88.65.11",
      "postgres-2 10.88.65.12",
      "postgres-3 10.88.65.13",
      "postgres-exporter 10.88.65.75",
      "prometheus 10.88.65.65",
      "restore-drill 10.88.65.74",
      "router 10.88.65.61",
      "s3 10.88.65.70",
      "status 10.88.65.72",
    ]
  `);
});

test("each is checked for health, and `up` waits for it", () => {
  each(({ healthcheck, wait, waitTimeout }) => {
    expect(healthcheck.tests[0]).toBe("CMD");
    expect(healthcheck.tests.length).toBeGreaterThan(1);
    const lengths = [healthcheck.interval, healthcheck.timeout, healthcheck.startPeriod];
    for (const length of lengths) {
      // As Docker writes it back: another spelling is a change after every refresh.
      expect(length).toMatch(/^([1-9]\d*m[0-9]{1,2}s|[1-5]?[0-9]s)$/);
    }
    expect(wait).toBe(true);
    const [, minutes = "0", seconds = "0"] =
      /^(?:(\d+)m)?(\d+)s$/.exec(healthcheck.startPeriod) ?? [];
    expect(waitTimeout).toBeGreaterThan(0);
    expect(waitTimeout).toBeGreaterThanOrEqual(Number(minutes) * 60 + Number(seconds));
  });
});

test("what the launcher reckons of memory is their limits, to a tenth", () => {
  const limits = containers.reduce((sum, { inputs }) => sum + inputs.memory, 0);
  expect(memoryLimits(settings, "h1") / limits).toBeGreaterThan(0.9);
  expect(memoryLimits(settings, "h1") / limits).toBeLessThan(1.1);
});

test("each has a limit of memory and no swap", () => {
  each(({ memory, memorySwap }) => {
    expect(memory).toBeGreaterThanOrEqual(64);
    expect(memorySwap).toBe(memory);
  });
});

test("each comes back by itself, and has to run but for instances beyond the minimum", () => {
  each(({ restart, mustRun, start, ports }, alias) => {
    expect(restart).toBe("unless-stopped");
    const onDemand = ["app-3", "app-4"].includes(alias);
    expect(mustRun).toBe(!onDemand);
    // Started once made; and nothing published, which would vanish from a stopped one (M27).
    expect(start ?? true).toBe(true);
    if (onDemand) expect(ports).toEqual([]);
  });
  for (const { label, ignoreChanges } of tree.ofKind("Container")) {
    expect(ignoreChanges, label).not.toContain("mustRun");
  }
});

test("each says whose it is", () => {
  each(({ labels }, alias) => {
    const [, tier, instance] = /^(.*?)(?:-(\d+))?$/.exec(alias) ?? [];
    const written = Object.fromEntries(labels.map(({ label, value }) => [label, value]));
    expect(written).toEqual({
      "holdfast.id": STACK_ID,
      "holdfast.stack": "dev",
      "holdfast.site": "a",
      "holdfast.component": tier,
      ...(instance === undefined ? {} : { "holdfast.instance": instance }),
    });
  });
});

test("volumes and the network say whose they are", () => {
  for (const { label, inputs } of [...tree.ofKind("Volume"), ...tree.ofKind("Network")]) {
    const labels = inputs.labels as ContainerInputs["labels"];
    const written = Object.fromEntries(labels.map(({ label: key, value }) => [key, value]));
    expect(written, label).toMatchObject({
      "holdfast.id": STACK_ID,
      "holdfast.stack": "dev",
      "holdfast.site": "a",
    });
  }
});

test("each says goodbye before it is killed", () => {
  each(({ stopTimeout, destroyGraceSeconds }) => {
    expect(stopTimeout).toBeGreaterThanOrEqual(5);
    expect(destroyGraceSeconds).toBe(stopTimeout);
  });
});

test("each log is rotated", () => {
  each(({ logDriver, logOpts }) => {
    expect(logDriver).toBe("json-file");
    expect(logOpts).toEqual({
      "max-size": "10m",
      "max-file": "3",
      labels: "holdfast.id,holdfast.stack,holdfast.site,holdfast.component,holdfast.instance",
    });
  });
});

test("none has a privilege that it does not need", () => {
  each(({ capabilities, securityOpts, privileged }) => {
    expect(capabilities).toEqual({ drops: ["ALL"], adds: [] });
    expect(securityOpts).toEqual(["no-new-privileges:true"]);
    expect(privileged ?? false).toBe(false);
  });
});

test("a replacement gives name, address and port free first, and no change is lost", () => {
  for (const { label, deleteBeforeReplace, replaceOnChanges } of tree.ofKind("Container")) {
    expect(deleteBeforeReplace, label).toBe(true);
    // The provider reports these as updated and does not apply them (lab §2).
    expect(replaceOnChanges, label).toEqual(
      expect.arrayContaining(["healthcheck", "tmpfs", "shmSize"]),
    );
  }
});

test("ports are open on the bind address alone, each once", () => {
  const published = containers.flatMap(({ alias, inputs }) =>
    inputs.ports.map(({ internal, external, ip }) => {
      expect(ip, alias).toBe("127.0.0.9");
      return `${alias} ${internal} -> ${external}`;
    }),
  );
  expect(published.sort()).toEqual([
    "alertmanager 9093 -> 9093",
    "edge 8080 -> 8080",
    "grafana 3000 -> 3000",
    "loki 3100 -> 3100",
    "pooler-1 6432 -> 6432",
    "pooler-2 6432 -> 6433",
    "prometheus 9090 -> 9090",
    "status 8081 -> 8081",
  ]);
});

test("data, configuration and secrets are where no other container writes", () => {
  const writers = containers.flatMap(({ inputs }) =>
    inputs.volumes.filter(({ readOnly }) => !readOnly).map(({ volumeName }) => volumeName),
  );
  expect(writers).not.toContain(undefined);
  expect(new Set(writers).size).toBe(writers.length);
  each(({ volumes }, alias) => {
    for (const { containerPath, readOnly, hostPath } of volumes) {
      const isReader =
        containerPath === "/etc/holdfast/live" ||
        hostPath !== undefined ||
        (containerPath === SHARED && !OFFLINE.includes(alias)) ||
        (containerPath === "/var/lib/holdfast" && alias === "backup") ||
        (containerPath === "/var/lib/pgbackrest" && alias === "restore-drill");
      expect(readOnly, containerPath).toBe(isReader);
    }
  });
});

test("a restore drill reads the repository and cannot change what it proves", () => {
  const mounts = (wanted: string) =>
    containers
      .find(({ alias }) => alias === wanted)
      ?.inputs.volumes.map(({ volumeName, containerPath, readOnly }) =>
        [volumeName?.replace(/^holdfast-dev-a-/, ""), containerPath, readOnly ? "ro" : "rw"].join(
          " ",
        ),
      );
  expect(mounts("restore-drill")).toEqual([
    "restore-drill /var/lib/holdfast rw",
    "backup-repository /var/lib/pgbackrest ro",
    "backup-config /etc/holdfast/live ro",
  ]);
  expect(mounts("backup")).toEqual([
    "backup-repository /var/lib/pgbackrest rw",
    "restore-drill /var/lib/holdfast ro",
    "backup-config /etc/holdfast/live ro",
  ]);
  const drill = containers.find(({ alias }) => alias === "restore-drill")?.inputs;
  const backup = containers.find(({ alias }) => alias === "backup")?.inputs;
  expect(drill?.image).toBe(backup?.image);
  expect(drill?.entrypoints).toEqual(["tini", "--", "holdfast-restore-drill-supervisor"]);
  expect(drill?.memory).toBe(512);
});

test("what the engine makes at run time, secrets among it, ends with the container", () => {
  for (const wanted of ["backup", "restore-drill"]) {
    const { tmpfs } = containers.find(({ alias }) => alias === wanted)?.inputs ?? {};
    expect(tmpfs?.["/run/holdfast"], wanted).toMatch(/uid=999,gid=999,mode=0700$/);
  }
});

test("Docker's socket is in the proxies alone, theirs in their clients, its log files in the collector", () => {
  const mounts = containers.flatMap(({ alias, inputs }) =>
    inputs.volumes
      .filter(({ hostPath, containerPath }) => hostPath !== undefined || containerPath === SHARED)
      .map(({ hostPath, volumeName, readOnly }) =>
        [alias, hostPath ?? volumeName?.replace(/^.*-a-/, ""), readOnly ? "ro" : "rw"].join(" "),
      ),
  );
  expect(mounts.sort()).toEqual([
    "autoscaler autoscaler-docker-proxy-socket ro",
    "autoscaler-docker-proxy /var/run/docker.sock ro",
    "autoscaler-docker-proxy autoscaler-docker-proxy-socket rw",
    "collector /var/lib/docker/containers ro",
    "collector collector-docker-proxy-socket ro",
    "collector-docker-proxy /var/run/docker.sock ro",
    "collector-docker-proxy collector-docker-proxy-socket rw",
    "docker-proxy /var/run/docker.sock ro",
    "docker-proxy docker-proxy-socket rw",
    "guard docker-proxy-socket ro",
  ]);
  const roots = containers.filter(({ inputs }) => inputs.user !== undefined);
  expect(roots.map(({ alias, inputs }) => `${alias} ${inputs.user}`).sort()).toEqual([
    "autoscaler-docker-proxy 0:994",
    "collector 0:0",
    "collector-docker-proxy 0:0",
    "docker-proxy 0:995",
  ]);
});

test("the host's own Docker socket is found from its address", () => {
  expect(socketOf("unix:///run/user/1000/docker.sock")).toBe("/run/user/1000/docker.sock");
  for (const elsewhere of ["ssh://ops@db1", "tcp://10.0.0.5:2376", ""]) {
    expect(socketOf(elsewhere)).toBe("/var/run/docker.sock");
  }
});

test("the status page reads over the network and has nothing else: no secret, no data, no Docker", () => {
  const page = containers.find(({ alias }) => alias === "status")?.inputs;
  expect(page?.uploads).toEqual([]);
  expect(page?.user).toBeUndefined();
  expect(page?.volumes.map(({ containerPath, readOnly }) => [containerPath, readOnly])).toEqual([
    ["/etc/holdfast/live", true],
  ]);
  const facts = Object.fromEntries((page?.envs ?? []).map((line) => line.split("=")));
  expect(facts).toMatchObject({
    HOLDFAST_STACK: "dev",
    HOLDFAST_SITE: "a",
    HOLDFAST_PROMETHEUS: "10.88.65.65:9090",
    HOLDFAST_ALERTMANAGER: "10.88.65.66:9093",
  });
  const members = facts.HOLDFAST_PATRONI?.split(",") ?? [];
  expect(members).toHaveLength(11);
  expect([members[0], members[10]]).toEqual(["10.88.65.11:8008", "10.88.65.21:8008"]);
});

test("who has secrets is in the group that may read them", () => {
  each(({ uploads, groupAdds }) => {
    const secrets = uploads.filter(({ file }) => file.startsWith("/etc/holdfast/secrets/"));
    expect(groupAdds).toEqual(secrets.length === 0 ? undefined : ["0"]);
    for (const { permissions } of secrets) expect(permissions).toBe("0440");
  });
});

test("tmpfs is never executable", () => {
  each(({ tmpfs }) => {
    for (const options of Object.values(tmpfs ?? {})) {
      expect(options).toMatch(/^rw,nosuid,nodev,noexec,size=\d+m/);
    }
  });
});

test("two stacks on one Docker share no address", async () => {
  const other = await record(settingsWith({}, "other"));
  const subnet = (recording: Recording) => recording.get("Network a-network").inputs.ipamConfigs;
  expect(subnet(other)).not.toEqual(subnet(tree));
});
