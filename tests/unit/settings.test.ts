import { describe, expect, test } from "vitest";
import { settingsOfSite } from "../../settings/sites.ts";
import { defaultSubnet, subnetProblem } from "../../settings/subnets.ts";
import { parseSettings } from "../../settings.ts";

const parse = (config: Record<string, unknown>, record?: unknown, stack = "dev") =>
  parseSettings({ stack, project: "holdfast", config, record });

test("the defaults", () => {
  expect(parse({})).toMatchInlineSnapshot(`
    {
      "alerting": {
        "deadMansSwitch": "",
        "email": {
          "from": "",
          "requireTls": true,
          "smarthost": "",
          "to": "",
          "username": "",
        },
        "webhook": false,
      },
      "application": {
        "context": "",
        "footer": true,
        "health": [
          "holdfast-health",
        ],
        "healthPath": "/healthz",
        "image": "",
        "instances": {
          "max": 4,
          "min": 2,
        },
        "memoryMiB": 384,
        "metricsPath": "/metrics",
        "migrate": [
          "holdfast-migrate",
        ],
        "port": 8000,
        "scaling": {
          "downStep": 1,
          "downWindowSeconds": 300,
          "targetRequests": 50,
          "tolerancePercent": 10,
          "upStep": 20,
          "upWindowSeconds": 0,
        },
        "threads": 4,
        "workers": 2,
      },
      "backup": {
        "cloud": {
          "bucket": "",
          "caCertificate": "",
          "endpoint": "",
          "keepDays": 30,
          "keepDumps": 30,
          "pathStyle": true,
          "prefix": "holdfast",
          "provider": "none",
          "region": "us-east-1",
        },
        "drillMemoryMiB": 512,
        "keepDumps": 7,
        "keepFull": 2,
        "logical": [
          "users",
          "orders",
          "order_lines",
        ],
        "memoryMiB": 384,
        "schedule": {
          "drill": "30 3 * * *",
          "incremental": "5 */4 * * *",
          "logical": "45 2 * * *",
          "physical": "15 2 * * *",
        },
        "seedMaxAgeSeconds": 3600,
      },
      "database": {
        "archiveQueueMiB": 1024,
        "authentication": "scram-sha-256",
        "durability": "available",
        "hba": [],
        "maxConnections": 200,
        "memoryMiB": 512,
        "name": "shop",
        "owner": "shop",
        "parameters": {},
        "readLagLimitMiB": 16,
        "replicas": 2,
        "seedTimeoutSeconds": 600,
        "trustLocal": false,
        "volumeSizeMiB": 10240,
      },
      "dns": undefined,
      "etcd": {
        "members": 3,
        "memoryMiB": 128,
      },
      "failover": {
        "sites": "people",
      },
      "hosts": {
        "h1": {
          "address": "",
          "dataRoot": "/var/lib/docker",
          "docker": "unix:///var/run/docker.sock",
        },
      },
      "images": {
        "alertmanager": "prom/alertmanager:v0.28.1",
        "base": "debian:trixie-slim",
        "collector": "otel/opentelemetry-collector-contrib:0.149.0",
        "grafana": "grafana/grafana:12.1.1",
        "loki": "grafana/loki:3.7.8",
        "prometheus": "prom/prometheus:v3.5.0",
        "refresh": "",
      },
      "monitoring": {
        "collectorMemoryMiB": 128,
        "extensions": "",
        "grafana": true,
        "logRetention": "7d",
        "lokiMemoryMiB": 256,
        "memoryMiB": 512,
        "retention": "15d",
        "runbookUrl": "docs/runbooks",
        "scrapeIntervalSeconds": 5,
      },
      "network": {
        "bindAddress": "127.0.0.1",
        "linkSubnet": "10.125.112.0/24",
      },
      "objectives": {
        "recoveryPointSeconds": 60,
        "recoveryTimeSeconds": 60,
      },
      "pooler": {
        "maxClients": 1000,
        "memoryMiB": 128,
        "poolSize": 20,
      },
      "ports": {
        "alertmanager": 9093,
        "app": 8080,
        "grafana": 3000,
        "link": 7432,
        "loki": 3100,
        "pooler": [
          6432,
          6433,
        ],
        "prometheus": 9090,
        "status": 8081,
        "witness": 7442,
      },
      "project": "holdfast",
      "recovery": {
        "contacts": [],
        "decides": "",
      },
      "sites": {
        "a": {
          "application": "standby",
          "host": "h1",
          "portOffset": 0,
          "subnet": "10.88.65.0/24",
        },
      },
      "stack": "dev",
      "timings": {
        "archiveTimeoutSeconds": 30,
        "backup": {
          "archiveTransportSeconds": 30,
          "incrementalSeconds": 14400,
        },
        "edgeTimeoutSeconds": 35,
        "handover": {
          "boundSeconds": 12,
          "drainSeconds": 5,
          "pauseLeaseSeconds": 10,
          "stopPathSeconds": 15,
        },
        "patroni": {
          "loopWaitSeconds": 1,
          "primaryStartTimeoutSeconds": 10,
          "primaryStopTimeoutSeconds": 10,
          "retryTimeoutSeconds": 3,
          "ttlSeconds": 20,
        },
        "queryWaitTimeoutSeconds": 25,
        "routerCheck": {
          "downinterMs": 250,
          "fall": 2,
          "fastinterMs": 250,
          "interMs": 1000,
          "rise": 1,
        },
        "stopTimeoutSeconds": 60,
        "workerTimeoutSeconds": 30,
      },
      "witness": undefined,
    }
  `);
});

