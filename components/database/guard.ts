import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { renderDockerProxyHaproxyCfg } from "../../templates/docker-proxy/haproxy.cfg.ts";
import { databaseHosts } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
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
/** Folder that the two share, and nobody else. */
const SHARED = "/run/docker-proxy";
/** Where Docker listens when its address says nothing about this host: an ssh host, or TCP. */
const DEFAULT_SOCKET = "/var/run/docker.sock";
/** Asks HAProxy, not Docker: a daemon that is slow to answer must not hold up an `up`. */
const ASK_PROXY =
  "printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' | socat -t 2 - unix-connect:/run/haproxy/health.sock | grep -q ' 200 '";

/**
 * The guard (M19): releases a leader's key as soon as Docker says that the leader's container has ended,
 * instead of when the key's ttl runs out. One for each site and Docker host. Without it nothing breaks: a
 * failover takes the ttl.
 *
 * It reads Docker through a proxy that refuses everything else. The proxy runs as root, which alone may
 * open Docker's socket on every host, but has no capability and no network: it is reached through a
 * socket in a volume that only the guard mounts.
 */
export class Guard extends pulumi.ComponentResource {
  constructor(name: string, args: GuardArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:database:Guard", name, {}, opts);
    const shared = volume(
      args.placement,
      "docker-proxy-socket",
      { component: "docker-proxy", precious: false },
      { parent: this },
    );
    const proxy = this.declareProxy(args, shared);
    this.declareGuard(args, shared, proxy);
    this.registerOutputs({});
  }

  private declareProxy({ placement }: GuardArgs, shared: docker.Volume): docker.Container {
    const socket = "/run/docker.sock";
    const config = "/etc/holdfast/haproxy.cfg";
    return container(
      placement,
      {
        tier: "docker-proxy",
        image: placement.images.haproxy,
        user: `0:${GUARD_GID}`,
        environment: { HOLDFAST_CONFIG: config },
        health: { command: ["sh", "-c", ASK_PROXY], startPeriodSeconds: 10 },
        memoryMiB: 64,
        volumes: [{ volume: shared, path: SHARED }],
        hostMounts: [{ hostPath: socketOf(placement.dockerHost), path: socket, readOnly: true }],
        tmpfs: { "/run/haproxy": "rw,nosuid,nodev,noexec,size=1m,uid=0,gid=0,mode=0700" },
        // No live file: it says nothing of this stack, and nobody misses the proxy for a second.
        files: [
          {
            path: config,
            content: renderDockerProxyHaproxyCfg({
              docker: socket,
              offered: `${SHARED}/docker.sock`,
            }),
          },
        ],
        stopSeconds: 5,
      },
      { parent: this },
    );
  }

  private declareGuard(
    { placement, passwords, etcd, postgres }: GuardArgs,
    shared: docker.Volume,
    proxy: docker.Container,
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
        volumes: [
          { volume: shared, path: SHARED, readOnly: true },
          { volume: memory, path: "/var/lib/guard" },
        ],
        files: [{ path: "/etc/holdfast/stack-id", content: stackId }],
        secrets: [secretFile("etcd-guard", passwords["etcd-guard"])],
        hosts: databaseHosts(subnet),
        stopSeconds: 5,
      },
      { parent: this, dependsOn: [proxy, postgres] },
    );
  }
}

/** Docker's socket on the host itself, from the address by which Pulumi reaches it. */
export function socketOf(dockerHost: string): string {
  const [, path] = /^unix:\/\/(\/.+)$/.exec(dockerHost) ?? [];
  return path ?? DEFAULT_SOCKET;
}
