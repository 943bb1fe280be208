import * as pulumi from "@pulumi/pulumi";
import { aliasOf, databaseHosts, slotsOf } from "../docker/addresses.ts";
import { job, onlyWhereActive } from "../docker/job.ts";
import type { TierArgs } from "../docker/tier.ts";
import type { PostgresCluster } from "./postgres.ts";

export interface RolesArgs extends TierArgs {
  readonly postgres: PostgresCluster;
}

/**
 * The database and the roles in it: owner, pooler, monitoring, backup. Applied on the leader by every
 * `up` that changes one, so they follow the settings and not the day the cluster was made.
 */
export class Roles extends pulumi.ComponentResource {
  constructor(name: string, args: RolesArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:database:Roles", name, {}, opts);
    const { placement, passwords, postgres } = args;
    const { database } = placement.settings;
    const request = pulumi
      .all({
        superuserPassword: passwords["postgres-superuser"],
        application: passwords["postgres-application"],
        pgbouncer: passwords["postgres-pgbouncer"],
        monitor: passwords["postgres-monitor"],
        backup: passwords["postgres-backup"],
      })
      .apply(({ superuserPassword, ...roles }) =>
        JSON.stringify({
          superuserPassword,
          // The whole range: the input must not change with the number of replicas.
          hosts: slotsOf("postgres").map((n) => ({ host: aliasOf("postgres", n), port: 5432 })),
          database: database.name,
          owner: database.owner,
          roles,
        }),
      );
    job(
      placement,
      `${placement.site}-roles`,
      {
        image: placement.images.postgres,
        command: ["holdfast-roles"],
        stdin: request,
        ...onlyWhereActive(placement),
        hosts: databaseHosts(placement.subnet),
      },
      { parent: this, dependsOn: [postgres] },
    );
    this.registerOutputs({});
  }
}
