/**
 * Patroni's configuration in two files: patroni.yml, what is one member's own (an upload, no
 * secrets), and dynamic.yml, what the cluster shares (a live file: a change replaces no container).
 */

import { stringify } from "yaml";

/** Facts about one member that {@link renderPatroniYml} needs. */
export interface PatroniYmlArgs {
  /** The cluster's name, `<stack>-<site>`. */
  readonly scope: string;
  /** The member's name, e.g. `postgres-1`. */
  readonly name: string;
  /** The member's fixed address: names vanish with a cut network, addresses do not. */
  readonly address: string;
  /** Fixed addresses of all etcd members. */
  readonly etcdAddresses: readonly string[];
}

/** What all members agree on; see {@link renderDynamicYml}. */
export interface DynamicYmlArgs {
  /** Patroni's timers, from the objectives. */
  readonly timings: {
    readonly ttlSeconds: number;
    readonly loopWaitSeconds: number;
    readonly retryTimeoutSeconds: number;
    readonly primaryStartTimeoutSeconds: number;
    readonly primaryStopTimeoutSeconds: number;
  };
  /** `strict` stops writes when no replica confirms them; `available` goes on and alerts. */
  readonly durability: "available" | "strict";
}

const ETCD_PORT = 2379;
const REST_PORT = 8008;
const POSTGRES_PORT = 5432;

/** A replica further behind than this is no candidate in a failover, bytes: one mebibyte of WAL. */
const MAXIMUM_LAG_ON_FAILOVER = 1024 * 1024;

/** The text of one member's patroni.yml. holdfast-supervise adds secrets and `bootstrap.dcs`. */
export function renderPatroniYml(args: PatroniYmlArgs): string {
  const document = {
    scope: args.scope,
    namespace: "/holdfast/",
    name: args.name,
    log: { level: "INFO" },
    restapi: {
      listen: `0.0.0.0:${REST_PORT}`,
      connect_address: `${args.address}:${REST_PORT}`,
      authentication: { username: "holdfast" },
      // Routers and poolers ask four times a second each; Patroni's default of 5 drops some.
      request_queue_size: 128,
    },
    etcd3: {
      hosts: args.etcdAddresses.map((address) => `${address}:${ETCD_PORT}`),
      protocol: "http",
      username: "patroni",
    },
    bootstrap: {
      initdb: [
        "data-checksums",
        { encoding: "UTF8" },
        { locale: "C.UTF-8" },
        { "auth-local": "peer" },
        { "auth-host": "scram-sha-256" },
      ],
      // Chosen in the container by `method: holdfast`, when there is an order to restore.
      holdfast: {
        command: "holdfast-restore-run",
        no_params: true,
        // pgBackRest writes where WAL comes from and how far to go.
        keep_existing_recovery_conf: true,
      },
    },
    postgresql: {
      listen: `*:${POSTGRES_PORT}`,
      connect_address: `${args.address}:${POSTGRES_PORT}`,
      data_dir: "/var/lib/postgresql/17/main",
      bin_dir: "/usr/lib/postgresql/17/bin",
      pgpass: "/run/patroni/pgpass",
      // Patroni is the system user postgres: pg_hba's peer rule lets it in without a password.
      use_unix_socket: true,
      authentication: {
        superuser: { username: "postgres" },
        replication: { username: "replication" },
        rewind: { username: "rewind" },
      },
      parameters: { unix_socket_directories: "/run/postgresql" },
      // holdfast-seed decides by age and size; where it declines, the leader is copied.
      create_replica_methods: ["pgbackrest", "basebackup"],
      pgbackrest: { command: "holdfast-seed", keep_data: true, no_leader: true },
      basebackup: [{ checkpoint: "fast" }],
    },
    watchdog: { mode: "off" },
    tags: {},
  };
  return header("patroni.yml", stringify(document));
}

/** The text of dynamic.yml: Patroni's dynamic configuration without PostgreSQL's parameters. */
export function renderDynamicYml(args: DynamicYmlArgs): string {
  const { timings } = args;
  const document = {
    ttl: timings.ttlSeconds,
    loop_wait: timings.loopWaitSeconds,
    retry_timeout: timings.retryTimeoutSeconds,
    primary_start_timeout: timings.primaryStartTimeoutSeconds,
    primary_stop_timeout: timings.primaryStopTimeoutSeconds,
    maximum_lag_on_failover: MAXIMUM_LAG_ON_FAILOVER,
    synchronous_mode: "quorum",
    synchronous_mode_strict: args.durability === "strict",
    synchronous_node_count: 1,
    failsafe_mode: true,
    check_timeline: true,
    postgresql: {
      use_pg_rewind: true,
      use_slots: true,
      remove_data_directory_on_rewind_failure: true,
      remove_data_directory_on_diverged_timelines: true,
    },
  };
  return header("dynamic.yml", stringify(document));
}

function header(file: string, body: string): string {
  const first =
    "# Rendered by Holdfast from templates/patroni.yml.ts. Edit the settings, not this file.";
  const second =
    file === "patroni.yml"
      ? "# One member's own part; secrets and bootstrap.dcs are added in the container."
      : "# Patroni's dynamic configuration; holdfast-apply-settings brings a change to the cluster.";
  return `${first}\n${second}\n${body}`;
}
