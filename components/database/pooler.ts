import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { renderPgbouncerIni } from "../../templates/pgbouncer.ini.ts";
import {
  addressOf,
  aliasOf,
  databaseHosts,
  reachableAddress,
  slotsOf,
} from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import { liveFile } from "../docker/liveFile.ts";
import { physicalName, siteFacts } from "../docker/placement.ts";
import { secretFile } from "../docker/secretFile.ts";
import type { TierArgs } from "../docker/tier.ts";
import { volume } from "../docker/volume.ts";
import type { Roles } from "./roles.ts";

export interface PoolerArgs extends TierArgs {
  readonly roles: Roles;
}

/** Seconds libpq tries one pooler before the next: two poolers, and a client waits this long at most. */
const CONNECT_TIMEOUT_SECONDS = 3;

/**
 * PgBouncer, what clients talk to: one container for each port in `ports.pooler`, all alike, each
 * with a read-write and a read-only pool, the watchdog, and the agent that follows the leader and
 * holds PAUSE (M15, M22). No router stands between it and the members.
 */
export class Pooler extends pulumi.ComponentResource {
  /** From outside, to the leader: names every pooler. Secret. */
  readonly databaseUrl: pulumi.Output<string>;
  /** From outside, to the replicas: names every pooler. Secret. */
  readonly readReplicaUrl: pulumi.Output<string>;
  /** The same two for containers on the site's network. Secret. */
  readonly internal: {
    readonly databaseUrl: pulumi.Output<string>;
    readonly readReplicaUrl: pulumi.Output<string>;
  };
  /** How many poolers there are. */
  readonly instances: number;

  constructor(name: string, args: PoolerArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:database:Pooler", name, {}, opts);
    const { settings } = args.placement;
    const { ports, network, database } = settings;
    this.instances = ports.pooler.length;
    let previous: docker.Container | undefined;
    ports.pooler.forEach((port, index) => {
      previous = this.declarePooler(args, index + 1, port, previous);
    });

    const outside = ports.pooler
      .map((port) => `${reachableAddress(network.bindAddress)}:${port}`)
      .join(",");
    const inside = ports.pooler.map((_, index) => `${aliasOf("pooler", index + 1)}:6432`).join(",");
    const url = (hosts: string, name: string): pulumi.Output<string> =>
      // The password is letters and digits alone, so it needs no escaping.
      pulumi.interpolate`postgresql://${database.owner}:${args.passwords["postgres-application"]}@${hosts}/${name}?connect_timeout=${CONNECT_TIMEOUT_SECONDS}`;
    this.databaseUrl = url(outside, database.name);
    this.readReplicaUrl = url(outside, `${database.name}_ro`);
    this.internal = {
      databaseUrl: url(inside, database.name),
      readReplicaUrl: url(inside, `${database.name}_ro`),
    };
    this.registerOutputs({});
  }

  private declarePooler(
    { placement, passwords, roles }: PoolerArgs,
    instance: number,
    port: number,
    previous: docker.Container | undefined,
  ): docker.Container {
    const { settings, site, subnet } = placement;
    const alias = aliasOf("pooler", instance);
    const live = volume(
      placement,
      `${alias}-config`,
      { component: "pooler", instance, precious: false },
      { parent: this },
    );
    const file = liveFile(
      placement,
      `${alias}-pgbouncer.ini`,
      {
        volume: live,
        path: "pgbouncer.ini",
        content: renderPgbouncerIni({
          database: settings.database.name,
          poolSize: settings.pooler.poolSize,
          maxClients: settings.pooler.maxClients,
          queryWaitTimeoutSeconds: settings.timings.queryWaitTimeoutSeconds,
        }),
        image: placement.images.pooler,
        // The validation wants PgBouncer itself, which refuses to run as root.
        validate: 'setpriv --reuid=998 --regid=998 --clear-groups holdfast-validate "$FILE"',
        reload: {
          anyOf: [physicalName(settings, `${site}-${alias}`)],
          command: 'docker kill --signal HUP "$CONTAINER" >/dev/null',
        },
      },
      { parent: this },
    );
    const facts = liveFile(
      placement,
      `${alias}-facts.json`,
      {
        volume: live,
        path: "facts.json",
        content: `${JSON.stringify({
          database: settings.database.name,
          // The whole range: a replica that comes or goes changes no file.
          members: slotsOf("postgres").map((n) => addressOf(subnet, "postgres", n)),
          readLagLimitBytes: settings.database.readLagLimitMiB * 1024 * 1024,
        })}\n`,
        image: placement.images.pooler,
        reload: {
          anyOf: [physicalName(settings, `${site}-${alias}`)],
          command: 'docker kill --signal HUP "$CONTAINER" >/dev/null',
        },
      },
      { parent: this },
    );
    return container(
      placement,
      {
        tier: "pooler",
        instance,
        image: placement.images.pooler,
        environment: {
          HOLDFAST_PATIENCE_SECONDS: String(settings.timings.queryWaitTimeoutSeconds),
          ...siteFacts(placement),
        },
        health: { command: ["holdfast-health"], intervalSeconds: 2, startPeriodSeconds: 20 },
        memoryMiB: settings.pooler.memoryMiB,
        volumes: [{ volume: live, path: "/etc/holdfast/live", readOnly: true }],
        tmpfs: { "/run/pgbouncer": "rw,nosuid,nodev,noexec,size=4m,uid=998,gid=998,mode=0700" },
        secrets: [
          secretFile("postgres-pgbouncer", passwords["postgres-pgbouncer"]),
          secretFile("pooler-admin", passwords["pooler-admin"]),
          secretFile("pooler-monitor", passwords["pooler-monitor"]),
          secretFile("pooler-agent", passwords["pooler-agent"]),
        ],
        ports: [{ internal: 6432, external: port }],
        hosts: databaseHosts(subnet),
        stopSeconds: 15,
      },
      {
        parent: this,
        // Chained: clients that lose one pooler always find another.
        dependsOn: [file, facts, roles, ...(previous === undefined ? [] : [previous])],
      },
    );
  }
}