test("config wins over the record, the record over the default, key by key", () => {
  const settings = parse(
    { ports: { app: 8082 }, database: { parameters: { work_mem: "8MB" } } },
    {
      ports: { app: 8081, grafana: 3001 },
      images: { base: "holdfast/base:trixie", prometheus: "debian" },
      monitoring: { grafana: false },
    },
  );
  expect(settings.ports).toEqual({
    app: 8082,
    pooler: [6432, 6433],
    status: 8081,
    prometheus: 9090,
    alertmanager: 9093,
    grafana: 3001,
    loki: 3100,
    link: 7432,
    witness: 7442,
  });
  expect(settings.images.base).toBe("holdfast/base:trixie");
  expect(settings.images.prometheus).toBe("debian");
  expect(settings.monitoring.grafana).toBe(false);
  expect(settings.database.parameters).toEqual({ work_mem: "8MB" });
});

test("the record may say of a host where its Docker keeps its files, and nothing else", () => {
  const { hosts } = parse({}, { hosts: { h1: { dataRoot: "/srv/docker" } } });
  expect(hosts).toEqual({
    h1: { docker: "unix:///var/run/docker.sock", dataRoot: "/srv/docker", address: "" },
  });
});

test("lists are taken whole", () => {
  expect(parse({ ports: { pooler: [7000] } }).ports.pooler).toEqual([7000]);
});

test("numbers and flags may come as words", () => {
  const { database } = parse({ database: { replicas: "3", trustLocal: "true" } });
  expect(database).toMatchObject({ replicas: 3, trustLocal: true });
  expect(parse({ etcd: { members: "5" } }).etcd.members).toBe(5);
});

test("a named site or host takes the default's place, and is completed", () => {
  const { sites, hosts } = parse({
    hosts: { big: { docker: "ssh://root@big.example" } },
    sites: { west: {} },
  });
  expect(hosts).toEqual({
    big: { docker: "ssh://root@big.example", dataRoot: "/var/lib/docker", address: "" },
  });
  expect(sites).toEqual({
    west: {
      host: "big",
      subnet: defaultSubnet("dev", "west"),
      application: "standby",
      portOffset: 0,
    },
  });
});

