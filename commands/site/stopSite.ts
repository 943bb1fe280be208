/** Stopping and starting a whole site over its Docker host: what a failover does to a site that hangs. */
import type { Docker } from "../docker.ts";
import { Fault } from "../fault.ts";
import { type SiteContainer, siteContainers } from "./siteContainers.ts";
import type { Stopped } from "./types.ts";

/**
 * Whatever can take a write or pass one on, the database first. etcd keeps the site's document and goes on;
 * the agent goes, too, so that its lease ends.
 */
const WRITERS = ["postgres", "site-agent", "pooler", "router", "edge", "app"];
/** A failover does not wait for an orderly end; what was acknowledged is in the WAL. */
const GRACE_SECONDS = 5;
const STOP_MS = 40_000;
/** Docker starts them one after the other: nearly thirty, 2 s each and more where the machine is busy. */
const START_MS = 180_000;

/** Stops a site's writers, and reads from Docker whether they are. Never throws. */
export async function stopSite(docker: Docker, stack: string, site: string): Promise<Stopped> {
  const containers = await siteContainers(docker, stack, site);
  if (containers === undefined) {
    return { stopped: false, what: `its Docker host does not answer (${docker.host})` };
  }
  const names = runningWriters(containers).map(({ name }) => name);
  if (names.length === 0) {
    // A host that never had it proves nothing: it may be the wrong address.
    return containers.some(({ component }) => component === "postgres")
      ? { stopped: true, what: "nothing that takes writes runs there" }
      : { stopped: false, what: `no container of it is on ${docker.host}` };
  }
  await docker.run(["stop", "--time", String(GRACE_SECONDS), ...names], { timeoutMs: STOP_MS });
  const after = await siteContainers(docker, stack, site);
  const left = after === undefined ? undefined : runningWriters(after).map(({ name }) => name);
  return left?.length === 0
    ? { stopped: true, what: `${names.length} containers were stopped, PostgreSQL's among them` }
    : {
        stopped: false,
        what:
          left === undefined ? "its Docker host fell silent" : `not stopped: ${left.join(", ")}`,
      };
}

/** PostgreSQL first, so that whatever is interrupted has ended the writes. Pure. */
export function runningWriters(containers: readonly SiteContainer[]): SiteContainer[] {
  return containers
    .filter(({ component, runs }) => runs && WRITERS.includes(component))
    .toSorted((a, b) => WRITERS.indexOf(a.component) - WRITERS.indexOf(b.component));
}

/** Starts what does not run of a site. The agent before the members: it says what they become. @throws Fault */
export async function startSite(docker: Docker, stack: string, site: string): Promise<void> {
  const containers = await siteContainers(docker, stack, site);
  if (containers === undefined || containers.length === 0) {
    throw new Fault(
      `site ${site} cannot be started: ${containers === undefined ? "its Docker host does not answer" : "it has no containers there"} (${docker.host})`,
      `./holdfast up --stack ${stack} makes what is missing`,
    );
  }
  const order = ["etcd", "witness", "link", "site-agent"];
  const rank = ({ component }: SiteContainer) =>
    order.includes(component) ? order.indexOf(component) : order.length;
  const names = containers
    .filter(({ runs }) => !runs)
    .toSorted((a, b) => rank(a) - rank(b))
    .map(({ name }) => name);
  if (names.length > 0) {
    await docker.must(`starting site ${site}`, ["start", ...names], { timeoutMs: START_MS });
  }
}
