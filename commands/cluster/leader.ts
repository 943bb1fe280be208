import { foundingSite, hasSites, siteNames } from "../../settings/sites.ts";
import type { Settings } from "../../settings.ts";
import { beginningWith } from "../dns/syncs.ts";
import { type Docker, dockerOf, HostSilent } from "../docker.ts";
import { Fault } from "../fault.ts";
import { activeName, agentsWords } from "../site/activeName.ts";
import { orWhatHelps, whereToLook } from "../site/silentHost.ts";
import { activeIn } from "../site/view.ts";
import { note } from "../ui.ts";
import { type ContainerState, containersOf } from "./containers.ts";
import { clusterMembers, type Member } from "./members.ts";

/** The site that takes writes, as it is now. */
export interface ActiveSite {
  /** Its key in `settings.sites`. */
  readonly name: string;
  readonly docker: Docker;
  readonly containers: readonly ContainerState[];
}

/** @throws HostSilent */
export async function activeSite(settings: Settings): Promise<ActiveSite> {
  return siteAt(settings, await activeName(settings));
}

/**
 * A site to read from: the active one, and where nobody says which that is, or its Docker host is gone, one
 * whose host answers. What does not answer is said on standard error.
 *
 * @param answerMs as Docker's
 * @throws HostSilent when no host answers
 */
export async function readableSite(settings: Settings, answerMs?: number): Promise<ActiveSite> {
  const view = await agentsWords(settings, answerMs);
  const active = activeIn(view);
  let found: ActiveSite | undefined;
  for (const site of beginningWith(active ?? foundingSite(settings), siteNames(settings))) {
    const seen = view.get(site);
    if (seen !== undefined && !seen.answers && !seen.docker) {
      note(`holdfast: site ${site}: ${seen.why}`);
    } else {
      found ??= await siteAt(settings, site, answerMs);
    }
  }
  const see = whereToLook(settings);
  if (found === undefined) {
    throw new HostSilent(`no Docker host of stack ${settings.stack} answers`, see);
  }
  if (active === undefined && hasSites(settings)) {
    note(`holdfast: no site says that it takes writes; this is what site ${found.name} has`);
    note(`  ${see}`);
  }
  return found;
}

/**
 * One site of the stack.
 *
 * @param answerMs as Docker's
 * @throws HostSilent
 */
export async function siteAt(
  settings: Settings,
  name: string,
  answerMs?: number,
): Promise<ActiveSite> {
  const docker = dockerOf(settings, name, answerMs);
  const listed = containersOf(docker, settings.stack, name);
  return { name, docker, containers: await orWhatHelps(settings, listed) };
}

/** Members with their containers' names; for commands that work inside one. @throws Fault when none runs */
export async function runningMembers(
  { docker, containers }: ActiveSite,
  stack: string,
): Promise<(Member & { container: string })[]> {
  const members = await clusterMembers(docker, containers);
  const running = members.flatMap((member) => {
    const node = containers.find(({ alias, running }) => alias === member.name && running);
    return node ? [{ ...member, container: node.name }] : [];
  });
  if (running.length === 0) {
    throw new Fault(`no database member of stack ${stack} runs`, `./holdfast up --stack ${stack}`);
  }
  return running;
}
