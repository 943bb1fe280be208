import type { Settings } from "../../settings.ts";
import { containersOf } from "../cluster/containers.ts";
import { Docker } from "../docker.ts";
import { Fault } from "../fault.ts";

/** Docker's address for each site: the host's of the settings, or another that a person gave. */
export type DockerAddresses = Readonly<Record<string, string>>;

/** A stack, and where its containers are. */
export interface SyncPlace {
  readonly settings: Settings;
  readonly addresses: DockerAddresses;
}

/** A container that can change and ask the public names. */
export interface Sync {
  readonly site: string;
  readonly docker: Docker;
  readonly container: string;
}

/** What the containers of the public names say of an order. */
export interface Told {
  readonly sync: Sync;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** octoDNS 5 s, the asking afterwards 10 s, starting Python on a busy machine some more. */
const ANSWER_MS = 45_000;

/**
 * Runs `holdfast-dns …` in the first site's container that answers; needs Docker and labels, no state.
 *
 * @param first the site to begin with: after a loss the one that is left
 * @throws Fault when no site has such a container that runs
 */
export async function inSync(
  place: SyncPlace,
  first: string,
  words: readonly string[],
): Promise<Told> {
  const { settings } = place;
  const reasons: string[] = [];
  for (const site of beginningWith(first, Object.keys(settings.sites))) {
    const sync = await syncOf(place, site);
    if (typeof sync === "string") {
      reasons.push(`site ${site}: ${sync}`);
      continue;
    }
    const args = ["exec", sync.container, "holdfast-dns", ...words];
    const answer = await sync.docker.run(args, { timeoutMs: ANSWER_MS });
    // Python's own exit codes are 0, 1 and 2; more is Docker's: not there, not running, ended for its time.
    if (answer.code <= 2) return { sync, ...answer };
    reasons.push(
      `site ${site}: ${answer.stderr.trim() || `no answer within ${ANSWER_MS / 1000} s`}`,
    );
  }
  throw new Fault(
    `nothing of stack ${settings.stack} can reach the public names: ${reasons.join("; ")}`,
    `start it: ./holdfast up --stack ${settings.stack}`,
    "or change the records by hand where the zone is kept; docs/dns.md has them",
  );
}

/** The container, or why there is none. */
async function syncOf({ settings, addresses }: SyncPlace, site: string): Promise<Sync | string> {
  const docker = new Docker(addresses[site] ?? "");
  try {
    const containers = await containersOf(docker, settings.stack, site);
    const found = containers.find(({ component }) => component === "dns-sync");
    if (found === undefined) return "no container dns-sync";
    return found.running
      ? { site, docker, container: found.name }
      : `${found.name} is ${found.state}`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The names with one of them first. Pure. */
export function beginningWith(first: string, names: readonly string[]): string[] {
  return [...names.filter((name) => name === first), ...names.filter((name) => name !== first)];
}
