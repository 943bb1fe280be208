import * as pulumi from "@pulumi/pulumi";
import { renderBackupSchedule } from "../../templates/backup-schedule.ts";
import {
  REPOSITORY_COMMON_NAME,
  renderRepositoryPgbackrestConf,
} from "../../templates/pgbackrest.conf.ts";
import type { Roles } from "../database/roles.ts";
import { addressOf, aliasOf, databaseHosts, slotsOf } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import { liveFile } from "../docker/liveFile.ts";
import { scopeOf } from "../docker/placement.ts";
import { secretFile } from "../docker/secretFile.ts";
import type { TierArgs } from "../docker/tier.ts";
import { volume } from "../docker/volume.ts";
import type { Authority } from "./authority.ts";

export interface BackupArgs extends TierArgs {
  readonly authority: Authority;
  readonly roles: Roles;
}

/**
 * pgBackRest's repository host (M23): receives every WAL segment over TLS, takes base backups from a
 * replica and dumps on a schedule, each with its sha256 sums, in a repository on a volume of its own.
 */
export class Backup extends pulumi.ComponentResource {
  constructor(name: string, args: BackupArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:backup:Backup", name, {}, opts);
    const { placement, passwords, authority, roles } = args;
    const { settings, subnet } = placement;
    const files = this.declareLiveFiles(args);
    const repository = volume(
      placement,
      "backup-repository",
      { component: "backup", precious: true },
      { parent: this },
    );
    const certificate = authority.issue(placement, "backup", {
      commonName: REPOSITORY_COMMON_NAME,
      altNames: ["backup", addressOf(subnet, "backup")],
    });
    container(
      placement,
      {
        tier: "backup",
        image: placement.images.backup,
        health: {
          command: ["holdfast-health"],
          intervalSeconds: 5,
          timeoutSeconds: 5,
          retries: 6,
          startPeriodSeconds: 10,
        },
        memoryMiB: settings.backup.memoryMiB,
        volumes: [
          { volume: repository, path: "/var/lib/pgbackrest" },
          { volume: files.live, path: "/etc/holdfast/live", readOnly: true },
        ],
        secrets: [
          secretFile("postgres-backup", passwords["postgres-backup"]),
          ...certificate.files,
        ],
        hosts: databaseHosts(subnet),
        stopSeconds: 30,
      },
      { parent: this, dependsOn: [roles, ...files.written] },
    );
    this.registerOutputs({});
  }

  private declareLiveFiles({ placement }: BackupArgs) {
    const { settings, subnet } = placement;
    const { backup, database } = settings;
    const live = volume(
      placement,
      "backup-config",
      { component: "backup", precious: false },
      { parent: this },
    );
    const nodes = slotsOf("postgres");
    const texts = {
      "pgbackrest.conf": renderRepositoryPgbackrestConf({
        stanza: scopeOf(placement),
        nodes: nodes.map((n) => aliasOf("postgres", n)),
        keepFull: backup.keepFull,
      }),
      "backup.json": renderBackupSchedule({
        stanza: scopeOf(placement),
        nodes: nodes.map((n) => addressOf(subnet, "postgres", n)),
        databases: [database.name],
        physical: backup.physical,
        logical: backup.logical,
        keepDumps: backup.keepDumps,
      }),
    };
    const written = Object.entries(texts).map(([path, content]) =>
      // The supervisor watches both files; a bad schedule leaves the old one in force.
      liveFile(
        placement,
        `backup-${path}`,
        { volume: live, path, content, image: placement.images.backup },
        { parent: this },
      ),
    );
    return { live, written };
  }
}
