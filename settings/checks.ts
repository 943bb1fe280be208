/** Rules between settings: each field is right by itself here, but do they fit together? Pure. */
import { archiveTimeoutFloorSeconds, objectiveLimits } from "../objectives.ts";
import { alertingFaults, alertKeys } from "./alerting.ts";
import { applicationFaults } from "./application.ts";
import { type Given, overloads } from "./capacity.ts";
import { cloudFaults } from "./cloud.ts";
import { dnsKeys } from "./dns.ts";
import { dnsFaults } from "./dnsChecks.ts";
import type { Fault } from "./faults.ts";
import { ownRoles } from "./hba.ts";
import { parameterProblem } from "./parameters.ts";
import { cloudKeys } from "./repositories.ts";
import type { Parsed } from "./schema.ts";
import { siteFaults, spansHosts } from "./siteChecks.ts";
import type { Path } from "./tree.ts";
import { formatDuration } from "./units.ts";

/**
 * Every contradiction in the settings.
 *
 * @param keys secrets that the stack has beside its settings
 * @param isFile whether a path below a build context is a file
 */
export function contradictions(
  settings: Parsed,
  given: Given,
  keys: readonly string[] = [],
  isFile: (context: string, name: string) => boolean = () => true,
): Fault[] {
  return [
    ...siteFaults(settings),
    ...names(settings),
    ...ports(settings, given),
    ...objectives(settings),
    ...overloads(settings, given),
    ...parameters(settings),
    ...cloudFaults(
      settings,
      keys.filter((key) => cloudKeys.includes(key)),
    ),
    ...alertingFaults(
      settings,
      keys.filter((key) => alertKeys.includes(key)),
    ),
    ...applicationFaults(settings.application, isFile),
    ...dnsFaults(
      settings,
      given,
      keys.filter((key) => dnsKeys.includes(key)),
    ),
  ];
}

const takenDatabases = [
  "postgres",
  "pgbouncer",
  "replication",
  "all",
  "sameuser",
  "samerole",
  "samegroup",
];
const takenRoles = [...ownRoles, "holdfast", "patroni", "public", "none", "all", "user"];

function names({ database }: Parsed): Fault[] {
  const taken = (key: "name" | "owner", isTaken: boolean, what: string): Fault[] => {
    const path = ["database", key];
    const mend = { set: { path, value: "shop" } };
    return isTaken ? [{ path, problem: `${what}; choose another name`, mend }] : [];
  };
  const { name, owner } = database;
  const isSystem = takenDatabases.includes(name) || /^(pg_|template[01]$)/.test(name);
  const isOwn = takenRoles.includes(owner) || owner.startsWith("pg_");
  return [
    ...taken("name", isSystem, "a name that PostgreSQL, PgBouncer or pg_hba.conf keeps for itself"),
    ...taken("owner", isOwn, "a role that PostgreSQL or Holdfast keeps for itself"),
  ];
}

function ports(settings: Parsed, given: Given): Fault[] {
  const { ports, dns } = settings;
  const all: { path: Path; port: number }[] = [
    { path: ["ports", "app"], port: ports.app },
    ...ports.pooler.map((port, index) => ({ path: ["ports", "pooler", index], port })),
    { path: ["ports", "status"], port: ports.status },
    { path: ["ports", "prometheus"], port: ports.prometheus },
    { path: ["ports", "alertmanager"], port: ports.alertmanager },
    { path: ["ports", "grafana"], port: ports.grafana },
    { path: ["ports", "loki"], port: ports.loki },
    ...(dns.zone !== "" && dns.provider === "builtin"
      ? [{ path: ["dns", "port"], port: dns.port }]
      : []),
    ...(spansHosts(settings) ? linkPorts(settings) : []),
  ];
  // Ports nobody set come first, so that the one somebody set is named as the intruder.
  const ordered = [
    ...all.filter(({ path }) => !given(path)),
    ...all.filter(({ path }) => given(path)),
  ];
  const owners = new Map<number, Path>();
  const used = new Set(all.map(({ port }) => port));
  return ordered.flatMap(({ path, port }): Fault[] => {
    const owner = owners.get(port);
    if (owner === undefined) {
      owners.set(port, path);
      return [];
    }
    const free = freePort(port, used);
    used.add(free);
    const other = owner
      .map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`))
      .join("");
    return [
      {
        path,
        problem: `also the port of ${other.slice(1)}; every published port needs its own`,
        mend: { set: { path, value: free } },
        involves: [owner],
      },
    ];
  });
}

/** Published only where sites are on different hosts. */
function linkPorts({ ports, witness }: Parsed): { path: Path; port: number }[] {
  const link = ["ports", "link"];
  return [
    { path: link, port: ports.link },
    { path: link, port: ports.link + 1 },
    ...(witness ? [{ path: ["ports", "witness"], port: ports.witness }] : []),
  ];
}

/** The next higher port that no setting names; after the last one, the lowest. */
function freePort(after: number, used: ReadonlySet<number>): number {
  let port = Math.max(after, 1023);
  do port = port < 65_535 ? port + 1 : 1024;
  while (used.has(port));
  return port;
}

/** With one site, what its loss costs is what the archive did not have yet. */
function objectives({ objectives, database }: Parsed): Fault[] {
  const least = objectiveLimits.recoveryPointMinSeconds;
  if (objectives.recoveryPoint >= least) return [];
  const path = ["objectives", "recoveryPoint"];
  const durability = ["database", "durability"];
  const strict = database.durability === "strict";
  const advice = strict
    ? "database.durability = strict keeps every write when a node is lost, less than this for a site takes a second one"
    : "to lose nothing when a node is lost, ask for database.durability = strict instead";
  const archive = `${formatDuration(least)} is what the archive of one site holds (archive_timeout ${archiveTimeoutFloorSeconds} s, twice)`;
  const set = { path, value: formatDuration(least) };
  const mend = strict ? { set } : { set, also: { path: durability, value: "strict" } };
  return [{ path, problem: `${archive}; ${advice}`, mend, involves: [durability] }];
}

function parameters({ database }: Parsed): Fault[] {
  return Object.entries(database.parameters).flatMap(([name, value]): Fault[] => {
    const found = parameterProblem(name, value, database.volumeSize);
    if (!found) return [];
    const path = ["database", "parameters", name];
    const set = found.instead ? { set: found.instead } : {};
    return [{ path, problem: found.reason, mend: { remove: path, ...set } }];
  });
}
