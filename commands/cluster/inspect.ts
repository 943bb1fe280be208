import { reachableAddress } from "../../components/docker/addresses.ts";
import { hasSites, settingsOfSite, siteNames } from "../../settings/sites.ts";
import type { Settings } from "../../settings.ts";
import { type LastDrills, readLast } from "../drills/last.ts";
import type { Orphan } from "../scaleIn/orphans.ts";
import { agentsWords } from "../site/activeName.ts";
import { reportOf, type SiteReport } from "../site/statusText.ts";
import { topologyOf } from "../site/topology.ts";
import type { View } from "../site/view.ts";
import type { Alert } from "./alerts.ts";
import type { Backup, RepositoryState } from "./backups.ts";
import { lookAtSite, type Named, type SiteLook } from "./look.ts";
import type { Member } from "./members.ts";
import type { Scaling } from "./scaling.ts";

/** Something that is at a site. */
export interface AtSite {
  /** Which one; absent where the stack has one. */
  readonly site?: string;
}

/** What `status --json` prints; others script against the first five. */
export interface StackStatus {
  readonly members: readonly (Member & AtSite)[];
  readonly instances: readonly (Named & AtSite)[];
  readonly backups: readonly (Backup & AtSite)[];
  readonly alerts: readonly (Alert & AtSite)[];
  /** By name; with several sites `<site>.<name>`. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** Everything else that runs: poolers, router, edge, etcd, monitoring. */
  readonly services: readonly (Named & AtSite)[];
  /** What each backup repository is worth now; empty when nobody can say. */
  readonly repositories?: readonly (RepositoryState & AtSite)[];
  /** What the autoscaler says, with several sites the active one's; null when it does not answer. */
  readonly scaling?: Scaling | null;
  /** Volumes of database members that left. */
  readonly orphans?: readonly Orphan[];
  /** The last drills that this launcher ran; null when none. */
  readonly drills?: LastDrills | null;
  /** Which site takes writes and how the other one follows; absent where the stack has one. */
  readonly sites?: SiteReport;
  /** What Docker hosts did not say, a line each; absent when all answered. */
  readonly silent?: readonly string[];
}

const MEMBER = "postgres";
const INSTANCE = "app";

/**
 * Looks at every site of the stack at once; what does not answer is shown as that.
 *
 * @param answerMs as Docker's
 */
export async function inspectStack(settings: Settings, answerMs?: number): Promise<StackStatus> {
  const [looks, view] = await Promise.all([
    Promise.all(siteNames(settings).map((site) => lookAtSite(settings, site, answerMs))),
    agentsWords(settings, answerMs),
  ]);
  return { ...joinLooks(settings, looks, view), drills: readLast(settings.stack) };
}

/** All sites as one: each thing says its site, where there are several. Pure. */
export function joinLooks(settings: Settings, looks: readonly SiteLook[], view: View): StackStatus {
  const sites = hasSites(settings) ? reportOf(view, topologyOf(settings)) : undefined;
  const all = <T extends object>(of: (look: SiteLook) => readonly T[]): (T & AtSite)[] =>
    looks.flatMap((look) => of(look).map((one) => (sites ? { site: look.site, ...one } : one)));
  const whose = sites ? looks.find(({ site }) => site === sites.active) : looks[0];
  const silent = looks.flatMap((look) => look.silent ?? []);
  return {
    members: all(({ members }) => members),
    instances: all(({ instances }) => instances),
    backups: all(({ backups }) => backups),
    alerts: all(({ alerts }) => alerts),
    endpoints: Object.assign({}, ...looks.map((look) => endpointsAt(settings, look))),
    services: all(servicesOf),
    repositories: all(({ repositories }) => repositories),
    scaling: whose?.scaling ?? null,
    orphans: looks.flatMap(({ orphans }) => orphans),
    ...(sites ? { sites } : {}),
    ...(silent.length > 0 ? { silent } : {}),
  };
}

function servicesOf({ containers }: SiteLook): Named[] {
  return containers
    .filter(({ component }) => component !== INSTANCE && component !== MEMBER)
    .map(({ alias, state }) => ({ name: alias, state }));
}

function endpointsAt(settings: Settings, { site, containers }: SiteLook): Record<string, string> {
  const own = endpointsOf(settingsOfSite(settings, site), containers.length > 0);
  const named = Object.entries(own).map(([name, where]) => [`${site}.${name}`, where]);
  return hasSites(settings) ? Object.fromEntries(named) : own;
}

/** Where the stack is reached; without secrets, and without asking the engine. Pure. */
export function endpointsOf(settings: Settings, running: boolean): Record<string, string> {
  if (!running) {
    return {};
  }
  const { ports, network, database, monitoring } = settings;
  const address = reachableAddress(network.bindAddress);
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

/**
 * Everything runs, one leader, every replica streams, and no alert calls for anybody. Of several sites that
 * is asked of the one that takes writes; the other one has to stream from it. Pure.
 */
export function isHealthy({ members, instances, services, alerts, sites }: StackStatus): boolean {
  const judged = ({ site }: AtSite) => sites === undefined || site === sites.active;
  const own = members.filter(judged);
  const leaders = own.filter(({ role }) => role === "leader" || role === "standby_leader");
  const well = (state: string) => ["healthy", "running", "streaming", "scaled in"].includes(state);
  return (
    sites?.healthy !== false &&
    leaders.length > 0 &&
    [...own, ...[...instances, ...services].filter(judged)].every(({ state }) => well(state)) &&
    alerts.filter(judged).every(({ severity }) => severity === "info")
  );
}
