import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { SingleTier } from "./addresses.ts";
import { type ContainerArgs, container } from "./container.ts";
import { liveFile } from "./liveFile.ts";
import { type Placement, physicalName } from "./placement.ts";
import { volume } from "./volume.ts";

export interface HaproxyArgs
  extends Pick<ContainerArgs, "ports" | "memoryMiB" | "secrets" | "aliases" | "joins"> {
  readonly tier: SingleTier;
  /** The whole haproxy.cfg. */
  readonly config: string;
  /**
   * Shell command that must succeed before the file takes its place; `$FILE` is the candidate. No secret is there.
   * @default HAProxy's own check of the whole file
   */
  readonly validate?: string;
  /** Seconds a stopping balancer lets running requests end. @default 0 */
  readonly drainSeconds?: number;
}

/** An HAProxy whose configuration is a live file: checked by `haproxy -c`, then reloaded in place. */
export function haproxy(
  placement: Placement,
  args: HaproxyArgs,
  opts: pulumi.CustomResourceOptions & { dependsOn: pulumi.Resource[] },
): docker.Container {
  const { tier, config, drainSeconds = 0, validate = 'holdfast-validate "$FILE"', ...rest } = args;
  const name = physicalName(placement.settings, `${placement.site}-${tier}`);
  // Only the container waits for what is behind it.
  const { dependsOn, ...parented } = opts;
  const live = volume(placement, `${tier}-config`, { component: tier, precious: false }, parented);
  const file = liveFile(
    placement,
    `${tier}-haproxy.cfg`,
    {
      volume: live,
      path: "haproxy.cfg",
      content: config,
      image: placement.images.haproxy,
      validate,
      reload: {
        anyOf: [name],
        command: 'docker kill --signal HUP "$CONTAINER" >/dev/null',
      },
    },
    parented,
  );
  return container(
    placement,
    {
      ...rest,
      tier,
      image: placement.images.haproxy,
      environment: { HOLDFAST_DRAIN_SECONDS: String(drainSeconds) },
      stopSeconds: drainSeconds + 5,
      health: { command: ["holdfast-health"], startPeriodSeconds: 10 },
      volumes: [{ volume: live, path: "/etc/holdfast/live", readOnly: true }],
      tmpfs: { "/run/haproxy": "rw,nosuid,nodev,noexec,size=8m,uid=997,gid=997,mode=0750" },
    },
    { ...parented, dependsOn: [...dependsOn, file] },
  );
}
