import * as pulumi from "@pulumi/pulumi";
import type { Roles } from "../database/roles.ts";
import { addressOf } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import type { TierArgs } from "../docker/tier.ts";
import type { Authority } from "./authority.ts";
import type { Backup } from "./backup.ts";
import type { Cloud } from "./cloud.ts";
import { DRILL_COMMON_NAME, onRepositories } from "./repositories.ts";

export interface RestoreDrillArgs extends TierArgs {
  readonly authority: Authority;
  /** Whose repositories are restored from. */
  readonly backup: Backup;
  /** Marks for the drills are made in the database, by a role of its own. */
  readonly roles: Roles;
  /** The second repository. */
  readonly cloud: Cloud | undefined;
}

/**
 * Restores backups into a scratch PostgreSQL of its own, every day, and keeps a signed record of what
 * it found (M25). It cannot change what it proves: the local repository is mounted read-only.
 */
export class RestoreDrill extends pulumi.ComponentResource {
  constructor(name: string, args: RestoreDrillArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:backup:RestoreDrill", name, {}, opts);
    const { placement, authority, backup, roles } = args;
    const { settings, subnet } = placement;
    const certificate = authority.issue(placement, "restore-drill", {
      commonName: DRILL_COMMON_NAME,
      altNames: ["restore-drill", addressOf(subnet, "restore-drill")],
    });
    container(
      placement,
      {
        tier: "restore-drill",
        ...onRepositories("restore-drill", args, certificate),
        entrypoint: ["tini", "--", "holdfast-restore-drill-supervisor"],
        health: {
          command: ["holdfast-restore-drill-health"],
          intervalSeconds: 10,
          timeoutSeconds: 5,
          startPeriodSeconds: 10,
        },
        memoryMiB: settings.backup.drillMemoryMiB,
        volumes: [
          { volume: backup.drills, path: "/var/lib/holdfast" },
          { volume: backup.repository, path: "/var/lib/pgbackrest", readOnly: true },
          { volume: backup.live, path: "/etc/holdfast/live", readOnly: true },
        ],
      },
      { parent: this, dependsOn: [backup, roles] },
    );
    this.registerOutputs({});
  }
}
