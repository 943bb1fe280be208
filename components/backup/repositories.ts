import type * as command from "@pulumi/command";
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { renderBackupSchedule } from "../../templates/backup-schedule.ts";
import { renderRepositoryPgbackrestConf } from "../../templates/pgbackrest.conf.ts";
import { addressOf, aliasOf, repositoryHosts, slotsOf } from "../docker/addresses.ts";
import type { Attachment } from "../docker/container.ts";
import { liveFile } from "../docker/liveFile.ts";
import { type Placement, scopeOf } from "../docker/placement.ts";
import { secretFile } from "../docker/secretFile.ts";
import type { TierArgs } from "../docker/tier.ts";
import { jointAddress } from "../site/peer.ts";
import type { Certificate } from "./authority.ts";
import { CLOUD_CA_FILE, type Cloud, cloudSecrets } from "./cloud.ts";

/** Common name of the restore drills' certificate. */
export const DRILL_COMMON_NAME = "restore-drill";

/** Where the containers that use the repositories write what ends with them. */
const RUNTIME_TMPFS = {
  "/run/holdfast": "rw,nosuid,nodev,noexec,size=64m,uid=999,gid=999,mode=0700",
};

/** PostgreSQL's wal_segment_size; initdb's default. */
const SEGMENT_MIB = 16;

/**
 * The two files that say what is backed up, when and to where; both readers watch them. Declared into
 * the given volume.
 */
export function repositoryFiles(
  placement: Placement,
  cloud: Cloud | undefined,
  live: docker.Volume,
  opts: pulumi.CustomResourceOptions,
): command.local.Command[] {
  const texts = {
    "pgbackrest.conf": withPath(cloud, (path, other) =>
      pgbackrestConf(placement, cloud, path, other),
    ),
    "backup.json": withPath(cloud, (path) => backupJson(placement, cloud, path)),
  };
  return Object.entries(texts).map(([path, content]) =>
    // A bad schedule leaves the old one in force.
    liveFile(
      placement,
      `backup-${path}`,
      { volume: live, path, content, image: placement.images.backup },
      opts,
    ),
  );
}

/** What both containers on the repositories are: one image, its secrets, a place on tmpfs. */
export function onRepositories(
  tier: "backup" | "restore-drill",
  { placement, passwords, cloud }: TierArgs & { readonly cloud: Cloud | undefined },
  certificate: Certificate,
) {
  return {
    image: placement.images.backup,
    tmpfs: RUNTIME_TMPFS,
    secrets: [
      secretFile("postgres-backup", passwords["postgres-backup"]),
      ...certificate.files,
      ...cloudSecrets(cloud),
    ],
    hosts: repositoryHosts(placement.subnet),
    ...waysToCloud(placement, tier),
    stopSeconds: 30,
  };
}

/** The builtin S3 server plays the cloud beside the link; the first site has it on its own network. */
function waysToCloud(
  { settings, site, peer }: Placement,
  tier: "backup" | "restore-drill",
): { joins?: Attachment[] } {
  const elsewhere = settings.backup.cloud.provider === "builtin" && peer?.founding === false;
  if (!elsewhere || peer.joint === undefined) return {};
  const address = jointAddress(settings, tier, site);
  return { joins: [{ network: peer.joint.network, address, aliases: [`${tier}-${site}`] }] };
}

/** The path in the bucket has the stack's id in it, which the first preview does not know. */
function withPath(
  cloud: Cloud | undefined,
  render: (path: string, other: string | undefined) => string,
): pulumi.Input<string> {
  if (cloud === undefined) return render("", undefined);
  const { path, otherPath } = cloud;
  if (otherPath === undefined) return path.apply((own) => render(own, undefined));
  return pulumi.all([path, otherPath]).apply(([own, other]) => render(own, other));
}

function pgbackrestConf(
  placement: Placement,
  cloud: Cloud | undefined,
  path: string,
  other: string | undefined,
): string {
  const { backup } = placement.settings;
  return renderRepositoryPgbackrestConf({
    clients: [...slotsOf("postgres").map((n) => aliasOf("postgres", n)), DRILL_COMMON_NAME],
    keepFull: backup.keepFull,
    ...(other === undefined ? {} : { otherPath: other }),
    ...(cloud === undefined
      ? {}
      : { cloud: { ...placeOf(cloud, path), keepDays: backup.cloud.keepDays } }),
  });
}

function backupJson(placement: Placement, cloud: Cloud | undefined, path: string): string {
  const { backup, database, objectives, timings } = placement.settings;
  return renderBackupSchedule({
    stanza: scopeOf(placement),
    nodes: slotsOf("postgres").map((n) => addressOf(placement.subnet, "postgres", n)),
    databases: [database.name],
    schedule: backup.schedule,
    tables: backup.logical,
    keepDumps: backup.keepDumps,
    seedMaxAgeSeconds: backup.seedMaxAgeSeconds,
    queueLimitSegments: Math.floor(database.archiveQueueMiB / SEGMENT_MIB),
    objectives: { ...objectives, archiveTimeoutSeconds: timings.archiveTimeoutSeconds },
    ...(cloud === undefined
      ? {}
      : { cloud: { ...placeOf(cloud, path), keepDumps: backup.cloud.keepDumps } }),
  });
}

function placeOf(cloud: Cloud, path: string) {
  const { endpoint, region, bucket, pathStyle, caCertificate } = cloud;
  const authority = caCertificate === undefined ? {} : { caFile: CLOUD_CA_FILE };
  return { endpoint, region, bucket, path, pathStyle, ...authority };
}
