import type * as command from "@pulumi/command";
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { renderDynamicYml, renderPatroniYml } from "../../templates/patroni.yml.ts";
import { renderPgHbaConf } from "../../templates/pg_hba.conf.ts";
import { renderNodePgbackrestConf } from "../../templates/pgbackrest.conf.ts";
import { renderPostgresqlConf } from "../../templates/postgresql.conf.ts";
import type { Authority } from "../backup/authority.ts";
import type { Backup } from "../backup/backup.ts";
import { addressOf, aliasOf, databaseHosts, slotsOf } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import { liveFile } from "../docker/liveFile.ts";
import { physicalName, scopeOf, siteFacts } from "../docker/placement.ts";
import { type SecretFile, secretFile } from "../docker/secretFile.ts";
import type { TierArgs } from "../docker/tier.ts";
import { volume } from "../docker/volume.ts";
import type { CredentialName } from "./credentials.ts";
import type { EtcdCluster } from "./etcd.ts";

export interface PostgresClusterArgs extends TierArgs {
  readonly authority: Authority;
  readonly etcd: EtcdCluster;
  /** A member may have to restore through it before it starts for the first time. */
  readonly backup: Backup;
  /** What else has to be there first: who says whether the site may take writes. @default nothing */
  readonly after: readonly pulumi.Resource[];
}

/** Passwords that a member reads. */
const MEMBER_SECRETS: readonly CredentialName[] = [
  "postgres-superuser",
  "postgres-replication",
  "postgres-rewind",
  "patroni-rest",
  "etcd-patroni",
  "pooler-agent",
];

/**
 * `/dev/shm`, where parallel queries exchange rows (shared_buffers lie elsewhere). A constant: it can
 * only be set when a container is made, and a change of memory must replace none.
 */
const SHARED_MEMORY_MIB = 256;

/**
 * One leader and `database.replicas` replicas: PostgreSQL 17 under Patroni, quorum-synchronous.
 *
 * Members are alike; which one leads is Patroni's to say. They are chained by `dependsOn` with a wait
 * for health, never by an output of one another, so that one `up` replaces them one at a time (M14).
 * postgresql.conf and pg_hba.conf are live files: a changed line reaches PostgreSQL through Patroni
 * and replaces nothing (M11).
 */
export class PostgresCluster extends pulumi.ComponentResource {
  /** Addresses of the members that exist, in order. */
  readonly addresses: readonly string[];

  private readonly args: PostgresClusterArgs;

  constructor(name: string, args: PostgresClusterArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:database:PostgresCluster", name, {}, opts);
    this.args = args;
    const { placement } = args;
    const numbers = Array.from(
      { length: placement.settings.database.replicas + 1 },
      (_, i) => i + 1,
    );
    const config = volume(
      placement,
      "postgres-config",
      { component: "postgres", precious: false },
      { parent: this },
    );
    const files = this.declareLiveFiles(config);
    let previous: docker.Container | undefined;
    for (const n of numbers) {
      previous = this.declareMember(n, config, files, previous);
    }
    this.addresses = numbers.map((n) => addressOf(placement.subnet, "postgres", n));
    this.registerOutputs({});
  }

  /**
   * The cluster's configuration. Each write reconciles Patroni with all files; one that finds nothing
   * left to do does nothing.
   */
  private declareLiveFiles(config: docker.Volume): command.local.Command[] {
    const { placement } = this.args;
    const { database, timings } = placement.settings;
    const texts = {
      "postgresql.conf": renderPostgresqlConf({
        memoryMiB: database.memoryMiB,
        volumeSizeMiB: database.volumeSizeMiB,
        maxConnections: database.maxConnections,
        archiveTimeoutSeconds: timings.archiveTimeoutSeconds,
        archiveCommand: this.archiveCommand(),
        authentication: database.authentication,
        parameters: database.parameters,
      }),
      "pg_hba.conf": renderPgHbaConf({
        method: database.authentication,
        trustLocal: database.trustLocal,
        subnet: placement.subnet,
        extra: database.hba,
      }),
      "dynamic.yml": renderDynamicYml({
        timings: timings.patroni,
        durability: database.durability,
      }),
      poolers: `${placement.settings.ports.pooler
        .map((_, index) => addressOf(placement.subnet, "pooler", index + 1))
        .join(",")}\n`,
    };
    // Any running member can do it; they are asked in order and the first that runs answers. The whole
    // range, so that the command stays the same when replicas come and go.
    const containers = slotsOf("postgres").map((n) =>
      physicalName(placement.settings, `${placement.site}-${aliasOf("postgres", n)}`),
    );
    return Object.entries(texts).map(([path, content]) =>
      liveFile(
        placement,
        `postgres-${path}`,
        {
          volume: config,
          path,
          content,
          image: placement.images.postgres,
          ...(path === "poolers"
            ? {}
            : {
                // PostgreSQL, which checks its own file, refuses to run as root.
                validate: `setpriv --reuid=999 --regid=999 --clear-groups holdfast-validate ${path} < "$FILE"`,
                reload: {
                  anyOf: containers,
                  command: 'docker exec "$CONTAINER" holdfast-apply-settings',
                },
              }),
        },
        { parent: this },
      ),
    );
  }

