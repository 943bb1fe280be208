import type { Objectives, Timings } from "../objectives.ts";
import type { DnsServiceName } from "./dnsProviders.ts";

/**
 * Everything a stack can be told, checked and with units in the names; deep-frozen.
 *
 * Each field says its config key where that differs, its unit and its default. Set one with
 * `pulumi config set --path database.replicas 3`.
 */
export interface Settings {
  /** The Pulumi project, `holdfast`. */
  readonly project: string;
  /** The stack's name: lower-case letters, digits, dashes, at most 20 characters. */
  readonly stack: string;
  /** Docker hosts by name. @default {h1: {docker: "unix:///var/run/docker.sock", dataRoot: "/var/lib/docker"}} */
  readonly hosts: Readonly<Record<string, HostSettings>>;
  /**
   * Sites by name; each is one Docker host and one network.
   * @default {a: {host: "h1", subnet: derived}}
   */
  readonly sites: Readonly<Record<string, SiteSettings>>;
  /**
   * A small etcd in a third place, which knows which site may take writes; undefined: people alone do.
   * @default none
   */
  readonly witness: WitnessSettings | undefined;
  readonly failover: {
    /**
     * Who decides that the other site takes over. `automatic` needs a witness. Config key
     * `failover.sites`. @default "people"
     */
    readonly sites: "people" | "automatic";
  };
  readonly network: {
    /** The host's address that published ports listen on, IPv4. @default "127.0.0.1" */
    readonly bindAddress: string;
    /**
     * The private IPv4 /24 between sites on one Docker host; nothing stands on it while there is one
     * site. @default derived from the stack's name
     */
    readonly linkSubnet: string;
  };
  /** Ports published on the host. */
  readonly ports: PortSettings;
  /** Recovery objectives; `timings` follows from them. @default 60 s and 60 s */
  readonly objectives: Objectives;
  readonly database: DatabaseSettings;
  readonly etcd: {
    /** Members of the consensus store; fixed after creation. @default 3 */
    readonly members: 1 | 3 | 5 | 7;
    /** Limit of each member. Config key `etcd.memory`. @default 128 */
    readonly memoryMiB: number;
  };
  readonly pooler: PoolerSettings;
  readonly application: ApplicationSettings;
  readonly backup: BackupSettings;
  readonly monitoring: MonitoringSettings;
  readonly alerting: AlertingSettings;
  /** The public names and who serves them; undefined without `dns.zone`. @default none */
  readonly dns: DnsSettings | undefined;
  readonly recovery: RecoverySettings;
  readonly images: ImageSettings;
  /** Derived from `objectives`, never configured. */
  readonly timings: Timings;
}

export interface HostSettings {
  /** Docker's address: `unix:///path`, `ssh://user@host` or `tcp://host:port`. */
  readonly docker: string;
  /**
   * Docker's own folder on that host, whose log files the collector reads; `up` records where it lies
   * elsewhere. @default "/var/lib/docker"
   */
  readonly dataRoot: string;
  /**
   * Where other hosts reach this one, IPv4; sites on different hosts need it. Empty: nowhere.
   * @default ""
   */
  readonly address: string;
}

export interface SiteSettings {
  /** A key of `hosts`. */
  readonly host: string;
  /** The network's private IPv4 /24. A change replaces the network and every container on it. */
  readonly subnet: string;
  /**
   * What the application does while the site is not the active one: serve pages read-only (running),
   * or wait behind an edge that answers 503 (standby). @default "standby"
   */
  readonly application: "running" | "standby";
  /**
   * Added to every port of `ports` that the site publishes. @default 0; 10000 for the second site on
   * one host
   */
  readonly portOffset: number;
}

/** A single etcd member on a network of its own. */
export interface WitnessSettings {
  /** A key of `hosts`: in earnest one that carries no site. @default the first host */
  readonly host: string;
  /** The network's private IPv4 /24. @default derived from the stack's name */
  readonly subnet: string;
}

export interface PortSettings {
  /** The shop, through the edge. @default 8080 */
  readonly app: number;
  /** One PgBouncer each. @default [6432, 6433] */
  readonly pooler: readonly number[];
  /** The status page. @default 8081 */
  readonly status: number;
  /** @default 9090 */
  readonly prometheus: number;
  /** @default 9093 */
  readonly alertmanager: number;
  /** @default 3000 */
  readonly grafana: number;
  /** @default 3100 */
  readonly loki: number;
  /**
   * Where the other site reaches this one when it is on another host: the leader here, the site's agent
   * on the next port. Published only then. @default 7432
   */
  readonly link: number;
  /** Where sites on other hosts reach the witness. Published only then. @default 7442 */
  readonly witness: number;
}

