import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Pooler } from "../database/pooler.ts";
import type { Roles } from "../database/roles.ts";
import { aliasOf, databaseHosts, slotsOf } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import { job, onlyWhereActive } from "../docker/job.ts";
import { secretFile } from "../docker/secretFile.ts";
import type { TierArgs } from "../docker/tier.ts";
import { contractOf, DRAIN_SECONDS, RUN_DIRECTORY } from "./contract.ts";
import { rolloutOrder } from "./rollout.ts";

export interface ApplicationArgs extends TierArgs {
  readonly roles: Roles;
  readonly pooler: Pooler;
}

/**
 * The application: `application.instances.max` instances of the shop, Django under gunicorn, or of
 * what the user brings in its place (docs/own-app.md). Those beyond `min` run when the autoscaler finds
 * them needed (M27).
 *
 * Migrations run once per image, on the leader, before the first new instance serves; if they fail,
 * the update stops and the old instances go on. Instances are chained, so a deploy replaces them one
 * at a time.
 */
export class Application extends pulumi.ComponentResource {
  constructor(name: string, args: ApplicationArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:application:Application", name, {}, opts);
    const { instances } = args.placement.settings.application;
    let previous: pulumi.Resource = this.declareMigrations(args);
    for (const n of rolloutOrder(instances)) {
      previous = this.declareInstance(args, n, previous);
    }
    this.registerOutputs({});
  }

  private declareMigrations({ placement, passwords, roles }: ApplicationArgs): pulumi.Resource {
    const { database, application } = placement.settings;
    if (application.migrate.length === 0) return roles;
    const members = slotsOf("postgres").map((n) => `${aliasOf("postgres", n)}:5432`);
    // Straight to the leader: an advisory lock needs a session of its own, which a pooler in
    // transaction mode does not give.
    const url = pulumi.interpolate`postgresql://${database.owner}:${passwords["postgres-application"]}@${members.join(",")}/${database.name}?target_session_attrs=read-write&connect_timeout=3`;
    return job(
      placement,
      `${placement.site}-migrations`,
      {
        image: placement.images.app,
        command: application.migrate,
        stdin: url,
        ...onlyWhereActive(placement),
        hosts: databaseHosts(placement.subnet),
        tmpfs: { [RUN_DIRECTORY]: "rw,nosuid,nodev,noexec,size=16m,mode=1777" },
      },
      { parent: this, dependsOn: [roles] },
    );
  }

  private declareInstance(
    { placement, passwords, pooler }: ApplicationArgs,
    instance: number,
    previous: pulumi.Resource,
  ): docker.Container {
    const { settings } = placement;
    const { application, timings } = settings;
    const contract = contractOf(settings);
    return container(
      placement,
      {
        tier: "app",
        instance,
        mustRun: instance <= application.instances.min,
        image: placement.images.app,
        environment: { HOLDFAST_INSTANCE: aliasOf("app", instance), ...contract.environment },
        health: {
          command: contract.health,
          intervalSeconds: 2,
          timeoutSeconds: 5,
          startPeriodSeconds: 30,
        },
        memoryMiB: application.memoryMiB,
        tmpfs: { [RUN_DIRECTORY]: "rw,nosuid,nodev,noexec,size=64m,mode=1777" },
        secrets: [
          secretFile("database-url", pooler.internal.databaseUrl),
          secretFile("replica-url", pooler.internal.readReplicaUrl),
          ...contract.secrets.map((name) => secretFile(name, passwords[name])),
        ],
        hosts: databaseHosts(placement.subnet),
        // Drain, the longest request that may still run, and a reserve.
        stopSeconds: DRAIN_SECONDS + timings.workerTimeoutSeconds + 5,
      },
      { parent: this, dependsOn: [previous, pooler] },
    );
  }
}
