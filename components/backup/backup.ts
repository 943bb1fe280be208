import type * as command from "@pulumi/command";
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { REPOSITORY_COMMON_NAME } from "../../templates/pgbackrest.conf.ts";
import { addressOf } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import type { TierArgs } from "../docker/tier.ts";
import { volume } from "../docker/volume.ts";
import type { Authority } from "./authority.ts";
import type { Cloud } from "./cloud.ts";
import { onRepositories, repositoryFiles } from "./repositories.ts";

export interface BackupArgs extends TierArgs {
  readonly authority: Authority;
  /** The second repository. */
  readonly cloud: Cloud | undefined;
  /** The S3 server, where it is ours: it is there first. */
  readonly server: pulumi.Resource | undefined;
}

/**
 * pgBackRest's repository host (M23): receives every WAL segment over TLS into a repository on a volume
 * of its own and ships it to the cloud; takes base backups from a replica, and dumps, for both.
 *
 * It starts before the database's members and waits for their leader: a member may have to restore
 * through it before it can start.
 */
export class Backup extends pulumi.ComponentResource {
  /** The settings of backups, for who reads them too. */
  readonly live: docker.Volume;
  readonly written: readonly command.local.Command[];
  /** The local repository. */
  readonly repository: docker.Volume;
  /** Records of restore drills, and their scratch space. */
  readonly drills: docker.Volume;

  constructor(name: string, args: BackupArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:backup:Backup", name, {}, opts);
    const { placement, cloud } = args;
    const declare = (volumeName: string, component: string, precious: boolean) =>
      volume(placement, volumeName, { component, precious }, { parent: this });
    this.live = declare("backup-config", "backup", false);
    this.repository = declare("backup-repository", "backup", true);
    // A record says what was proven on a day that is over.
    this.drills = declare("restore-drill", "restore-drill", true);
    this.written = repositoryFiles(placement, cloud, this.live, { parent: this });
    this.declareContainer(args);
    this.registerOutputs({});
  }

  private declareContainer(args: BackupArgs): void {
    const { placement, authority, server } = args;
    const { settings, subnet } = placement;
    const certificate = authority.issue(placement, "backup", {
      commonName: REPOSITORY_COMMON_NAME,
      altNames: ["backup", addressOf(subnet, "backup")],
    });
    container(
      placement,
      {
        tier: "backup",
        ...onRepositories("backup", args, certificate),
        health: {
          command: ["holdfast-health"],
          intervalSeconds: 5,
          timeoutSeconds: 5,
          retries: 6,
          startPeriodSeconds: 10,
        },
        memoryMiB: settings.backup.memoryMiB,
        volumes: [
          { volume: this.repository, path: "/var/lib/pgbackrest" },
          // Whether and when a restore was proven.
          { volume: this.drills, path: "/var/lib/holdfast", readOnly: true },
          { volume: this.live, path: "/etc/holdfast/live", readOnly: true },
        ],
      },
      {
        parent: this,
        dependsOn: [...this.written, ...(server === undefined ? [] : [server])],
      },
    );
  }
}