export interface DatabaseSettings {
  /** The application's database; fixed after creation. @default "shop" */
  readonly name: string;
  /** The role that owns it; fixed after creation. @default "shop" */
  readonly owner: string;
  /** Replicas beside the leader, 1 to 10. @default 2 */
  readonly replicas: number;
  /**
   * What a leader without a synchronous standby does: go on (available) or stop writes (strict).
   */
  readonly durability: "available" | "strict";
  /** Limit of each member. Config key `database.memory`. @default 512 */
  readonly memoryMiB: number;
  /**
   * What each data volume may hold, for max_slot_wal_keep_size and the archive's queue. Config key
   * `database.volumeSize`.
   * @default 10240
   */
  readonly volumeSizeMiB: number;
  /** max_connections. @default 200 */
  readonly maxConnections: number;
  /**
   * How long a member may take to become healthy. Config key `database.seedTimeout`.
   * @default 600
   */
  readonly seedTimeoutSeconds: number;
  /** The method of the general rules in pg_hba.conf. @default "scram-sha-256" */
  readonly authentication: "scram-sha-256" | "md5";
  /**
   * Whether pg_hba.conf trusts the container's own socket (`local all all trust`).
   * @default false
   */
  readonly trustLocal: boolean;
  /** Extra lines of pg_hba.conf, before the general rules. @default [] */
  readonly hba: readonly string[];
  /** Extra parameters of postgresql.conf. @default {} */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /**
   * WAL that may wait on a member for the archive; what comes after it is dropped, and the archive's
   * hole is filled later. Derived from `volumeSize`, never configured. @default 1024
   */
  readonly archiveQueueMiB: number;
  /** A replica further behind serves no reads. Config key `database.readLagLimit`. @default 16 */
  readonly readLagLimitMiB: number;
}

export interface PoolerSettings {
  /** Server connections per pool and pooler. @default 20 */
  readonly poolSize: number;
  /** Client connections per pooler. @default 1000 */
  readonly maxClients: number;
  /** Limit of each pooler. Config key `pooler.memory`. @default 128 */
  readonly memoryMiB: number;
}

/** The shop in app/, or an application of one's own: docs/own-app.md. */
export interface ApplicationSettings {
  /** An image that is on the Docker host or can be pulled, with its version. @default "" */
  readonly image: string;
  /**
   * A folder with a Dockerfile, relative to the repository or absolute, that the application is built
   * from. Either this or `image`; without both it is the shop. @default ""
   */
  readonly context: string;
  /** Port that an instance listens on, HTTP. @default 8000 */
  readonly port: number;
  /** Path that answers 200 while an instance may get requests. @default "/healthz" */
  readonly healthPath: string;
  /**
   * Program and arguments in the image that end with 0 while an instance is well. Empty: whichever
   * HTTP client the image has asks `healthPath`. @default ["holdfast-health"] for the shop, else []
   */
  readonly health: readonly string[];
  /**
   * Program and arguments in the image that run before the first new instance, once per image, with
   * the leader's URL on standard input. @default ["holdfast-migrate"] for the shop, else []: none
   */
  readonly migrate: readonly string[];
  /** Path of metrics for Prometheus; empty without. @default "/metrics" for the shop, else "" */
  readonly metricsPath: string;
  /** Instances that always run and instances at the most. @default {min: 2, max: 4} */
  readonly instances: { readonly min: number; readonly max: number };
  /** The shop's gunicorn workers; with `threads`, how many requests an instance works on. @default 2 */
  readonly workers: number;
  /** gunicorn's threads per worker. @default 4 */
  readonly threads: number;
  /** Limit of each instance. Config key `application.memory`. @default 384 */
  readonly memoryMiB: number;
  /** Whether pages name the instance and the member that served them. @default true */
  readonly footer: boolean;
  readonly scaling: ScalingSettings;
}

