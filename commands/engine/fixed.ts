import type { Settings } from "../../settings.ts";
import { Fault } from "../fault.ts";
import { nameOf, type State } from "./state.ts";

/**
 * Refuses settings that a stack with data cannot take, before anything is touched: Pulumi itself would
 * find out halfway, with containers already gone.
 *
 * @throws Fault that names the config key and the line that mends it
 */
export function refuseWhatIsFixed(state: State, settings: Settings): void {
  const faults = whatIsFixed(state, settings);
  if (faults.length > 0) {
    throw new Fault(`stack ${settings.stack} cannot change so`, ...faults.flat());
  }
}

/** The faults, each as lines. Pure. */
export function whatIsFixed(state: State, settings: Settings): string[][] {
  const faults: string[][] = [];
  const mend = (key: string, value: string | number): string =>
    `    pulumi config set --path ${key} ${value} --stack ${settings.stack}`;
  for (const site of Object.keys(settings.sites)) {
    const etcd = membersIn(state, site, "etcd");
    if (etcd > 0 && etcd !== settings.etcd.members) {
      faults.push([
        `etcd.members = ${settings.etcd.members}: the cluster was made with ${etcd}, and that stays`,
        mend("etcd.members", etcd),
      ]);
    }
    const database = databaseIn(state, site);
    if (database !== undefined && database !== settings.database.name) {
      faults.push([
        `database.name = ${settings.database.name}: the data is in ${database}; another name would be an empty database`,
        mend("database.name", database),
      ]);
    }
  }
  return faults;
}

/** How many members' data volumes the state has; they stay over `down`. */
function membersIn(state: State, site: string, tier: string): number {
  const volume = new RegExp(`^${site}-${tier}-\\d+-data$`);
  return state.resources.filter(({ urn }) => volume.test(nameOf(urn))).length;
}

/** The database that the first pooler serves, by its facts; undefined before the first `up`. */
function databaseIn(state: State, site: string): string | undefined {
  const facts = state.resources.find(({ urn }) => nameOf(urn) === `${site}-pooler-1-facts.json`);
  const text = facts?.inputs?.stdin;
  if (typeof text !== "string") {
    return undefined;
  }
  const { database } = JSON.parse(text) as { database?: string };
  return database;
}
