/** The shape of the settings: one strict zod object per group, in the notation of the config. */
import { z } from "zod";
import { objectiveLimits } from "../objectives.ts";
import { alerting } from "./alerting.ts";
import { applicationFields, folder } from "./application.ts";
import { dns } from "./dns.ts";
import {
  duration,
  field,
  flag,
  image,
  matching,
  oneOf,
  size,
  text,
  wholeNumber,
} from "./fields.ts";
import { hbaProblem } from "./hba.ts";
import { recovery } from "./recovery.ts";
import { cloud, table } from "./repositories.ts";
import { parseIpv4, subnetProblem } from "./subnets.ts";
import { cronProblem, isCalendarDay } from "./units.ts";

const gigabyte = 1024;
const day = 86_400;

const identifier = matching(
  "shop",
  "expected a plain name: a lower-case letter, then letters, digits and _, at most 63 in all",
  /^[a-z][a-z0-9_]{0,62}$/,
);

/** A port that any user may listen on. */
const port = (example: number) => wholeNumber(1024, 65_535, example);

const dockerAddress = matching(
  "unix:///var/run/docker.sock",
  "expected unix:///path, ssh://user@host or tcp://host:port",
  /^(unix:\/\/\/\S+|ssh:\/\/([^\s@/]+@)?[^\s@/:]+(:\d{1,5})?|tcp:\/\/[^\s@/:]+:\d{1,5})$/,
);

const hostFolder = matching(
  "/var/lib/docker",
  "expected the absolute path of a folder on the Docker host",
  /^(\/[\w.@+-]+)+$/,
);

const bindAddress = text("127.0.0.1", "expected an IPv4 address", (given) =>
  parseIpv4(given) === undefined ? "expected an IPv4 address" : undefined,
);

const addressOrNothing = text(
  "192.0.2.10",
  "expected an IPv4 address, or an empty text",
  (given) =>
    given === "" || parseIpv4(given) !== undefined
      ? undefined
      : "expected an IPv4 address, or an empty text",
);

const subnet = text("10.80.3.0/24", subnetProblem("") ?? "", subnetProblem);

const cron = (example: string) => {
  const expected = "expected a cron line of five fields (minute hour day month weekday)";
  return text(example, expected, cronProblem);
};

/** What the engine makes of a date without quotes in a YAML file, after the day itself. */
const engineMidnight = " 00:00:00 +0000 UTC";

const dayOrNothing = field<string>("2026-11-23", (given) => {
  const day = typeof given === "string" ? given.replace(engineMidnight, "") : undefined;
  const fits = day !== undefined && (day === "" || isCalendarDay(day));
  return fits
    ? { value: day }
    : { problem: "expected a date of the calendar (YYYY-MM-DD), or an empty text" };
});

const retention = matching(
  "15d",
  "expected Prometheus' notation: a whole number and h, d, w or y, such as 15d",
  /^[1-9]\d{0,3}[hdwy]$/,
);

const runbookUrl = matching(
  "https://wiki.example.org/runbooks",
  "expected a URL or a folder of this repository, without a slash at its end",
  /^(https?:\/\/\S*[^\s/]|[\w.-]+(\/[\w.-]+)*)$/,
);

/** Loki removes in whole days of its index, so hours below a day would promise too much. */
const logRetention = matching(
  "7d",
  "expected a whole number of days or weeks, such as 7d or 4w",
  /^[1-9]\d{0,2}[dw]$/,
);

const parameterValue = z.union([z.string(), z.number(), z.boolean()], {
  error: "expected a text, a number, true or false",
});

const hostName = z.string().regex(/^[a-z][a-z0-9-]{0,19}$/, {
  error: "expected a host's name: a lower-case letter, then letters, digits and dashes, at most 20",
});

const hostReference = matching("h1", "expected a host's name", /^.+$/);

/** Short, because every name of a resource begins with it. */
const siteName = z.string().regex(/^[a-z][a-z0-9]{0,7}$/, {
  error: "expected a site's name: a lower-case letter, then letters and digits, at most 8",
});

const recoveryTimeTooShort =
  "shorter than the 30 s that Patroni needs to be sure of a lost node (ttl 20 + loop 1 + retry 3 + promotion 3 + router 2 = 29 s)";

