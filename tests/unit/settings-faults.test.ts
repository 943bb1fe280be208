import { describe, expect, test } from "vitest";
import { defaultSubnet } from "../../settings/subnets.ts";
import { parseSettings, SettingsError } from "../../settings.ts";

type Config = Record<string, unknown>;

/** The text and the faults of a refused configuration. */
function refused(config: Config, record?: unknown): SettingsError {
  try {
    parseSettings({ stack: "dev", project: "holdfast", config, record });
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
  throw new Error(`accepted: ${JSON.stringify(config)}`);
}

/** [what is set, how the fault begins, the line that mends it (without `pulumi config` and the stack)] */
const wrong: [Config, string, string][] = [
  [
    { database: { replicas: 0 } },
    "database.replicas = 0: expected a whole number from 1 to 10",
    "set --path database.replicas 2",
  ],
  [{ database: { replicas: -1 } }, "database.replicas = -1:", "set --path database.replicas 2"],
  [
    { database: { replicas: "two" } },
    'database.replicas = "two":',
    "set --path database.replicas 2",
  ],
  [{ database: { replicas: 1.5 } }, "database.replicas = 1.5:", "set --path database.replicas 2"],
  [{ database: { replicas: 11 } }, "database.replicas = 11:", "set --path database.replicas 2"],
  [{ database: { replicas: null } }, "database.replicas = null:", "set --path database.replicas 2"],
  [
    { database: { memory: "1 GBB" } },
    'database.memory = "1 GBB": expected a size in MB or GB',
    "set --path database.memory '512 MB'",
  ],
  [
    { database: { memory: "64 MB" } },
    'database.memory = "64 MB": expected a size from 256 MB',
    "set --path database.memory '512 MB'",
  ],
  [{ database: { memory: 512 } }, "database.memory = 512:", "set --path database.memory '512 MB'"],
  [
    { database: { memory: "256 MB" } },
    'database.memory = "256 MB": carries 85 connections',
    "set --path database.memory '512 MB'",
  ],
  [
    { database: { maxConnections: 400 } },
    "database.maxConnections = 400: database.memory = 512 MB carries 213",
    "set --path database.maxConnections 213",
  ],
  [
    { database: { durability: "paranoid" } },
    'database.durability = "paranoid": expected available or strict',
    "set --path database.durability available",
  ],
  [{ database: { name: "a/b" } }, 'database.name = "a/b":', "set --path database.name shop"],
  [{ database: { name: "Shop" } }, 'database.name = "Shop":', "set --path database.name shop"],
  [
    { database: { name: "postgres" } },
    'database.name = "postgres":',
    "set --path database.name shop",
  ],
  [
    { database: { name: "template1" } },
    'database.name = "template1":',
    "set --path database.name shop",
  ],
  [
    { database: { owner: "replication" } },
    'database.owner = "replication": a role that',
    "set --path database.owner shop",
  ],
  [
    { database: { owner: "pg_monitor" } },
    'database.owner = "pg_monitor":',
    "set --path database.owner shop",
  ],
  [
    { database: { seedTimeout: "10 minutes" } },
    'database.seedTimeout = "10 minutes": expected a duration',
    "set --path database.seedTimeout '10 min'",
  ],
  [
    { database: { trustLocal: "yes" } },
    'database.trustLocal = "yes": expected true or false',
    "set --path database.trustLocal false",
  ],
  [
    { database: { authentication: "trust" } },
    'database.authentication = "trust": expected scram-sha-256 or md5',
    "set --path database.authentication scram-sha-256",
  ],
  [
    { database: { hba: ["host all all 0.0.0.0/0 trust"] } },
    'database.hba[0] = "host all all 0.0.0.0/0 trust": trust over the network',
    "rm --path 'database.hba[0]'",
  ],
  [
    { database: { hba: "local all all md5" } },
    "database.hba =",
    "set --path 'database.hba[0]' 'local all all md5'",
  ],
  [
    { database: { parameters: { wal_level: "logical" } } },
    'database.parameters.wal_level = "logical": replication and failover',
    "rm --path database.parameters.wal_level",
  ],
  [
    { database: { parameters: { MAX_CONNECTIONS: 5 } } },
    "database.parameters.MAX_CONNECTIONS = 5: follows from database.maxConnections",
    "set --path database.maxConnections 200",
  ],
  [
    { database: { parameters: { "auto_explain.x y": 5 } } },
    'database.parameters["auto_explain.x y"] = 5: not the name',
    `rm --path 'database.parameters["auto_explain.x y"]'`,
  ],
  [
    { database: { parameters: { work_mem: ["4MB"] } } },
    'database.parameters.work_mem = ["4MB"]: expected a text',
    "rm --path database.parameters.work_mem",
  ],
  [
    { database: { parameters: { search_path: "a\nfsync=off" } } },
    "database.parameters.search_path =",
    "rm --path database.parameters.search_path",
  ],
  [
    { ports: { app: 9090 } },
    "ports.app = 9090: also the port of ports.prometheus",
    "set --path ports.app 9091",
  ],
  [
    { ports: { pooler: [6432, 6432] } },
    "ports.pooler[1] = 6432: also the port of ports.pooler[0]",
    "set --path 'ports.pooler[1]' 6433",
  ],
  [
    { ports: { status: 80 } },
    "ports.status = 80: expected a whole number from 1024",
    "set --path ports.status 8081",
  ],
  [
    { ports: { status: 9093 } },
    "ports.status = 9093: also the port of ports.alertmanager",
    "set --path ports.status 9094",
  ],
  [{ ports: { app: 0 } }, "ports.app = 0:", "set --path ports.app 8080"],
  [
    { ports: { grafana: 80 } },
    "ports.grafana = 80: expected a whole number from 1024",
    "set --path ports.grafana 3000",
  ],
  [
    { ports: { pooler: [] } },
    "ports.pooler = []: expected at least 1 entry",
    "rm --path ports.pooler",
  ],
  [
    { ports: { pooler: [6001, 6002, 6003, 6004, 6005] } },
    "ports.pooler = [6001,6002,6003,6004,6005]: expected at most 4",
    "rm --path 'ports.pooler[4]'",
  ],
  [{ databse: { replicas: 2 } }, "databse: unknown key (did you mean database?)", "rm databse"],
  [
    { database: { replcias: 3 } },
    "database.replcias: unknown key (did you mean database.replicas?)",
    "set --path database.replicas 3",
  ],
  [{ replicas: 3 }, "replicas: unknown key (did you mean database.replicas?)", "rm replicas"],
  [{ objective: 4 }, "objective: unknown key (did you mean objectives?)", "rm objective"],
  [{ colour: "blue" }, "colour: unknown key", "rm colour"],
  [
    { etcd: { members: 2 } },
    "etcd.members = 2: expected 1, 3, 5 or 7",
    "set --path etcd.members 3",
  ],
  [{ etcd: 3 }, "etcd = 3: expected a group of settings", "rm etcd"],
  [
    { backup: { schedule: { physical: "15 2 * *" } } },
    'backup.schedule.physical = "15 2 * *": expected five fields',
    "set --path backup.schedule.physical '15 2 * * *'",
  ],
  [
    { backup: { schedule: { logical: "61 2 * * *" } } },
    'backup.schedule.logical = "61 2 * * *":',
    "set --path backup.schedule.logical '45 2 * * *'",
  ],
  [
    { backup: { schedule: { drill: "@daily" } } },
    'backup.schedule.drill = "@daily":',
    "set --path backup.schedule.drill '30 3 * * *'",
  ],
  [
    { backup: { schedule: { incremental: "5 */4 * 13 *" } } },
    'backup.schedule.incremental = "5 */4 * 13 *":',
    "set --path backup.schedule.incremental '5 */4 * * *'",
  ],
  [
    { backup: { physical: "15 2 * * *" } },
    "backup.physical: unknown key (did you mean backup.schedule.physical?)",
    "set --path backup.schedule.physical '15 2 * * *'",
  ],
  [
    { backup: { logical: ["users", "or*"] } },
    'backup.logical[1] = "or*": expected a table',
    "set --path 'backup.logical[1]' users",
  ],
  [
    { backup: { logical: "users" } },
    'backup.logical = "users": expected a list',
    "set --path 'backup.logical[0]' users",
  ],
  [
    { backup: { seedMaxAge: "30 s" } },
    'backup.seedMaxAge = "30 s": expected a duration from 1 min',
    "set --path backup.seedMaxAge '1 h'",
  ],
  [
    { backup: { drillMemory: "64 MB" } },
    'backup.drillMemory = "64 MB":',
    "set --path backup.drillMemory '512 MB'",
  ],
  [{ backup: { keepFull: 0 } }, "backup.keepFull = 0:", "set --path backup.keepFull 2"],
  [
    { application: { instances: { min: 6 } } },
    "application.instances.min = 6: larger than application.instances.max = 4",
    "set --path application.instances.min 4",
  ],
  [
    { application: { instances: { max: 1 } } },
    "application.instances.max = 1: smaller than application.instances.min = 2",
    "set --path application.instances.max 2",
  ],
  ...(
    [
      [{ targetRequests: 0 }, "targetRequests = 0: expected a whole number", "targetRequests 50"],
      [{ targetRequests: "many" }, 'targetRequests = "many":', "targetRequests 50"],
      [{ tolerance: 0.1 }, "tolerance = 0.1: expected a whole number from 0 to 50", "tolerance 10"],
      [{ tolerance: 51 }, "tolerance = 51:", "tolerance 10"],
      [{ upWindow: "-1 s" }, 'upWindow = "-1 s": expected a duration', "upWindow '0 s'"],
      [{ downWindow: "2 h" }, 'downWindow = "2 h": expected a duration', "downWindow '5 min'"],
      [{ downWindow: 300 }, "downWindow = 300: expected a duration", "downWindow '5 min'"],
      [{ upStep: 0 }, "upStep = 0: expected a whole number from 1 to 20", "upStep 20"],
      [{ downStep: 21 }, "downStep = 21:", "downStep 1"],
    ] as [Config, string, string][]
  ).map(([scaling, fault, mend]): [Config, string, string] => [
    { application: { scaling } },
    `application.scaling.${fault}`,
    `set --path application.scaling.${mend}`,
  ]),
  [
    { application: { scaling: { window: 1 } } },
    "application.scaling.window: unknown key",
    "rm --path application.scaling.window",
  ],
  [
    { application: { instances: { max: 21 } } },
    "application.instances.max = 21:",
    "set --path application.instances.max 4",
  ],
  [
    { application: { workers: 8 } },
    'application.memory = "384 MB" (the default): application.workers = 8 need 810 MB',
    "set --path application.memory '832 MB'",
  ],
  [
    { pooler: { poolSize: 60 } },
    "pooler.poolSize = 60: opens more connections than database.maxConnections = 200",
    "set --path pooler.poolSize 42",
  ],
  [
    { database: { maxConnections: 60 } },
    "database.maxConnections = 60: fewer than the poolers may open",
    "set --path database.maxConnections 110",
  ],
  [
    { pooler: { maxClients: 20 } },
    "pooler.maxClients = 20: fewer than",
    "set --path pooler.maxClients 64",
  ],
  [
    { objectives: { recoveryPoint: "10 s" } },
    'objectives.recoveryPoint = "10 s": 30 s is what the archive',
    "set --path objectives.recoveryPoint '30 s'",
  ],
  [
    { objectives: { recoveryPoint: "0 s" } },
    'objectives.recoveryPoint = "0 s":',
    "set --path database.durability strict",
  ],
  [
    { objectives: { recoveryPoint: "2 h" } },
    'objectives.recoveryPoint = "2 h":',
    "set --path objectives.recoveryPoint '1 min'",
  ],
  [
    { objectives: { recoveryTime: "29 s" } },
    'objectives.recoveryTime = "29 s": shorter than the 30 s',
    "set --path objectives.recoveryTime '1 min'",
  ],
  [
    { network: { bindAddress: "localhost" } },
    'network.bindAddress = "localhost":',
    "set --path network.bindAddress 127.0.0.1",
  ],
  [
    { network: { bindAddress: "127.0.0.256" } },
    "network.bindAddress =",
    "set --path network.bindAddress 127.0.0.1",
  ],
  [
    { sites: { a: { subnet: "10.1.2.0/16" } } },
    'sites.a.subnet = "10.1.2.0/16": expected a /24',
    "set --path sites.a.subnet 10.80.3.0/24",
  ],
  [
    { sites: { a: { subnet: "10.1.2.7/24" } } },
    "sites.a.subnet =",
    "set --path sites.a.subnet 10.80.3.0/24",
  ],
  [
    { sites: { a: { subnet: "8.8.8.0/24" } } },
    'sites.a.subnet = "8.8.8.0/24": not private',
    "set --path sites.a.subnet 10.80.3.0/24",
  ],
  [
    { sites: { a: { host: "h2" } } },
    'sites.a.host = "h2": no such host; hosts has h1',
    "set --path sites.a.host h1",
  ],
  [
    { sites: { a: {}, b: {}, c: {} } },
    "sites.c: this version runs two sites at the most",
    "rm --path sites.c",
  ],
  [
    { sites: { a: {}, witness: {} } },
    "sites.witness: a name that Holdfast keeps",
    "rm --path sites.witness",
  ],
  [
    { sites: { a: {}, b: { application: "warm" } } },
    'sites.b.application = "warm": expected running or standby',
    "set --path sites.b.application standby",
  ],
  [
    { sites: { a: {}, b: { portOffset: 60000 } } },
    "sites.b.portOffset = 60000: port 9093 becomes 69093",
    "rm --path sites.b.portOffset",
  ],
  [
    { sites: { a: {}, b: { portOffset: 1 } } },
    "sites.b.portOffset = 1: port 8081 is also one of site a on the same host",
    "rm --path sites.b.portOffset",
  ],
  [
    { sites: { a: {}, b: { subnet: defaultSubnet("dev", "a") } } },
    `sites.b.subnet = "${defaultSubnet("dev", "a")}": already the network of site a`,
    "rm --path sites.b.subnet",
  ],
  [
    { sites: { a: {}, b: {} }, network: { linkSubnet: defaultSubnet("dev", "b") } },
    `network.linkSubnet = "${defaultSubnet("dev", "b")}": already the network of site b`,
    "rm --path network.linkSubnet",
  ],
  [
    { sites: { a: {}, b: {} }, witness: { host: "h1", subnet: defaultSubnet("dev", "a") } },
    `witness.subnet = "${defaultSubnet("dev", "a")}": already the network of site a`,
    "rm --path witness.subnet",
  ],
  [
    { sites: { a: {}, b: {} }, witness: { host: "h7" } },
    'witness.host = "h7": no such host; hosts has h1',
    "set --path witness.host h1",
  ],
  [{ witness: { host: "h1" } }, "witness: there is nothing to witness with one site", "rm witness"],
  [
    { sites: { a: {}, b: {} }, failover: { sites: "automatic" } },
    'failover.sites = "automatic": needs a witness in a third place',
    "set --path failover.sites people",
  ],
  [
    { failover: { sites: "robots" } },
    'failover.sites = "robots": expected people or automatic',
    "set --path failover.sites people",
  ],
  [
    { hosts: { h1: { address: "192.0.2.1" }, h2: {} }, sites: { a: {}, b: { host: "h2" } } },
    'hosts.h2.address = "" (the default): needed, for sites are on different hosts',
    "set --path hosts.h2.address 192.0.2.10",
  ],
  [
    { hosts: { h1: { address: "data.example" } } },
    'hosts.h1.address = "data.example": expected an IPv4 address',
    "set --path hosts.h1.address 192.0.2.10",
  ],
  [
    {
      hosts: { h1: { address: "192.0.2.1" }, h2: { address: "192.0.2.2" } },
      sites: { a: {}, b: { host: "h2" } },
      backup: { cloud: { provider: "builtin" } },
    },
    'backup.cloud.provider = "builtin": the builtin S3 server stands on one Docker host',
    "rm --path backup.cloud.provider",
  ],
  [
    {
      hosts: { h1: { address: "192.0.2.1" }, h2: { address: "192.0.2.2" } },
      sites: { a: {}, b: { host: "h2" } },
      ports: { link: 8079 },
    },
    "ports.link = 8079: also the port of ports.app",
    "set --path ports.link 8082",
  ],
  [{ sites: { "Site/1": {} } }, 'sites["Site/1"]: expected a site', `rm --path 'sites["Site/1"]'`],
  [
    { hosts: { h1: { docker: "https://docker:2376" } } },
    'hosts.h1.docker = "https://docker:2376": expected unix:///path',
    "set --path hosts.h1.docker unix:///var/run/docker.sock",
  ],
  [{ hosts: { h1: {}, h2: {} } }, "hosts.h2: no site runs on this host", "rm --path hosts.h2"],
  [
    { monitoring: { retention: 15 } },
    "monitoring.retention = 15:",
    "set --path monitoring.retention 15d",
  ],
  [
    { monitoring: { scrapeInterval: "0 s" } },
    'monitoring.scrapeInterval = "0 s":',
    "set --path monitoring.scrapeInterval '5 s'",
  ],
  [
    { monitoring: { extensions: " ours" } },
    'monitoring.extensions = " ours":',
    "set --path monitoring.extensions ''",
  ],
  [
    { monitoring: { logRetention: "12h" } },
    'monitoring.logRetention = "12h": expected a whole number of days or weeks',
    "set --path monitoring.logRetention 7d",
  ],
  [
    { monitoring: { lokiMemory: "64 MB" } },
    'monitoring.lokiMemory = "64 MB":',
    "set --path monitoring.lokiMemory '256 MB'",
  ],
  [
    { monitoring: { collectorMemory: "none" } },
    'monitoring.collectorMemory = "none":',
    "set --path monitoring.collectorMemory '128 MB'",
  ],
  [
    { ports: { loki: 80 } },
    "ports.loki = 80: expected a whole number from 1024",
    "set --path ports.loki 3100",
  ],
  [
    { hosts: { h1: { dataRoot: "docker" } } },
    'hosts.h1.dataRoot = "docker": expected the absolute path',
    "set --path hosts.h1.dataRoot /var/lib/docker",
  ],
  [
    { images: { loki: "debian" } },
    'images.loki = "debian": without a version',
    "set --path images.loki grafana/loki:3.7.8",
  ],
  [
    { images: { collector: "otel/collector:latest" } },
    "images.collector =",
    "set --path images.collector otel/opentelemetry-collector-contrib:0.149.0",
  ],
  [
    { images: { base: "debian" } },
    'images.base = "debian": without a version',
    "set --path images.base debian:trixie-slim",
  ],
  [
    { images: { grafana: "grafana/grafana:latest" } },
    "images.grafana =",
    "set --path images.grafana grafana/grafana:12.1.1",
  ],
  [
    { images: { prometheus: "Prom Prometheus:1" } },
    "images.prometheus =",
    "set --path images.prometheus prom/prometheus:v3.5.0",
  ],
  [
    { images: { refresh: "2026-02-30" } },
    'images.refresh = "2026-02-30":',
    "set --path images.refresh 2026-11-23",
  ],
  [
    { application: { image: "shop" } },
    'application.image = "shop": without a version; expected an image with its version',
    "set --path application.image registry.example.com/team/app:1.0",
  ],
  [
    { application: { image: "team/app:1.0", context: "docs/examples/own-app" } },
    'application.context = "docs/examples/own-app": and application.image = "team/app:1.0"',
    "rm --path application.context",
  ],
  [
    { application: { image: "team/app:1.0", port: 70000 } },
    "application.port = 70000: expected a whole number from 1 to 65535",
    "set --path application.port 8000",
  ],
  [
    { application: { port: 3000 } },
    "application.port = 3000: the shop's is 8000; others are for an application of one's own",
    "rm --path application.port",
  ],
  [
    { application: { migrate: ["./migrate"] } },
    'application.migrate = ["./migrate"]: the shop\'s is ["holdfast-migrate"]',
    "rm --path application.migrate",
  ],
  [
    { application: { image: "team/app:1.0", healthPath: "healthz" } },
    'application.healthPath = "healthz": expected a path such as "/healthz"',
    "set --path application.healthPath /healthz",
  ],
  [
    { application: { image: "team/app:1.0", healthPath: "/up?deep=$(id)" } },
    "application.healthPath =",
    "set --path application.healthPath /healthz",
  ],
  [
    { application: { image: "team/app:1.0", healthPath: "" } },
    "application.healthPath =",
    "set --path application.healthPath /healthz",
  ],
  [
    { application: { image: "team/app:1.0", metricsPath: "metrics" } },
    "application.metricsPath =",
    "set --path application.metricsPath /metrics",
  ],
  [
    { application: { image: "team/app:1.0", health: "probe" } },
    'application.health = "probe": expected a list',
    "set --path 'application.health[0]' probe",
  ],
  [
    { application: { image: "team/app:1.0", migrate: ["./migrate", ""] } },
    'application.migrate[1] = "": empty',
    "rm --path 'application.migrate[1]'",
  ],
  [
    { application: { context: "app\n" } },
    "application.context =",
    "set --path application.context ''",
  ],
  [{ timings: { archiveTimeoutSeconds: 5 } }, "timings: unknown key", "rm timings"],
];

describe("a wrong value", () => {
  test.each(wrong)("%j", (config, begins, mend) => {
    const lines = refused(config).message.split("\n");
    expect(lines[0]).toMatch(/^Settings of stack dev: \d+ faults?$/);
    expect(
      lines.some((line) => line.startsWith(`  ${begins}`)),
      lines.join("\n"),
    ).toBe(true);
    expect(lines).toContain(`      pulumi config ${mend} --stack dev`);
  });

  test.each(wrong)("is mended by the printed lines: %j", (config) => {
    let tree: unknown = structuredClone(config);
    for (let round = 0; round < 3; round++) {
      let error: SettingsError | undefined;
      try {
        parseSettings({ stack: "dev", project: "holdfast", config: tree as Config });
      } catch (caught) {
        error = caught as SettingsError;
      }
      if (!error) return;
      for (const { mend } of error.faults) {
        if (mend.remove) tree = edited(tree, mend.remove);
        for (const step of [mend.set, mend.also]) {
          if (step) tree = edited(tree, step.path, step.value);
        }
      }
    }
    expect.unreachable(`still refused: ${JSON.stringify(tree)}`);
  });
});

/** What `pulumi config rm --path` and `set --path` make of a tree. */
function edited(node: unknown, path: readonly (string | number)[], value?: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  const list = typeof head === "number";
  const copy = (list ? [...((node ?? []) as unknown[])] : { ...(node as Config) }) as Config;
  if (rest.length > 0 || value !== undefined) copy[head] = edited(copy[head], rest, value);
  else if (list) (copy as unknown as unknown[]).splice(head, 1);
  else delete copy[head];
  return copy;
}

test("all faults are reported at once, in the groups' order", () => {
  const { message } = refused({
    databse: { replicas: 2 },
    application: { instances: { min: 6 } },
    database: { replicas: "two" },
  });
  expect(message).toBe(
    [
      "Settings of stack dev: 3 faults",
      '  database.replicas = "two": expected a whole number from 1 to 10',
      "      pulumi config set --path database.replicas 2 --stack dev",
      "  application.instances.min = 6: larger than application.instances.max = 4",
      "      pulumi config set --path application.instances.min 4 --stack dev",
      "  databse: unknown key (did you mean database?)",
      "      pulumi config rm databse --stack dev",
    ].join("\n"),
  );
});

test("a contradiction with a value that is itself at fault is not reported", () => {
  const { faults } = refused({ application: { instances: { min: 6, max: "many" } } });
  expect(faults.map(({ path }) => path.join("."))).toEqual(["application.instances.max"]);
});

test("list entries are taken out from the last to the first", () => {
  const { message } = refused({ database: { hba: ["nonsense", "local all all md5", "nonsense"] } });
  expect(message.indexOf("hba[2]")).toBeLessThan(message.indexOf("hba[0]"));
  expect(message).not.toContain("hba[1]");
});

describe("the record", () => {
  test("is named where the fault is in it", () => {
    const { message } = refused({}, { ports: { app: "x" }, images: { bse: "debian:12" } });
    expect(message).toContain('  ports.app = "x" (in .holdfast/stacks/dev.json): expected a whole');
    expect(message).toContain("      pulumi config set --path ports.app 8080 --stack dev");
    expect(message).toContain("  images.bse (in .holdfast/stacks/dev.json): unknown key (did you");
    expect(message).toContain('      remove "images.bse" from .holdfast/stacks/dev.json');
  });

  test("must be an object", () => {
    expect(refused({}, ["ports"]).message).toContain("rm .holdfast/stacks/dev.json");
  });

  test("does not count where the config says otherwise", () => {
    expect(() =>
      parseSettings({
        stack: "dev",
        project: "holdfast",
        config: { ports: { app: 8081 } },
        record: { ports: { app: "x" } },
      }),
    ).not.toThrow();
  });
});

test("a secret is refused unread", () => {
  const input = { stack: "dev", project: "holdfast", config: { database: { name: "hunter2!" } } };
  const parse = () => parseSettings({ ...input, secrets: ["database"] });
  expect(parse).toThrow("database: stored as a secret");
  expect(parse).not.toThrow("hunter2");
});

test.each(["Dev", "dev/a", "organization/holdfast/dev", "", "1dev", "a".repeat(21), "dev_a"])(
  "stack name %j",
  (stack) => {
    const parse = () => parseSettings({ stack, project: "holdfast", config: {} });
    expect(parse).toThrow(SettingsError);
    expect(parse).toThrow(stack.includes("/") ? /without organization/ : /at most 20/);
  },
);