  /** The queue's limit is here and not in pgbackrest.conf, whose change would replace the members. */
  private archiveCommand(): string {
    const { placement } = this.args;
    const limit = `--archive-push-queue-max=${placement.settings.database.archiveQueueMiB}MiB`;
    return `pgbackrest --stanza=${scopeOf(placement)} ${limit} archive-push %p`;
  }

  private declareMember(
    instance: number,
    config: docker.Volume,
    files: readonly pulumi.Resource[],
    previous: docker.Container | undefined,
  ): docker.Container {
    const { placement, authority, etcd, backup, after } = this.args;
    const { settings, subnet } = placement;
    const { database, timings } = settings;
    const alias = aliasOf("postgres", instance);
    const address = addressOf(subnet, "postgres", instance);
    const data = volume(
      placement,
      `${alias}-data`,
      { component: "postgres", instance, precious: true },
      { parent: this, retainOnDelete: true },
    );
    return container(
      placement,
      {
        tier: "postgres",
        instance,
        image: placement.images.postgres,
        environment: {
          HOLDFAST_SCOPE: scopeOf(placement),
          HOLDFAST_MEMBER: alias,
          HOLDFAST_ADDRESS: address,
          HOLDFAST_ETCD: etcd.addresses.join(","),
          HOLDFAST_PEERS: slotsOf("postgres")
            .map((n) => `${aliasOf("postgres", n)}=${addressOf(subnet, "postgres", n)}`)
            .join(","),
          HOLDFAST_STOP_PATH_SECONDS: String(timings.handover.stopPathSeconds),
          HOLDFAST_DRAIN_SECONDS: String(timings.handover.drainSeconds),
          HOLDFAST_PAUSE_LEASE_SECONDS: String(timings.handover.pauseLeaseSeconds),
          HOLDFAST_SEED_MAX_AGE_SECONDS: String(settings.backup.seedMaxAgeSeconds),
          // No empty database begins where a repository that cannot be read may hold one.
          HOLDFAST_CLOUD: settings.backup.cloud.provider === "none" ? "no" : "yes",
          PGBACKREST_CONFIG: "/etc/holdfast/pgbackrest.conf",
          ...siteFacts(placement),
        },
        health: {
          command: ["holdfast-health"],
          intervalSeconds: 2,
          timeoutSeconds: 5,
          retries: 5,
          startPeriodSeconds: 120,
        },
        memoryMiB: database.memoryMiB,
        shmMiB: SHARED_MEMORY_MIB,
        volumes: [
          { volume: data, path: "/var/lib/postgresql" },
          { volume: config, path: "/etc/holdfast/live", readOnly: true },
        ],
        tmpfs: {
          "/run/patroni": "rw,nosuid,nodev,noexec,size=16m,uid=999,gid=999,mode=0700",
          "/run/postgresql": "rw,nosuid,nodev,noexec,size=16m,uid=999,gid=999,mode=0755",
        },
        files: [
          {
            path: "/etc/holdfast/patroni.yml",
            content: renderPatroniYml({
              scope: scopeOf(placement),
              name: alias,
              address,
              etcdAddresses: etcd.addresses,
            }),
          },
          {
            path: "/etc/holdfast/pgbackrest.conf",
            content: renderNodePgbackrestConf({
              stanza: scopeOf(placement),
              repositoryAddress: addressOf(subnet, "backup"),
            }),
          },
        ],
        secrets: this.secretsOf(authority, alias, address),
        hosts: databaseHosts(subnet),
        stopSeconds: timings.stopTimeoutSeconds,
        waitSeconds: database.seedTimeoutSeconds,
      },
      {
        parent: this,
        dependsOn: [
          etcd,
          backup,
          ...after,
          ...files,
          ...(previous === undefined ? [] : [previous]),
        ],
      },
    );
  }

  private secretsOf(authority: Authority, alias: string, address: string): SecretFile[] {
    const { placement, passwords } = this.args;
    const certificate = authority.issue(placement, alias, {
      // pgBackRest's server knows its clients by this name.
      commonName: alias,
      altNames: [alias, address],
    });
    return [
      ...MEMBER_SECRETS.map((name) => secretFile(name, passwords[name])),
      ...certificate.files,
    ];
  }
}