export const schema = z.strictObject({
  hosts: z.record(
    hostName,
    z.strictObject({ docker: dockerAddress, dataRoot: hostFolder, address: addressOrNothing }),
  ),
  sites: z.record(
    siteName,
    z.strictObject({
      host: hostReference,
      subnet,
      application: oneOf(["running", "standby"], "standby"),
      portOffset: wholeNumber(0, 60_000, 10_000),
    }),
  ),
  witness: z.strictObject({ host: hostReference, subnet }).optional(),
  failover: z.strictObject({ sites: oneOf(["people", "automatic"], "people") }),
  network: z.strictObject({ bindAddress, linkSubnet: subnet }),
  ports: z.strictObject({
    // 80 is what a shop listens on; Docker's daemon may, the others stay clear of the machine's own
    // services.
    app: wholeNumber(1, 65_535, 8080),
    pooler: z.array(port(6432)).min(1).max(4),
    status: port(8081),
    prometheus: port(9090),
    alertmanager: port(9093),
    grafana: port(3000),
    loki: port(3100),
    link: port(7432),
    witness: port(7442),
  }),
  objectives: z.strictObject({
    // A shorter one is for checks.ts: what to ask for instead depends on the durability.
    recoveryPoint: duration(
      objectiveLimits.recoveryPointMinSeconds,
      objectiveLimits.maxSeconds,
      "1 min",
      null,
    ),
    recoveryTime: duration(
      objectiveLimits.recoveryTimeMinSeconds,
      objectiveLimits.maxSeconds,
      "1 min",
      recoveryTimeTooShort,
    ),
  }),
  database: z.strictObject({
    name: identifier,
    owner: identifier,
    replicas: wholeNumber(1, 10, 2),
    durability: oneOf(["available", "strict"], "available"),
    memory: size(256, 1024 * gigabyte, "512 MB"),
    volumeSize: size(512, 16_384 * gigabyte, "10 GB"),
    maxConnections: wholeNumber(50, 5000, 200),
    seedTimeout: duration(60, day, "10 min"),
    authentication: oneOf(["scram-sha-256", "md5"], "scram-sha-256"),
    trustLocal: flag(false),
    hba: z.array(text(undefined, "expected one line of pg_hba.conf", hbaProblem)),
    parameters: z.record(z.string(), parameterValue),
    readLagLimit: size(1, 16 * gigabyte, "16 MB"),
  }),
  etcd: z.strictObject({
    members: oneOf([1, 3, 5, 7], 3),
    memory: size(64, 8 * gigabyte, "128 MB"),
  }),
  pooler: z.strictObject({
    poolSize: wholeNumber(1, 1000, 20),
    maxClients: wholeNumber(10, 50_000, 1000),
    memory: size(64, 8 * gigabyte, "128 MB"),
  }),
  application: z.strictObject({
    ...applicationFields,
    instances: z.strictObject({ min: wholeNumber(1, 20, 2), max: wholeNumber(1, 20, 4) }),
    workers: wholeNumber(1, 16, 2),
    threads: wholeNumber(1, 32, 4),
    memory: size(128, 64 * gigabyte, "384 MB"),
    footer: flag(true),
    scaling: z.strictObject({
      targetRequests: wholeNumber(1, 100_000, 50),
      tolerance: wholeNumber(0, 50, 10),
      upWindow: duration(0, 3600, "0 s"),
      downWindow: duration(0, 3600, "5 min"),
      upStep: wholeNumber(1, 20, 20),
      downStep: wholeNumber(1, 20, 1),
    }),
  }),
  backup: z.strictObject({
    schedule: z.strictObject({
      physical: cron("15 2 * * *"),
      incremental: cron("5 */4 * * *"),
      logical: cron("45 2 * * *"),
      drill: cron("30 3 * * *"),
    }),
    logical: z.array(table),
    keepFull: wholeNumber(1, 100, 2),
    keepDumps: wholeNumber(1, 365, 7),
    memory: size(256, 64 * gigabyte, "384 MB"),
    drillMemory: size(256, 1024 * gigabyte, "512 MB"),
    seedMaxAge: duration(60, 30 * day, "1 h"),
    cloud,
  }),
  monitoring: z.strictObject({
    grafana: flag(true),
    retention,
    scrapeInterval: duration(1, 60, "5 s"),
    memory: size(128, 64 * gigabyte, "512 MB"),
    logRetention,
    lokiMemory: size(128, 64 * gigabyte, "256 MB"),
    collectorMemory: size(64, 8 * gigabyte, "128 MB"),
    runbookUrl,
    extensions: folder,
  }),
  alerting,
  dns,
  recovery,
  images: z.strictObject({
    base: image("debian:trixie-slim"),
    prometheus: image("prom/prometheus:v3.5.0", "debian"),
    alertmanager: image("prom/alertmanager:v0.28.1", "debian"),
    grafana: image("grafana/grafana:12.1.1"),
    loki: image("grafana/loki:3.7.8", "modules"),
    collector: image("otel/opentelemetry-collector-contrib:0.149.0", "modules"),
    refresh: dayOrNothing,
  }),
});

/** Settings whose every field is right by itself; whether they fit together is for checks.ts. */
export type Parsed = z.output<typeof schema>;
