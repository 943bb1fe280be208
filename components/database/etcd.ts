import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { addressOf, aliasOf, databaseHosts } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import { scopeOf } from "../docker/placement.ts";
import { secretFile } from "../docker/secretFile.ts";
import type { TierArgs } from "../docker/tier.ts";
import { volume } from "../docker/volume.ts";

/**
 * etcd, which holds the leader's lease: an odd number of members, each with a volume of its own.
 *
 * The number is fixed once created (M18). Members are chained by `dependsOn` with a wait for health,
 * so that one `up` never has two of them down (M14).
 */
export class EtcdCluster extends pulumi.ComponentResource {
  /** The members' fixed addresses, in order. */
  readonly addresses: readonly string[];

  constructor(name: string, args: TierArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:database:EtcdCluster", name, {}, opts);
    const { placement } = args;
    const numbers = Array.from({ length: placement.settings.etcd.members }, (_, i) => i + 1);
    const members = numbers
      .map((n) => `${aliasOf("etcd", n)}=${addressOf(placement.subnet, "etcd", n)}`)
      .join(",");
    let previous: docker.Container | undefined;
    for (const n of numbers) {
      previous = this.declareMember(args, n, members, previous);
    }
    this.addresses = numbers.map((n) => addressOf(placement.subnet, "etcd", n));
    this.registerOutputs({});
  }

  private declareMember(
    { placement, passwords }: TierArgs,
    instance: number,
    members: string,
    previous: docker.Container | undefined,
  ): docker.Container {
    const alias = aliasOf("etcd", instance);
    const data = volume(
      placement,
      `${alias}-data`,
      { component: "etcd", instance, precious: true },
      { parent: this },
    );
    return container(
      placement,
      {
        tier: "etcd",
        instance,
        image: placement.images.etcd,
        environment: {
          HOLDFAST_SCOPE: scopeOf(placement),
          HOLDFAST_MEMBER: alias,
          HOLDFAST_MEMBERS: members,
          HOLDFAST_TOKEN: `holdfast-${scopeOf(placement)}`,
        },
        health: {
          command: ["holdfast-health"],
          intervalSeconds: 1,
          timeoutSeconds: 4,
          retries: 5,
          startPeriodSeconds: 30,
        },
        memoryMiB: placement.settings.etcd.memoryMiB,
        volumes: [{ volume: data, path: "/var/lib/etcd" }],
        secrets: [
          secretFile("etcd-root", passwords["etcd-root"]),
          secretFile("etcd-patroni", passwords["etcd-patroni"]),
          secretFile("etcd-guard", passwords["etcd-guard"]),
          secretFile("etcd-autoscaler", passwords["etcd-autoscaler"]),
          ...(placement.peer === undefined
            ? []
            : [secretFile("etcd-site", passwords["etcd-site"])]),
          secretFile("etcd-token-key", passwords["etcd-token-key"]),
        ],
        hosts: databaseHosts(placement.subnet),
        stopSeconds: 15,
      },
      { parent: this, dependsOn: previous === undefined ? [] : [previous] },
    );
  }
}
