import { type ContainerState, containersOf } from "../cluster/containers.ts";
import { clusterMembers, type Member } from "../cluster/members.ts";
import type { Docker } from "../docker.ts";
import type { State } from "../engine/state.ts";
import type { Ready } from "../setup/setUp.ts";
import { orWhatHelps } from "../site/silentHost.ts";
import { staysIn } from "./gate.ts";
import { type KnownMember, leavingOf, membersInState } from "./inState.ts";
import { type Orphan, orphansOf } from "./orphans.ts";

/** What a change of `database.replicas` means at one site. */
export interface SiteChange {
  readonly site: string;
  readonly docker: Docker;
  /** This Docker has nothing of the stack: it is another machine's, or all was lost. */
  readonly elsewhere: boolean;
  /** As they live: Patroni's view joined with Docker's. */
  readonly members: readonly Member[];
  /** In the state, and no longer wanted. */
  readonly leaving: readonly KnownMember[];
  /** Wanted, and told in an earlier run that they leave. */
  readonly returning: readonly string[];
  /** Volumes that members left. */
  readonly orphans: readonly Orphan[];
  /** Running containers of members, by member. */
  readonly running: ReadonlyMap<string, ContainerState>;
}

/** Looks at every site. @throws HostSilent: who did not say what it has is not taken for one that has nothing */
export async function lookAtSites(ready: Ready, state: State): Promise<SiteChange[]> {
  const { settings, name } = ready.stack;
  const looks = Object.entries(settings.sites).map(async ([site, { host }]) => {
    const docker = ready.hosts[host];
    if (docker === undefined || membersInState(state, site).length === 0) {
      return [];
    }
    const containers = await orWhatHelps(settings, containersOf(docker, name, site));
    const volumes = await orWhatHelps(settings, docker.volumesOf(name));
    const members = await clusterMembers(docker, containers);
    const running = containers.filter((one) => one.component === "postgres" && one.running);
    return [
      {
        site,
        docker,
        elsewhere: containers.length === 0 && volumes.length === 0,
        members,
        leaving: leavingOf(state, site, settings.database),
        returning: members
          .filter(({ name, leaves }) => leaves === true && staysIn(settings.database, name))
          .map(({ name }) => name),
        orphans: orphansOf(volumes, state).filter((orphan) => orphan.site === site),
        running: new Map(running.map((container) => [container.alias, container])),
      },
    ];
  });
  return (await Promise.all(looks)).flat();
}

/** A running member that stays, the leader first: orders are given there. */
export function speaker(change: SiteChange): ContainerState | undefined {
  const leaving = new Set(change.leaving.map(({ name }) => name));
  const leader = change.members.find(({ role }) => /leader$/.test(role))?.name;
  const staying = [...change.running.values()].filter(({ alias }) => !leaving.has(alias));
  return staying.find(({ alias }) => alias === leader) ?? staying[0];
}
