import type { Settings } from "../../settings.ts";
import type { Docker } from "../docker.ts";

/** What the containers without a setting of their own come to, each. */
const SMALL_MIB = 128;

/** The limits of all containers of a stack together, in MiB, to some 10 %. Pure. */
export function memoryLimits(settings: Settings): number {
  const { database, etcd, pooler, application, backup, monitoring, ports, dns } = settings;
  const poolers = ports.pooler.length;
  // router, edge, Alertmanager, PostgreSQL's exporter, status page; guard with its proxy, autoscaler with its
  // proxy, the collector's proxy with the host's exporter (64 MiB each); one exporter per pooler
  const small =
    8 + poolers + (monitoring.grafana ? 2 : 0) + (backup.cloud.provider === "builtin" ? 2 : 0);
  // What points and watches the public names, and the builtin name server.
  const names = dns === undefined ? 0 : dns.provider === "builtin" ? 2 : 1;
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
    SMALL_MIB * (small + names)
  );
}

/** A warning when the limits exceed the machine's memory, else undefined. */
export async function memoryWarning(
  docker: Docker,
  settings: Settings,
): Promise<string | undefined> {
  const { stdout } = await docker.run(["info", "--format", "{{.MemTotal}}"]);
  const machineMiB = Math.floor(Number(stdout.trim()) / 2 ** 20);
  const wantedMiB = memoryLimits(settings);
  return machineMiB > 0 && wantedMiB > machineMiB
    ? `warning: the containers may use ${wantedMiB} MiB together, this machine has ${machineMiB} MiB; ` +
        "lower one: pulumi config set --path database.memory 256MB"
    : undefined;
}