/** How traffic decides between `instances.min` and `instances.max`. */
export interface ScalingSettings {
  /**
   * Requests a second that one instance should bear. A page of the sample shop takes some 5 ms of
   * CPU, so that one core serves about 200; a quarter of it leaves room for the database beside it
   * and for the seconds until a further instance serves. @default 50
   */
  readonly targetRequests: number;
  /**
   * How far the measured load may be from the target without a change, in per cent. Config key
   * `application.scaling.tolerance`. @default 10
   */
  readonly tolerancePercent: number;
  /**
   * More instances only when the load asked for them throughout so long. Config key
   * `application.scaling.upWindow`. @default 0
   */
  readonly upWindowSeconds: number;
  /**
   * Fewer instances only when the load asked for no more throughout so long. Config key
   * `application.scaling.downWindow`. @default 300
   */
  readonly downWindowSeconds: number;
  /** Instances that may be added within 15 s. @default 20 */
  readonly upStep: number;
  /** Instances that may go within 15 s. @default 1 */
  readonly downStep: number;
}

export interface BackupSettings {
  /** When what runs: five cron fields each, UTC. */
  readonly schedule: {
    /** Full or differential base backups, to each repository. @default "15 2 * * *" */
    readonly physical: string;
    /** Incremental ones between them. @default derived from the recovery point: every 4 h for 1 min */
    readonly incremental: string;
    /** Dumps, to each repository. @default "45 2 * * *" */
    readonly logical: string;
    /** Restore drills. @default "30 3 * * *" */
    readonly drill: string;
  };
  /**
   * Tables that are dumped by themselves too, beside the whole database: `table` or `schema.table`.
   * @default ["users", "orders", "order_lines"]
   */
  readonly logical: readonly string[];
  /** Full base backups kept in the local repository, and the WAL since the oldest. @default 2 */
  readonly keepFull: number;
  /** Dumps kept in the local repository. @default 7 */
  readonly keepDumps: number;
  /** Limit of the backup container. Config key `backup.memory`. @default 384 */
  readonly memoryMiB: number;
  /**
   * Limit of the restore drills' container, its scratch PostgreSQL included. Config key
   * `backup.drillMemory`. @default 512
   */
  readonly drillMemoryMiB: number;
  /**
   * A new member is seeded from the newest base backup when that is younger, else from the leader.
   * Config key `backup.seedMaxAge`. @default 3600
   */
  readonly seedMaxAgeSeconds: number;
  readonly cloud: CloudSettings;
}

/** The second repository, in S3. */
export interface CloudSettings {
  /**
   * Where it is: nowhere, in an S3 server that runs beside the database (to try and to test), or at
   * an S3 endpoint of one's own. @default "none"
   */
  readonly provider: "none" | "builtin" | "s3";
  /** `https://host[:port]` of provider s3, else empty. @default "" */
  readonly endpoint: string;
  /** What requests are signed for. @default "us-east-1" */
  readonly region: string;
  /** The bucket. @default "holdfast" for provider builtin, else none */
  readonly bucket: string;
  /**
   * First part of the path in the bucket; the stack's random id follows, so that no two stacks share
   * one. A change begins a new, empty repository. @default "holdfast"
   */
  readonly prefix: string;
  /** `https://endpoint/bucket` (true) or `https://bucket.endpoint` (false). @default true */
  readonly pathStyle: boolean;
  /** PEM of the endpoint's authority where the system does not know it, else empty. @default "" */
  readonly caCertificate: string;
  /** Days that one can go back in the cloud repository. @default 30 */
  readonly keepDays: number;
  /** Dumps kept in the cloud repository. @default 30 */
  readonly keepDumps: number;
}

export interface MonitoringSettings {
  /** Whether Grafana runs. @default true */
  readonly grafana: boolean;
  /** How long Prometheus keeps samples, in its own notation. @default "15d" */
  readonly retention: string;
  /** Config key `monitoring.scrapeInterval`. @default 5 */
  readonly scrapeIntervalSeconds: number;
  /**
   * Limit of Prometheus; others have limits of their own. Config key `monitoring.memory`.
   * @default 512
   */
  readonly memoryMiB: number;
  /** How long Loki keeps lines, in days or weeks: `7d`. @default "7d" */
  readonly logRetention: string;
  /** Limit of Loki. Config key `monitoring.lokiMemory`. @default 256 */
  readonly lokiMemoryMiB: number;
  /** Limit of the log collector. Config key `monitoring.collectorMemory`. @default 128 */
  readonly collectorMemoryMiB: number;
  /**
   * Where alerts say that their pages are: a URL, or a folder of this repository. No slash at its end.
   * @default "docs/runbooks"
   */
  readonly runbookUrl: string;
  /**
   * Folder with targets, rules, dashboards and log sources of one's own (docs/extending.md), relative to
   * the repository or absolute. Config key `monitoring.extensions`. @default "" (none)
   */
  readonly extensions: string;
}

