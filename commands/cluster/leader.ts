import type { Settings } from "../../settings.ts";
import { Docker } from "../docker.ts";
import { Fault } from "../fault.ts";
import { activeName } from "../site/activeName.ts";
import { type ContainerState, containersOf } from "./containers.ts";
import { clusterMembers, type Member } from "./members.ts";

/** The site that takes writes, as it is now. */
export interface ActiveSite {
  /** Its key in `settings.sites`. */
  readonly name: string;
  readonly docker: Docker;
  readonly containers: readonly ContainerState[];
}

export async function activeSite(settings: Settings): Promise<ActiveSite> {
  const name = await activeName(settings);
  const docker = new Docker(settings.hosts[settings.sites[name]?.host ?? ""]?.docker ?? "");
  return { name, docker, containers: await containersOf(docker, settings.stack, name) };
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
