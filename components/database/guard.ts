import * as pulumi from "@pulumi/pulumi";
import { databaseHosts } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import { type DockerProxy, dockerProxy } from "../docker/dockerProxy.ts";
import { scopeOf } from "../docker/placement.ts";
import { secretFile } from "../docker/secretFile.ts";
import type { TierArgs } from "../docker/tier.ts";
import { volume } from "../docker/volume.ts";
import type { EtcdCluster } from "./etcd.ts";
import type { PostgresCluster } from "./postgres.ts";

export interface GuardArgs extends TierArgs {
  /** Where the leader's key is. */
  readonly etcd: EtcdCluster;
  /** Whose containers are watched. */
  readonly postgres: PostgresCluster;
}

/** The guard's own group (images/guard): the proxy's socket is open to it. */
const GUARD_GID = 995;

/**
 * The guard (M19): releases a leader's key as soon as Docker says that the leader's container has ended,
 * instead of when the key's ttl runs out. One for each site and Docker host. Without it nothing breaks: a
 * failover takes the ttl.
 *
 * It reads Docker through a proxy of its own (components/docker/dockerProxy.ts) that refuses everything
 * else.
 */
export class Guard extends pulumi.ComponentResource {
  constructor(name: string, args: GuardArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:database:Guard", name, {}, opts);
    const proxy = dockerProxy(
      args.placement,
      {
        tier: "docker-proxy",
        client: "guard",
        clientGid: GUARD_GID,
        reads: ["ping", "version", "list", "inspect", "events"],
      },
      { parent: this },
    );
    this.declareGuard(args, proxy);
    this.registerOutputs({});
  }

  private declareGuard(
    { placement, passwords, etcd, postgres }: GuardArgs,
    proxy: DockerProxy,
  ): void {
    const { settings, site, subnet, stackId } = placement;
    const memory = volume(
      placement,
      "guard-memory",
      // Lost, it is filled again at the first look.
      { component: "guard", precious: false },
      { parent: this },
    );
    container(
      placement,
      {
        tier: "guard",
        image: placement.images.guard,
        environment: {
          HOLDFAST_SCOPE: scopeOf(placement),
          HOLDFAST_STACK: settings.stack,
          HOLDFAST_SITE: site,
          HOLDFAST_ETCD: etcd.addresses.join(","),
        },
        health: { command: ["holdfast-health"], startPeriodSeconds: 10 },
        memoryMiB: 64,
        volumes: [proxy.mount, { volume: memory, path: "/var/lib/guard" }],
        files: [{ path: "/etc/holdfast/stack-id", content: stackId }],
        secrets: [secretFile("etcd-guard", passwords["etcd-guard"])],
        hosts: databaseHosts(subnet),
        stopSeconds: 5,
      },
      { parent: this, dependsOn: [proxy.container, postgres] },
    );
  }
}
