import { containersOf } from "../cluster/containers.ts";
import { clusterMembers } from "../cluster/members.ts";
import type { Ready } from "../setup/setUp.ts";
import { readFigures } from "./figures.ts";
import type { Facts } from "./types.ts";

/** Who leads now, and what drills measured. A site that does not answer has a leader nobody knows. */
export async function readFacts(ready: Ready): Promise<Facts> {
  const { name, settings } = ready.stack;
  const leaders: Record<string, number> = {};
  for (const [site, { host }] of Object.entries(settings.sites)) {
    const docker = ready.hosts[host];
    if (docker !== undefined) {
      const members = await containersOf(docker, name, site)
        .then((containers) => clusterMembers(docker, containers))
        .catch(() => []);
      const leader = members.find(({ role }) => /leader$/.test(role))?.name;
      const number = Number(leader?.split("-").at(-1));
      if (leader !== undefined && Number.isInteger(number)) {
        leaders[site] = number;
      }
    }
  }
  return { leaders, figures: readFigures(name) };
}
