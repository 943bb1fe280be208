import { addressOf } from "../../components/docker/addresses.ts";
import type { Settings } from "../../settings.ts";
import { renderPgbouncerIni } from "../../templates/pgbouncer.ini.ts";
import { POOLER_PORT } from "../drills/loadUrls.ts";
import { ROLE, type Target } from "./pgbench.ts";
import type { Path } from "./types.ts";

const POSTGRES_PORT = 5432;
/** The router's port that is the leader. */
const LEADER_PORT = 5000;

/**
 * Where each path leads, by address: Docker's name service is on no path. Pure.
 *
 * @param own addresses of the bench's own two servers
 */
export function targetsOf(
  settings: Settings,
  site: string,
  leader: number,
  replicas: number,
  own: { readonly bare: string; readonly pooler: string },
): Map<Path, Target> {
  const subnet = settings.sites[site]?.subnet ?? "";
  const database = settings.database.name;
  const shipped = { host: addressOf(subnet, "pooler", 1), port: POOLER_PORT };
  const ours = { host: own.pooler, port: POOLER_PORT };
  const spread = Array.from({ length: replicas }, (_, index): [Path, Target] => [
    `replicas-${index + 1}`,
    { ...ours, database: `replicas-${index + 1}` },
  ]);
  return new Map<Path, Target>([
    ["bare", { host: own.bare, port: POSTGRES_PORT, database }],
    ["direct", { host: addressOf(subnet, "postgres", leader), port: POSTGRES_PORT, database }],
    ["router", { host: addressOf(subnet, "router"), port: LEADER_PORT, database }],
    ["pooler", { ...shipped, database }],
    ["pooler+router", { ...ours, database: "router" }],
    ["pool-ro", { ...shipped, database: `${database}_ro` }],
    ...spread,
  ]);
}

/** A database of the bench's PgBouncer: its name, and where it leads. */
export interface Lead {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly port: number;
}

/** Through the router, and to 1, 2, … replicas. Pure. */
export function leadsOf(subnet: string, replicas: readonly number[]): Lead[] {
  const spread = replicas.map((_, index) => ({
    name: `replicas-${index + 1}`,
    hosts: replicas.slice(0, index + 1).map((n) => addressOf(subnet, "postgres", n)),
    port: POSTGRES_PORT,
  }));
  return [{ name: "router", hosts: [addressOf(subnet, "router")], port: LEADER_PORT }, ...spread];
}

/**
 * The files of the bench's PgBouncer, by name below /run/pgbouncer: the stack's pgbouncer.ini, with
 * other places to lead to, and a user list with the bench's role alone. Pure.
 */
export function poolerFiles(
  settings: Settings,
  leads: readonly Lead[],
  password: string,
): Readonly<Record<string, string>> {
  const { database, pooler, timings } = settings;
  const lines = leads.map(
    ({ name, hosts, port }) =>
      `${name} = host=${hosts.join(",")} port=${port} dbname='${database.name.replaceAll("'", "''")}'`,
  );
  return {
    "pgbouncer.ini": renderPgbouncerIni({
      database: database.name,
      poolSize: pooler.poolSize,
      maxClients: pooler.maxClients,
      queryWaitTimeoutSeconds: timings.queryWaitTimeoutSeconds,
    }),
    "databases.ini": `[databases]\n${lines.join("\n")}\n`,
    "userlist.txt": `"${ROLE}" "${password}"\n`,
  };
}
