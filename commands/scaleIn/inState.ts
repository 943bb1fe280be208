import { nameOf, type State, type StateResource } from "../engine/state.ts";
import { numberOf, staysIn } from "./gate.ts";

/** The database's members of one site that the state knows, each with what is its own. */
export interface KnownMember {
  /** E.g. `postgres-4`. */
  readonly name: string;
  /** URN of its data volume; undefined when the state has only its container. */
  readonly volume: StateResource | undefined;
}

/** The members of a site in the state, by number: they have a container there, or a data volume. Pure. */
export function membersInState(state: State, site: string): KnownMember[] {
  const own = new RegExp(`^${site}-(postgres-\\d+)(-data)?$`);
  const found = new Map<string, StateResource | undefined>();
  for (const resource of state.resources.filter(({ type }) => type.startsWith("docker:"))) {
    const [, name, data] = own.exec(nameOf(resource.urn)) ?? [];
    if (name !== undefined) {
      found.set(name, data === undefined ? found.get(name) : resource);
    }
  }
  return [...found]
    .map(([name, volume]) => ({ name, volume }))
    .sort((a, b) => numberOf(a.name) - numberOf(b.name));
}

/** Those that the settings no longer want. Pure. */
export function leavingOf(
  state: State,
  site: string,
  database: { readonly replicas: number },
): KnownMember[] {
  return membersInState(state, site).filter(({ name }) => !staysIn(database, name));
}
