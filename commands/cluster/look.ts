import { hasSites } from "../../settings/sites.ts";
import type { Settings } from "../../settings.ts";
import { Docker, HostSilent } from "../docker.ts";
import { type Alert, activeAlerts, alertsInside } from "./alerts.ts";
import { type BackupReport, reportBackups } from "./backups.ts";
import { type ContainerState, containersOf } from "./containers.ts";
import { clusterMembers, type Member } from "./members.ts";
import { instanceStates, type Scaling, scalingOf } from "./scaling.ts";

/** Something by its name on the site's network. */
export interface Named {
  readonly name: string;
  readonly state: string;
}

/** One site as it was found. */
export interface SiteLook extends BackupReport {
  readonly site: string;
  /** Why its Docker host did not answer: nothing else is known then. */
  readonly silent?: string;
  readonly containers: readonly ContainerState[];
  readonly members: readonly Member[];
  readonly instances: readonly Named[];
  readonly scaling?: Scaling | undefined;
  readonly alerts: readonly Alert[];
}

/** The client of a site's Docker host. */
export function dockerOf({ hosts, sites }: Settings, site: string): Docker {
  return new Docker(hosts[sites[site]?.host ?? ""]?.docker ?? "");
}

/** Looks at one site; never throws for what does not answer, and ends within a minute. */
export async function lookAtSite(settings: Settings, site: string): Promise<SiteLook> {
  const { stack, application } = settings;
  const docker = dockerOf(settings, site);
  let containers: readonly ContainerState[];
  try {
    containers = await containersOf(docker, stack, site);
  } catch (error) {
    if (error instanceof HostSilent) {
      return { ...UNSEEN, site, silent: error.message };
    }
    throw error;
  }
  const [members, report, scaling, alerts] = await Promise.all([
    clusterMembers(docker, containers),
    reportBackups(docker, containers),
    scalingOf(docker, containers),
    hasSites(settings) ? alertsInside(docker, containers, stack) : activeAlerts(settings),
  ]);
  const instances = instanceStates(containers, application.instances.min, scaling);
  return { site, containers, members, instances, scaling, alerts, ...report };
}

const UNSEEN = {
  containers: [],
  members: [],
  instances: [],
  alerts: [],
  backups: [],
  repositories: [],
};
