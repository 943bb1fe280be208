import { foundingSite, hasSites } from "../../settings/sites.ts";
import type { Settings } from "../../settings.ts";
import type { Docker } from "../docker.ts";

/** What the containers without a setting of their own come to, each. */
const SMALL_MIB = 128;

/** The limits of all of a stack's containers on one host together, in MiB, to some 10 %. Pure. */
export function memoryLimits(settings: Settings, host: string): number {
  const { sites, witness, etcd, backup, dns } = settings;
  const here = Object.keys(sites).filter((site) => sites[site]?.host === host);
  const hasCloud = backup.cloud.provider === "builtin" && here.includes(foundingSite(settings));
  const hasNames = dns?.provider === "builtin" && dns.host === host;
  return (
    siteLimits(settings) * here.length +
    (witness?.host === host ? etcd.memoryMiB : 0) +
    // The S3 server, 192 MiB; the name server.
    SMALL_MIB * ((hasCloud ? 2 : 0) + (hasNames ? 1 : 0))
  );
}

function siteLimits(settings: Settings): number {
  const { database, etcd, pooler, application, backup, monitoring, ports, dns } = settings;
  const poolers = ports.pooler.length;
  // router, edge, Alertmanager, PostgreSQL's exporter, status page; guard with its proxy, autoscaler with its
  // proxy, the collector's proxy with the host's exporter (64 MiB each); one exporter per pooler
  const small = 8 + poolers + (monitoring.grafana ? 2 : 0);
  // What points and watches the public names; the link and the site's agent.
  const more = (dns === undefined ? 0 : 1) + (hasSites(settings) ? 2 : 0);
  return (
    database.memoryMiB * (1 + database.replicas) +
    etcd.memoryMiB * etcd.members +
    pooler.memoryMiB * poolers +
    application.memoryMiB * application.instances.max +
    backup.memoryMiB +
    backup.drillMemoryMiB +
    monitoring.memoryMiB +
    monitoring.lokiMemoryMiB +
    monitoring.collectorMemoryMiB +
    SMALL_MIB * (small + more)
  );
}

/** A warning when the limits exceed a host's memory, else undefined. */
export async function memoryWarning(
  docker: Pick<Docker, "run">,
  settings: Settings,
  host: string,
): Promise<string | undefined> {
  const { stdout } = await docker.run(["info", "--format", "{{.MemTotal}}"]);
  const machineMiB = Math.floor(Number(stdout.trim()) / 2 ** 20);
  const wantedMiB = memoryLimits(settings, host);
  const several = Object.keys(settings.hosts).length > 1;
  const machine = several ? `host ${host}` : "this machine";
  return machineMiB > 0 && wantedMiB > machineMiB
    ? `warning: the containers may use ${wantedMiB} MiB together, ${machine} has ${machineMiB} MiB; ` +
        "lower one: pulumi config set --path database.memory 256MB"
    : undefined;
}
