import type { Settings } from "../../settings.ts";
import { containersOf } from "../cluster/containers.ts";
import { Docker } from "../docker.ts";
import { Fault } from "../fault.ts";
import { within } from "./syncs.ts";

/** What the names need to know of a site's agent. */
export interface RoleReport {
  readonly site: string;
  readonly role: string;
  readonly epoch: number;
}

const ANSWER_MS = 10_000;

/**
 * The site that takes writes, by its agents' own word; a sole site needs none.
 *
 * @throws Fault when none says so, or two do
 */
export async function activeByAgents(settings: Settings): Promise<string> {
  const sites = Object.keys(settings.sites);
  const [only] = sites;
  if (sites.length === 1 && only !== undefined) return only;
  const reports = await Promise.all(sites.map((site) => reportOf(settings, site)));
  return activeOf(
    reports.filter((report) => report !== undefined),
    settings.stack,
  );
}

/** Which of the reports is the active site's. Pure. @throws Fault */
export function activeOf(reports: readonly RoleReport[], stack: string): string {
  const active = reports.filter(({ role }) => role === "active");
  const [first, second] = active;
  if (first !== undefined && second === undefined) return first.site;
  const seen = reports.map(({ site, role }) => `site ${site} is ${role}`).join(", ");
  throw new Fault(
    first === undefined
      ? `no site says that it takes writes (${seen || "none answers"}): the names stay where they are`
      : `two sites say that they take writes (${seen}): the names stay where they are`,
    `./holdfast site status --stack ${stack}`,
  );
}

async function reportOf(settings: Settings, site: string): Promise<RoleReport | undefined> {
  const host = settings.sites[site]?.host ?? "";
  const docker = new Docker(settings.hosts[host]?.docker ?? "");
  try {
    const containers = await within(ANSWER_MS, containersOf(docker, settings.stack, site));
    const agent = containers?.find(
      ({ component, running }) => component === "site-agent" && running,
    );
    if (agent === undefined) return undefined;
    const args = ["exec", agent.name, "holdfast-site", "status", "--json"];
    const { code, stdout } = await docker.run(args, { timeoutMs: ANSWER_MS });
    return code === 0 ? (JSON.parse(stdout) as RoleReport) : undefined;
  } catch {
    // A site that does not answer has no word in this.
    return undefined;
  }
}
