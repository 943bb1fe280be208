import * as pulumi from "@pulumi/pulumi";
import { addressOf } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import { secretFile } from "../docker/secretFile.ts";
import type { TierArgs } from "../docker/tier.ts";
import { volume } from "../docker/volume.ts";
import { jointAddress } from "../site/peer.ts";
import type { Authority } from "./authority.ts";

export interface S3ServerArgs extends TierArgs {
  readonly authority: Authority;
}

/** It streams what passes through; 14 MiB at rest, a multipart upload's parts on top. */
const MEMORY_MIB = 192;

/**
 * The S3 server of `backup.cloud.provider: builtin`: a real one, with TLS by the stack's authority, to
 * try and to test what an S3 endpoint elsewhere does in earnest. It stands on the database's host, so
 * it survives the loss of everything but that.
 */
export class S3Server extends pulumi.ComponentResource {
  constructor(name: string, args: S3ServerArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:backup:S3Server", name, {}, opts);
    const { placement, passwords, authority } = args;
    const { cloud } = placement.settings.backup;
    const data = volume(
      placement,
      "s3-data",
      { component: "s3", precious: true },
      { parent: this },
    );
    const joint = placement.peer?.joint;
    const outside = joint === undefined ? [] : [jointAddress(placement.settings, "s3")];
    const certificate = authority.issue(placement, "s3", {
      commonName: "s3",
      altNames: ["s3", addressOf(placement.subnet, "s3"), ...outside],
    });
    container(
      placement,
      {
        tier: "s3",
        image: placement.images.s3,
        environment: { HOLDFAST_BUCKET: cloud.bucket, HOLDFAST_REGION: cloud.region },
        health: {
          command: ["holdfast-health"],
          intervalSeconds: 5,
          timeoutSeconds: 5,
          startPeriodSeconds: 10,
        },
        memoryMiB: MEMORY_MIB,
        volumes: [{ volume: data, path: "/var/lib/s3" }],
        tmpfs: { "/run/s3": "rw,nosuid,nodev,noexec,size=1m,uid=999,gid=999,mode=0700" },
        secrets: [
          secretFile("s3-key-id", passwords["s3-key-id"]),
          secretFile("s3-key-secret", passwords["s3-key-secret"]),
          ...certificate.files,
        ],
        // With two sites it plays the cloud: both reach it, and it is lost with neither.
        ...(joint === undefined
          ? {}
          : {
              siteLabel: "cloud",
              joins: outside.map((address) => ({
                network: joint.network,
                address,
                aliases: ["s3"],
              })),
            }),
        stopSeconds: 10,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
