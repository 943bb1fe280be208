import { hasSites } from "../../settings/sites.ts";
import type { Settings } from "../../settings.ts";
import { dockerOf, HostSilent } from "../docker.ts";
import { apparentOrphans, type Orphan } from "../scaleIn/orphans.ts";
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
  /** What its Docker host did not say, and why; where it lists no containers, nothing else is known. */
  readonly silent?: string;
  readonly containers: readonly ContainerState[];
  readonly members: readonly Member[];
  readonly instances: readonly Named[];
  readonly scaling?: Scaling | undefined;
  readonly alerts: readonly Alert[];
  /** Volumes of members that left. */
  readonly orphans: readonly Orphan[];
}

/**
 * Looks at one site; never throws for what does not answer, and ends within a minute.
 *
 * @param answerMs as Docker's
 */
export async function lookAtSite(
  settings: Settings,
  site: string,
  answerMs?: number,
): Promise<SiteLook> {
  const { stack, application, database } = settings;
  const docker = dockerOf(settings, site, answerMs);
  const [containers, volumes] = await Promise.all([
    containersOf(docker, stack, site).catch(wordOf),
    docker.volumesOf(stack).catch(wordOf),
  ]);
  if (typeof containers === "string") {
    return { ...UNSEEN, site, silent: containers };
  }
  const [members, report, scaling, alerts] = await Promise.all([
    clusterMembers(docker, containers),
    reportBackups(docker, containers),
    scalingOf(docker, containers),
    hasSites(settings) ? alertsInside(docker, containers, stack) : activeAlerts(settings),
  ]);
  const instances = instanceStates(containers, application.instances.min, scaling);
  const seen = { site, containers, members, instances, scaling, alerts, ...report };
  return typeof volumes === "string"
    ? { ...seen, orphans: [], silent: volumes }
    : { ...seen, orphans: apparentOrphans(volumes, site, containers, database) };
}

function wordOf(error: unknown): string {
  if (error instanceof HostSilent) {
    return error.message;
  }
  throw error;
}

const UNSEEN = {
  containers: [],
  members: [],
  instances: [],
  alerts: [],
  orphans: [],
  backups: [],
  repositories: [],
};
