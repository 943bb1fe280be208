import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { WITNESS_NAME } from "../../templates/link/haproxy.cfg.ts";
import type { Authority } from "../backup/authority.ts";
import { addressOf } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import { secretFile } from "../docker/secretFile.ts";
import type { TierArgs } from "../docker/tier.ts";
import { volume } from "../docker/volume.ts";
import { jointAddress, WITNESS_PORT } from "./peer.ts";

export interface WitnessArgs extends TierArgs {
  readonly authority: Authority;
  /** The network between sites, where everything is on one Docker host. */
  readonly joint: docker.Network | undefined;
}

/**
 * The witness (M29): one etcd member in a third place that holds nothing but the lease of the site that
 * takes writes, and the highest epoch that was ever given out. Its loss stops writes after 20 s, so its
 * host matters as much as a site's; who wants none leaves the decision to people.
 */
export class Witness extends pulumi.ComponentResource {
  constructor(name: string, args: WitnessArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:site:Witness", name, {}, opts);
    const { placement, passwords, authority, joint } = args;
    const { settings, subnet } = placement;
    const here = settings.hosts[settings.witness?.host ?? ""]?.address ?? "";
    const data = volume(
      placement,
      "etcd-data",
      { component: "witness", precious: true },
      { parent: this },
    );
    const certificate = authority.issue(placement, "etcd", {
      commonName: WITNESS_NAME,
      altNames: [addressOf(subnet, "witness"), "127.0.0.1"],
    });
    container(
      placement,
      {
        tier: "witness",
        image: placement.images.etcd,
        environment: {
          HOLDFAST_SCOPE: WITNESS_NAME,
          HOLDFAST_MEMBER: WITNESS_NAME,
          HOLDFAST_MEMBERS: `${WITNESS_NAME}=${addressOf(subnet, "witness")}`,
          HOLDFAST_TOKEN: `holdfast-${settings.stack}-${WITNESS_NAME}`,
          HOLDFAST_CLIENT_TLS: "yes",
        },
        health: {
          command: ["holdfast-health"],
          intervalSeconds: 1,
          timeoutSeconds: 4,
          retries: 5,
          startPeriodSeconds: 30,
        },
        memoryMiB: settings.etcd.memoryMiB,
        volumes: [{ volume: data, path: "/var/lib/etcd" }],
        secrets: [
          // The image knows its users by these names, in every etcd.
          secretFile("etcd-root", passwords["witness-root"]),
          secretFile("etcd-site", passwords["witness-site"]),
          secretFile("etcd-token-key", passwords["witness-token-key"]),
          ...certificate.files,
        ],
        ...(joint === undefined
          ? { ports: [{ internal: WITNESS_PORT, external: settings.ports.witness, ip: here }] }
          : {
              joins: [
                {
                  network: joint,
                  address: jointAddress(settings, "witness"),
                  aliases: [WITNESS_NAME],
                },
              ],
            }),
        stopSeconds: 15,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
