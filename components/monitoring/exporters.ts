import * as pulumi from "@pulumi/pulumi";
import type { Pooler } from "../database/pooler.ts";
import type { Roles } from "../database/roles.ts";
import { addressOf, databaseHosts } from "../docker/addresses.ts";
import { type ContainerArgs, container } from "../docker/container.ts";
import { secretFile } from "../docker/secretFile.ts";
import type { TierArgs } from "../docker/tier.ts";

export interface ExportersArgs extends TierArgs {
  readonly roles: Roles;
  readonly pooler: Pooler;
}

/**
 * Metrics of those who have none of their own to show: one exporter asks every PostgreSQL member, one
 * stands beside each pooler, one reads the Docker host's /proc, which is the same in every container.
 */
export class Exporters extends pulumi.ComponentResource {
  constructor(name: string, args: ExportersArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:monitoring:Exporters", name, {}, opts);
    const { placement, passwords, roles, pooler } = args;
    const common = {
      image: placement.images.exporters,
      health: { command: ["holdfast-health"], startPeriodSeconds: 20 },
      memoryMiB: 96,
      tmpfs: { "/run/exporters": "rw,nosuid,nodev,noexec,size=1m,uid=996,gid=996,mode=0700" },
      hosts: databaseHosts(placement.subnet),
      stopSeconds: 5,
    } satisfies Partial<ContainerArgs>;
    container(
      placement,
      {
        ...common,
        tier: "postgres-exporter",
        command: ["postgres"],
        // Tables and sequences are those of the application; what is the cluster's is in every database.
        environment: { HOLDFAST_DATABASE: placement.settings.database.name },
        secrets: [secretFile("postgres-monitor", passwords["postgres-monitor"])],
      },
      { parent: this, dependsOn: [roles] },
    );
    container(
      placement,
      { ...common, tier: "node-exporter", command: ["node"], memoryMiB: 64 },
      { parent: this },
    );
    for (let n = 1; n <= pooler.instances; n++) {
      container(
        placement,
        {
          ...common,
          tier: "pooler-exporter",
          instance: n,
          command: ["pgbouncer"],
          environment: { HOLDFAST_POOLER: `${addressOf(placement.subnet, "pooler", n)}:6432` },
          secrets: [secretFile("pooler-monitor", passwords["pooler-monitor"])],
        },
        { parent: this, dependsOn: [pooler] },
      );
    }
    this.registerOutputs({});
  }
}
