import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import {
  type DockerProxyHaproxyArgs,
  renderDockerProxyHaproxyCfg,
} from "../../templates/docker-proxy/haproxy.cfg.ts";
import type { OfflineTier } from "./addresses.ts";
import { container, type VolumeMount } from "./container.ts";
import type { Placement } from "./placement.ts";
import { volume } from "./volume.ts";

export interface DockerProxyArgs
  extends Pick<DockerProxyHaproxyArgs, "client" | "reads" | "controls"> {
  readonly tier: OfflineTier;
  /** Group of the client's image: the socket is open to it alone. */
  readonly clientGid: number;
}

export interface DockerProxy {
  readonly container: docker.Container;
  /** What the client mounts; the socket in it is `docker.sock`. */
  readonly mount: VolumeMount;
}

/** Folder that proxy and client share, and nobody else. */
const SHARED = "/run/docker-proxy";
/** Where Docker listens when its address says nothing about this host: an ssh host, or TCP. */
const DEFAULT_SOCKET = "/var/run/docker.sock";
/** Asks HAProxy, not Docker: a daemon that is slow to answer must not hold up an `up`. */
const ASK_PROXY =
  "printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' | socat -t 2 - unix-connect:/run/haproxy/health.sock | grep -q ' 200 '";

/**
 * Docker for one client, through a proxy that refuses everything but the calls that are named. It runs
 * as root, which alone may open Docker's socket on every host, but has no capability and no network: it
 * is reached through a socket in a volume that only this client mounts.
 */
export function dockerProxy(
  placement: Placement,
  { tier, clientGid, ...calls }: DockerProxyArgs,
  opts: pulumi.CustomResourceOptions,
): DockerProxy {
  const socket = "/run/docker.sock";
  const config = "/etc/holdfast/haproxy.cfg";
  const shared = volume(placement, `${tier}-socket`, { component: tier, precious: false }, opts);
  const proxy = container(
    placement,
    {
      tier,
      image: placement.images.haproxy,
      user: `0:${clientGid}`,
      environment: { HOLDFAST_CONFIG: config },
      health: { command: ["sh", "-c", ASK_PROXY], startPeriodSeconds: 10 },
      memoryMiB: 64,
      volumes: [{ volume: shared, path: SHARED }],
      hostMounts: [{ hostPath: socketOf(placement.dockerHost), path: socket, readOnly: true }],
      tmpfs: { "/run/haproxy": "rw,nosuid,nodev,noexec,size=1m,uid=0,gid=0,mode=0700" },
      // No live file: it hardly ever changes, and nobody misses the proxy for a second.
      files: [
        {
          path: config,
          content: renderDockerProxyHaproxyCfg({
            ...calls,
            docker: socket,
            offered: `${SHARED}/docker.sock`,
          }),
        },
      ],
      stopSeconds: 5,
    },
    opts,
  );
  return { container: proxy, mount: { volume: shared, path: SHARED, readOnly: true } };
}

/** Docker's socket on the host itself, from the address by which Pulumi reaches it. */
export function socketOf(dockerHost: string): string {
  const [, path] = /^unix:\/\/(\/.+)$/.exec(dockerHost) ?? [];
  return path ?? DEFAULT_SOCKET;
}