test("values people may well want are accepted", () => {
  expect(() =>
    parse({
      ports: { app: 80 },
      objectives: { recoveryPoint: "30 s", recoveryTime: "30 s" },
      database: {
        durability: "strict",
        hba: [
          "local all all peer",
          "hostssl shop analyst 192.168.7.0/24 cert map=people",
          'host "My DB" report,audit ::1/128 ldap ldapserver="ldap.example"',
          "host all all 10.0.0.0 255.0.0.0 md5",
          "host shop mallory samenet reject",
        ],
        parameters: {
          work_mem: "8MB",
          "auto_explain.log_min_duration": 250,
          jit: false,
          shared_preload_libraries: "pg_stat_statements,pgaudit",
        },
      },
      images: {
        base: "registry.example:5000/team/debian:13",
        grafana: `grafana/grafana@sha256:${"a".repeat(64)}`,
        refresh: "2026-11-23",
      },
      backup: {
        schedule: { physical: "*/30 1-5,22 * * 0", logical: "0 3 1 1,7 *" },
        logical: ["public.users", "_stock"],
        cloud: { provider: "builtin", bucket: "my-bucket.old", prefix: "team/db-1" },
      },
    }),
  ).not.toThrow();
});

test("everything is frozen, to the leaves", () => {
  const unfrozen = (value: unknown): boolean =>
    typeof value === "object" &&
    value !== null &&
    (!Object.isFrozen(value) || Object.values(value).some(unfrozen));
  expect(unfrozen(parse({ database: { hba: ["local all all md5"] } }))).toBe(false);
});

test("parsing changes neither config nor record, and shares nothing with them", () => {
  const config = { ports: { pooler: [7000] }, database: { parameters: { jit: false } } };
  const record = { ports: { app: 8081 } };
  const before = structuredClone([config, record]);
  parse(config, record);
  config.ports.pooler.push(7001);
  expect([{ ...config, ports: { pooler: [7000] } }, record]).toEqual(before);
});

test("the subnet follows from stack and site, for good", () => {
  expect(parse({}).sites.a?.subnet).toBe("10.88.65.0/24");
  const subnets = Array.from({ length: 400 }, (_, n) => defaultSubnet(`stack-${n}`, "a"));
  expect(subnets.filter((subnet) => subnetProblem(subnet) !== undefined)).toEqual([]);
  expect(subnets.every((subnet) => Number(subnet.split(".")[1]) >= 64)).toBe(true);
  expect(new Set(subnets).size).toBeGreaterThan(390);
});

test.each([
  [{}, 8081],
  [{ ports: { app: 8081 } }, 8082],
  [{ ports: { app: 8082, pooler: [8081, 6433] } }, 8083],
  [{ ports: { status: 9000 } }, 9000],
])("the status page's port gives way to what %j gives to others: %i", (config, port) => {
  expect(parse(config).ports.status).toBe(port);
});

describe("sites", () => {
  test("are in the order of their names, whatever the order they are written in", () => {
    expect(Object.keys(parse({ sites: { b: {}, a: {} } }).sites)).toEqual(["a", "b"]);
  });

  test("the second one of a host publishes ten thousand higher; on a host of its own it does not", () => {
    const { sites } = parse({ sites: { a: {}, b: {} } });
    expect([sites.a?.portOffset, sites.b?.portOffset]).toEqual([0, 10_000]);
    const hosts = { h1: { address: "192.0.2.1" }, h2: { address: "192.0.2.2" } };
    const apart = parse({ hosts, sites: { a: {}, b: { host: "h2" } } });
    expect(apart.sites.b?.portOffset).toBe(0);
  });

  test("each sees the ports that it publishes; the witness is no site's", () => {
    const settings = parse({ sites: { a: {}, b: {} } });
    expect(settingsOfSite(settings, "a")).toEqual(settings);
    expect(settingsOfSite(settings, "b").ports).toMatchObject({
      app: 18_080,
      pooler: [16_432, 16_433],
      link: 17_432,
      witness: 7442,
    });
  });

  test("an empty witness is none, as Pulumi.yaml hands over what nobody set", () => {
    expect(parse({ witness: {} }).witness).toBeUndefined();
    const { witness } = parse({ sites: { a: {}, b: {} }, witness: { host: "h1" } });
    expect(witness).toEqual({ host: "h1", subnet: defaultSubnet("dev", "witness") });
  });
});
