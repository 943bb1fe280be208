import * as pulumi from "@pulumi/pulumi";
import { renderAutoscalerJson } from "../../templates/autoscaler.json.ts";
import type { EtcdCluster } from "../database/etcd.ts";
import { addressOf, aliasOf, databaseHosts, slotsOf } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import { dockerProxy } from "../docker/dockerProxy.ts";
import { liveFile } from "../docker/liveFile.ts";
import { physicalName, scopeOf } from "../docker/placement.ts";
import { secretFile } from "../docker/secretFile.ts";
import type { TierArgs } from "../docker/tier.ts";
import { volume } from "../docker/volume.ts";
import { type Edge, requestsPerInstance } from "./edge.ts";

export interface AutoscalerArgs extends TierArgs {
  /** Where the pin and the deploy lease are. */
  readonly etcd: EtcdCluster;
  /** Whose metrics say what the traffic asks for. */
  readonly edge: Edge;
}

/** The autoscaler's own group (images/autoscaler). */
const GID = 994;

/**
 * The autoscaler (M27): starts and stops the instances beyond `application.instances.min` as the edge's
 * traffic asks for them, and starts those anew that hang. One for each site and Docker host. Without it
 * what runs goes on.
 *
 * Through its proxy it can list containers and start, stop and kill those of this site's application
 * tier, by their exact names: the whole range, so that nothing here depends on how many there are.
 */
export class Autoscaler extends pulumi.ComponentResource {
  constructor(name: string, args: AutoscalerArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:application:Autoscaler", name, {}, opts);
    const { placement, passwords, etcd, edge } = args;
    const { settings, site, subnet, stackId } = placement;
    const prefix = `${physicalName(settings, `${site}-app`)}-`;
    const proxy = dockerProxy(
      placement,
      {
        tier: "autoscaler-docker-proxy",
        client: "autoscaler",
        clientGid: GID,
        reads: ["ping", "list"],
        controls: slotsOf("app").map((n) => physicalName(settings, `${site}-${aliasOf("app", n)}`)),
      },
      { parent: this },
    );
    const live = volume(
      placement,
      "autoscaler-config",
      { component: "autoscaler", precious: false },
      { parent: this },
    );
    const file = liveFile(
      placement,
      "autoscaler.json",
      {
        volume: live,
        path: "autoscaler.json",
        content: renderAutoscalerJson({
          ...settings.application,
          requestsPerInstance: requestsPerInstance(settings.application),
        }),
        image: placement.images.autoscaler,
        // The autoscaler looks at the file each second; nothing is reloaded.
        validate: 'holdfast-autoscaler --check "$FILE"',
      },
      { parent: this },
    );
    container(
      placement,
      {
        tier: "autoscaler",
        image: placement.images.autoscaler,
        environment: {
          HOLDFAST_SCOPE: scopeOf(placement),
          HOLDFAST_STACK: settings.stack,
          HOLDFAST_SITE: site,
          HOLDFAST_ETCD: etcd.addresses.join(","),
          HOLDFAST_EDGE: addressOf(subnet, "edge"),
          HOLDFAST_PREFIX: prefix,
        },
        health: { command: ["holdfast-health"], startPeriodSeconds: 10 },
        memoryMiB: 64,
        volumes: [proxy.mount, { volume: live, path: "/etc/holdfast/live", readOnly: true }],
        files: [{ path: "/etc/holdfast/stack-id", content: stackId }],
        secrets: [secretFile("etcd-autoscaler", passwords["etcd-autoscaler"])],
        hosts: databaseHosts(subnet),
        stopSeconds: 5,
      },
      { parent: this, dependsOn: [proxy.container, file, edge] },
    );
    this.registerOutputs({});
  }
}