/** Who is told of alerts. Without any of these they are seen in `status` and Alertmanager alone. */
export interface AlertingSettings {
  readonly email: {
    /** Whom to write to, with commas between; empty: nobody. @default "" */
    readonly to: string;
    /** The sender's address. @default "" */
    readonly from: string;
    /** The mail server, `host:port`. @default "" */
    readonly smarthost: string;
    /** Its user; the password is the secret `alertSmtpPassword`. Empty: no login. @default "" */
    readonly username: string;
    /** Whether mail goes by TLS (STARTTLS) only. @default true */
    readonly requireTls: boolean;
  };
  /** Whether alerts are posted to the URL in the secret `alertWebhookUrl`. @default false */
  readonly webhook: boolean;
  /**
   * URL that is posted to each minute while alerting works; whoever knows it can feign that it does.
   * Empty: nobody notices when it does not. @default ""
   */
  readonly deadMansSwitch: string;
}

/** The public names, which point to the active site: docs/dns.md. */
export interface DnsSettings {
  /** The zone, without a dot at its end: `example.org`. */
  readonly zone: string;
  /** The application's name inside the zone; `@` is the zone itself. @default "app" */
  readonly app: string;
  /** The database's name inside the zone; empty: it has none. @default "" */
  readonly database: string;
  /**
   * How long clients may keep an answer, and so go on to a lost site after the names have moved. Config
   * key `dns.ttl`. @default 30
   */
  readonly ttlSeconds: number;
  /**
   * Who serves the zone: a name server of this stack (to try, to test, or behind a public secondary), a
   * primary that takes updates by RFC 2136 (BIND, Knot, PowerDNS), or a DNS service with an API.
   * @default "builtin"
   */
  readonly provider: "builtin" | "rfc2136" | "octodns";
  /**
   * Each site's public addresses, IPv4 and IPv6, for both names. @default with provider builtin, what is
   * reached from the Docker host: the edge's and the poolers' own
   */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  /**
   * Name servers that are asked what clients see, `host[:port]`. @default the builtin server, `server`,
   * or the zone's own name servers
   */
  readonly resolvers: readonly string[];
  /** Provider builtin: the Docker host of the name server; in earnest one that carries no site. @default the first */
  readonly host: string;
  /** Provider builtin: its network, a private IPv4 /24. A change replaces it. @default derived */
  readonly subnet: string;
  /** Provider builtin: the host's port, UDP and TCP. @default 8053 */
  readonly port: number;
  /** Provider rfc2136: the primary, `host[:port]`, whose key is the secret `dnsSecret`. @default "" */
  readonly server: string;
  /** Provider rfc2136: the TSIG key's name. @default "holdfast" */
  readonly keyName: string;
  /** @default "hmac-sha256" */
  readonly keyAlgorithm: "hmac-sha256" | "hmac-sha384" | "hmac-sha512";
  /** Provider octodns: the DNS service. @default "" */
  readonly service: DnsServiceName | "";
  /** Provider octodns: more parameters of octoDNS' class for that service; none is secret. @default {} */
  readonly options: Readonly<Record<string, string | number | boolean>>;
}

/** What `./holdfast recovery-plan` says of people. */
export interface RecoverySettings {
  /** Who decides on a failover to another site. @default "" (the plan has a blank line there) */
  readonly decides: string;
  /** Who is told, and how, a line each. @default [] (the plan has blank lines there) */
  readonly contacts: readonly string[];
}

export interface ImageSettings {
  /** What our images are built from. @default "debian:trixie-slim" */
  readonly base: string;
  /** An upstream image, or `debian`: built by us from Debian's package. */
  readonly prometheus: string;
  /** An upstream image, or `debian`: built by us from Debian's package. */
  readonly alertmanager: string;
  readonly grafana: string;
  /** An upstream image that the program is taken from, or `modules`: compiled from Go modules. */
  readonly loki: string;
  /** An upstream image that the program is taken from, or `modules`: compiled from Go modules. */
  readonly collector: string;
  /**
   * A date (YYYY-MM-DD) that enters every image's name: a new one rebuilds them all.
   * @default ""
   */
  readonly refresh: string;
}
