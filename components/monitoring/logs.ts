import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { CONTAINERS, renderCollectorYml } from "../../templates/collector.yml.ts";
import type { Extension } from "../../templates/extension.ts";
import { renderLokiYml } from "../../templates/loki.yml.ts";
import { addressOf } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import { dockerProxy } from "../docker/dockerProxy.ts";
import { liveFile } from "../docker/liveFile.ts";
import { type Placement, physicalName } from "../docker/placement.ts";
import type { TierArgs } from "../docker/tier.ts";
import { volume } from "../docker/volume.ts";

const LIVE = "/etc/holdfast/live";
/** Docker's files belong to root. */
const ROOT_GID = 0;

export interface LogsArgs extends TierArgs {
  /** Log sources from outside of this repository. */
  readonly extension: Extension;
}

/**
 * Loki and the collector that feeds it: the lines of every container of this stack, and the containers'
 * figures (CPU, memory, restarts) for Prometheus.
 *
 * The collector reads the files that Docker writes anyway: no container knows of it, and none waits for
 * it. It runs as root, to whom those files belong, without capabilities, and has of the host that one
 * folder, to read. It asks Docker through a proxy that passes four reading calls.
 */
export class Logs extends pulumi.ComponentResource {
  constructor(name: string, args: LogsArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:monitoring:Logs", name, {}, opts);
    const loki = this.declareLoki(args);
    this.declareCollector(args, loki);
    this.registerOutputs({});
  }

  private declareLoki({ placement }: TierArgs): docker.Container {
    const { settings, site, images } = placement;
    const { monitoring, ports } = settings;
    const component = "loki";
    const live = volume(placement, "loki-config", { component, precious: false }, { parent: this });
    // Lines of the past cannot be made again.
    const data = volume(placement, "loki-data", { component, precious: true }, { parent: this });
    const file = liveFile(
      placement,
      "loki.yml",
      {
        volume: live,
        path: "loki.yml",
        content: renderLokiYml({ retention: inHours(monitoring.logRetention) }),
        image: images.loki,
        validate: 'loki -verify-config -config.file="$FILE"',
        // It reads its configuration at its start only; the collector waits meanwhile.
        reload: {
          anyOf: [physicalName(settings, `${site}-loki`)],
          command: 'docker restart "$CONTAINER" >/dev/null',
        },
      },
      { parent: this },
    );
    return container(
      placement,
      {
        tier: "loki",
        image: images.loki,
        // Go's collector works harder near the limit instead of the kernel ending the process.
        environment: { GOMEMLIMIT: `${Math.floor(monitoring.lokiMemoryMiB * 0.85)}MiB` },
        health: {
          command: ["holdfast-health"],
          intervalSeconds: 10,
          timeoutSeconds: 5,
          retries: 6,
        },
        memoryMiB: monitoring.lokiMemoryMiB,
        volumes: [
          { volume: live, path: LIVE, readOnly: true },
          { volume: data, path: "/var/lib/loki" },
        ],
        ports: [{ internal: 3100, external: ports.loki }],
        // It writes out what it holds in memory.
        stopSeconds: 30,
      },
      { parent: this, dependsOn: [file] },
    );
  }

  private declareCollector({ placement, extension }: LogsArgs, loki: docker.Container): void {
    const { settings, site, subnet, images, stackId } = placement;
    const { collectorMemoryMiB: memoryMiB } = settings.monitoring;
    const component = "collector";
    const proxy = dockerProxy(
      placement,
      {
        tier: "collector-docker-proxy",
        client: component,
        clientGid: ROOT_GID,
        reads: ["ping", "list", "inspect", "stats", "events"],
      },
      { parent: this },
    );
    const kind = { component, precious: false };
    const live = volume(placement, "collector-config", kind, { parent: this });
    // How far each file was read, and what Loki has not taken yet. Lost, old lines are sent again.
    const data = volume(placement, "collector-data", kind, { parent: this });
    const file = liveFile(
      placement,
      "collector.yml",
      {
        volume: live,
        path: "collector.yml",
        content: pulumi.output(stackId).apply((id) =>
          renderCollectorYml({
            stackId: id,
            lokiAddress: addressOf(subnet, "loki"),
            dockerSocket: `${proxy.mount.path}/docker.sock`,
            memoryMiB,
            stack: settings.stack,
            site,
            sources: extension.logs,
          }),
        ),
        image: images.collector,
        validate: 'otelcol-contrib validate --config="file:$FILE"',
        reload: {
          anyOf: [physicalName(settings, `${site}-collector`)],
          command: 'docker kill --signal HUP "$CONTAINER" >/dev/null',
        },
      },
      { parent: this },
    );
    container(
      placement,
      {
        tier: "collector",
        image: images.collector,
        user: `0:${ROOT_GID}`,
        environment: { GOMEMLIMIT: `${Math.floor(memoryMiB * 0.8)}MiB` },
        health: {
          command: ["holdfast-health"],
          intervalSeconds: 10,
          timeoutSeconds: 5,
          retries: 6,
        },
        memoryMiB,
        volumes: [
          { volume: live, path: LIVE, readOnly: true },
          { volume: data, path: "/var/lib/collector" },
          proxy.mount,
        ],
        hostMounts: [
          { hostPath: `${dataRootOf(placement)}/containers`, path: CONTAINERS, readOnly: true },
        ],
        stopSeconds: 15,
      },
      { parent: this, dependsOn: [file, loki, proxy.container] },
    );
  }
}

/** Docker's own folder on the site's host. */
function dataRootOf({ settings, site }: Placement): string {
  const host = settings.sites[site]?.host ?? "";
  const found = settings.hosts[host];
  if (found === undefined) throw new Error(`site ${site} is on no host`);
  return found.dataRoot;
}

/** Loki's durations know no weeks, and one notation is enough. */
function inHours(days: string): string {
  const count = Number.parseInt(days, 10) * (days.endsWith("w") ? 7 : 1);
  return `${count * 24}h`;
}
