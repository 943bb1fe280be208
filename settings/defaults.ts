/** What every setting is when nobody says otherwise, in the notation of the config. Pure. */
import { incrementalCron } from "../objectives.ts";
import { alertingDefaults } from "./alerting.ts";
import { applicationDefaults } from "./application.ts";
import { dnsDefaults } from "./dns.ts";
import { recoveryDefaults } from "./recovery.ts";
import { defaultSubnet } from "./subnets.ts";
import { isTree, merge, type Tree, valueAt } from "./tree.ts";
import { parseDuration } from "./units.ts";

const socket = "unix:///var/run/docker.sock";
/** Where Docker keeps its files unless its daemon.json says otherwise. */
export const DEFAULT_DATA_ROOT = "/var/lib/docker";
/** Between the published ports of two sites on one host: their digits stay readable. */
const PORT_OFFSET = 10_000;
/** As in `groups.objectives`. */
const defaultRecoveryPointSeconds = 60;

const groups: Tree = {
  failover: { sites: "people" },
  network: { bindAddress: "127.0.0.1" },
  ports: {
    app: 8080,
    pooler: [6432, 6433],
    prometheus: 9090,
    alertmanager: 9093,
    grafana: 3000,
    loki: 3100,
    link: 7432,
    witness: 7442,
  },
  objectives: { recoveryPoint: "1 min", recoveryTime: "1 min" },
  database: {
    name: "shop",
    owner: "shop",
    replicas: 2,
    durability: "available",
    memory: "512 MB",
    volumeSize: "10 GB",
    maxConnections: 200,
    seedTimeout: "10 min",
    authentication: "scram-sha-256",
    trustLocal: false,
    hba: [],
    parameters: {},
    readLagLimit: "16 MB",
  },
  etcd: { members: 3, memory: "128 MB" },
  pooler: { poolSize: 20, maxClients: 1000, memory: "128 MB" },
  application: {
    image: "",
    context: "",
    instances: { min: 2, max: 4 },
    workers: 2,
    threads: 4,
    memory: "384 MB",
    footer: true,
    // As Kubernetes' HPA: up at once, down after five calm minutes; but down one after the other.
    scaling: {
      targetRequests: 50,
      tolerance: 10,
      upWindow: "0 s",
      downWindow: "5 min",
      upStep: 20,
      downStep: 1,
    },
  },
  backup: {
    // One after the other, in the quietest hours: base backups, dumps, and the proof of both.
    schedule: { physical: "15 2 * * *", logical: "45 2 * * *", drill: "30 3 * * *" },
    // The shop's users and orders; an order without its lines would be half of one.
    logical: ["users", "orders", "order_lines"],
    keepFull: 2,
    keepDumps: 7,
    memory: "384 MB",
    drillMemory: "512 MB",
    seedMaxAge: "1 h",
    cloud: {
      provider: "none",
      endpoint: "",
      region: "us-east-1",
      bucket: "",
      prefix: "holdfast",
      pathStyle: true,
      caCertificate: "",
      keepDays: 30,
      keepDumps: 30,
    },
  },
  // 5 s: an alert on a missing synchronous standby is promised within 10 s (M16).
  monitoring: {
    grafana: true,
    retention: "15d",
    scrapeInterval: "5 s",
    memory: "512 MB",
    logRetention: "7d",
    lokiMemory: "256 MB",
    collectorMemory: "128 MB",
    runbookUrl: "docs/runbooks",
    extensions: "",
  },
  alerting: alertingDefaults,
  dns: dnsDefaults,
  recovery: recoveryDefaults,
  images: {
    base: "debian:trixie-slim",
    prometheus: "prom/prometheus:v3.5.0",
    alertmanager: "prom/alertmanager:v0.28.1",
    grafana: "grafana/grafana:12.1.1",
    loki: "grafana/loki:3.7.8",
    collector: "otel/opentelemetry-collector-contrib:0.149.0",
    refresh: "",
  },
};

/**
 * The given tree on top of the defaults. `hosts` and `sites` are maps with names of the user's own:
 * their default entries (`h1`, `a`) are there only when none is given, and each given entry is
 * completed by itself.
 */
export function withDefaults(stack: string, given: Tree): Tree {
  const { hosts: givenHosts = {}, sites: givenSites = {}, witness: givenWitness, ...rest } = given;
  const hosts = entries(givenHosts, "h1", () => ({
    docker: socket,
    dataRoot: DEFAULT_DATA_ROOT,
    address: "",
  }));
  const host = (isTree(hosts) ? Object.keys(hosts)[0] : undefined) ?? "h1";
  const sites = entries(byName(givenSites), "a", (site) => ({
    host,
    subnet: defaultSubnet(stack, site),
    application: "standby",
  }));
  const witness = witnessOf(givenWitness, { host, subnet: defaultSubnet(stack, "witness") });
  const placed = {
    network: { linkSubnet: defaultSubnet(stack, "link") },
    dns: { host, subnet: defaultSubnet(stack, "nameserver") },
  };
  return {
    hosts,
    sites: withPortOffsets(sites),
    ...(witness === undefined ? {} : { witness }),
    ...merge(merge(merge(groups, placed), derived(rest)), rest),
  };
}

/** Pulumi hands over objects with their keys in order; so that the first site is the same for all who ask. */
function byName(sites: unknown): unknown {
  if (!isTree(sites)) return sites;
  return Object.fromEntries(Object.entries(sites).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** An empty one is none: Pulumi.yaml's default for a group that nobody sets. */
function witnessOf(given: unknown, defaults: Tree): unknown {
  if (!isTree(given)) return given;
  return Object.keys(given).length === 0 ? undefined : merge(defaults, given);
}

/** The second site of one host publishes its ports ten thousand higher. */
function withPortOffsets(sites: unknown): unknown {
  if (!isTree(sites)) return sites;
  const before = new Map<unknown, number>();
  return Object.fromEntries(
    Object.entries(sites).map(([name, site]) => {
      if (!isTree(site)) return [name, site];
      const rank = before.get(site.host) ?? 0;
      before.set(site.host, rank + 1);
      return [name, merge({ portOffset: rank * PORT_OFFSET }, site)];
    }),
  );
}

/** Defaults that follow from what is given. */
function derived(given: Tree): Tree {
  const written = valueAt(given, ["objectives", "recoveryPoint"]);
  const seconds = typeof written === "string" ? parseDuration(written) : undefined;
  return {
    ports: { status: statusPort(given.ports) },
    application: applicationDefaults(given.application),
    backup: { schedule: { incremental: incrementalCron(seconds ?? defaultRecoveryPointSeconds) } },
  };
}

/** 8081, or the next one that is given to nothing else: it came after stacks that may have it in use. */
function statusPort(given: unknown): number {
  const taken = isTree(given) ? Object.values(given).flat() : [];
  let port = 8081;
  while (taken.includes(port)) port += 1;
  return port;
}

function entries(given: unknown, only: string, complete: (name: string) => Tree): unknown {
  if (!isTree(given)) return given;
  const named = Object.keys(given).length === 0 ? { [only]: {} } : given;
  return Object.fromEntries(
    Object.entries(named).map(([name, entry]) => [
      name,
      isTree(entry) ? merge(complete(name), entry) : entry,
    ]),
  );
}
