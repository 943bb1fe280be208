import type { Settings } from "../../settings.ts";
import { Docker } from "../docker.ts";
import { type LastDrills, readLast } from "../drills/last.ts";
import { apparentOrphans, type Orphan } from "../scaleIn/orphans.ts";
import { type Alert, activeAlerts } from "./alerts.ts";
import { type Backup, type RepositoryState, reportBackups } from "./backups.ts";
import { type ContainerState, containersOf } from "./containers.ts";
import { clusterMembers, type Member } from "./members.ts";
import { instanceStates, type Scaling, scalingOf } from "./scaling.ts";

export interface Named {
  readonly name: string;
  readonly state: string;
}

/** What `status --json` prints; others script against the first five. */
export interface StackStatus {
  readonly members: readonly Member[];
  readonly instances: readonly Named[];
  readonly backups: readonly Backup[];
  readonly alerts: readonly Alert[];
  readonly endpoints: Readonly<Record<string, string>>;
  /** Everything else that runs: poolers, router, edge, etcd, monitoring. */
  readonly services: readonly Named[];
  /** What each backup repository is worth now; empty when nobody can say. */
  readonly repositories?: readonly RepositoryState[];
  /** What the autoscaler says; null when it does not answer. */
  readonly scaling?: Scaling | null;
  /** Volumes of database members that left. */
  readonly orphans?: readonly Orphan[];
  /** The last drills that this launcher ran; null when none. */
  readonly drills?: LastDrills | null;
}

const MEMBER = "postgres";
const INSTANCE = "app";

/** Looks at every site of the stack; what does not answer is shown as it is. */
export async function inspectStack(settings: Settings): Promise<StackStatus> {
  const sites = Object.entries(settings.sites);
  const looks = sites.map(async ([site, { host }]) => {
    const docker = new Docker(settings.hosts[host]?.docker ?? "");
    const containers = await containersOf(docker, settings.stack, site);
    const [members, report, scaling, volumes] = await Promise.all([
      clusterMembers(docker, containers),
      reportBackups(docker, containers),
      scalingOf(docker, containers),
      docker.volumesOf(settings.stack),
    ]);
    const orphans = apparentOrphans(volumes, site, containers, settings.database);
    const instances = instanceStates(containers, settings.application.instances.min, scaling);
    return { containers, members, instances, scaling, orphans, ...report };
  });
  const [found, alerts] = await Promise.all([Promise.all(looks), activeAlerts(settings)]);
  const containers = found.flatMap((site) => site.containers);
  const named = (keep: (container: ContainerState) => boolean): Named[] =>
    containers.filter(keep).map(({ alias, state }) => ({ name: alias, state }));
  return {
    members: found.flatMap((site) => site.members),
    instances: found.flatMap((site) => site.instances),
    backups: found.flatMap((site) => site.backups),
    alerts,
    endpoints: endpointsOf(settings, containers.length > 0),
    services: named(({ component }) => component !== INSTANCE && component !== MEMBER),
    repositories: found.flatMap((site) => site.repositories),
    scaling: found[0]?.scaling ?? null,
    orphans: found.flatMap((site) => site.orphans),
    drills: readLast(settings.stack),
  };
}

/** Where the stack is reached; without secrets, and without asking the engine. Pure. */
export function endpointsOf(settings: Settings, running: boolean): Record<string, string> {
  if (!running) {
    return {};
  }
  const { ports, network, database, monitoring } = settings;
  const address = network.bindAddress === "0.0.0.0" ? "127.0.0.1" : network.bindAddress;
  const http = (port: number) => `http://${address}:${port}`;
  return {
    app: http(ports.app),
    ...Object.fromEntries(
      ports.pooler.map((port, index) => [
        `pooler-${index + 1}`,
        `${address}:${port} (databases ${database.name}, ${database.name}_ro)`,
      ]),
    ),
    status: http(ports.status),
    prometheus: http(ports.prometheus),
    alertmanager: http(ports.alertmanager),
    ...(monitoring.grafana ? { grafana: http(ports.grafana) } : {}),
  };
}

/** Everything runs, one leader, every replica streams, and no alert calls for anybody. Pure. */
export function isHealthy({ members, instances, services, alerts }: StackStatus): boolean {
  const leaders = members.filter(({ role }) => role === "leader" || role === "standby_leader");
  const well = (state: string) => ["healthy", "running", "streaming", "scaled in"].includes(state);
  return (
    leaders.length > 0 &&
    [...members, ...instances, ...services].every(({ state }) => well(state)) &&
    alerts.every(({ severity }) => severity === "info")
  );
}
