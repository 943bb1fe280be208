/**
 * What Prometheus scrapes: one small file per target, so that one more replica is one more file and
 * no other file changes (M13). Prometheus watches the folder; nothing is reloaded.
 */

/** Port and path of each kind of target. `postgres` is what the exporter is asked to probe. */
export const SCRAPE_JOBS = {
  patroni: { port: 8008 },
  postgres: { port: 5432 },
  etcd: { port: 2379 },
  router: { port: 8404 },
  pooler: { port: 9127 },
  edge: { port: 8404 },
  app: { port: 8000 },
  backup: { port: 9854 },
  guard: { port: 9855 },
  autoscaler: { port: 9856 },
  status: { port: 8081 },
  prometheus: { port: 9090 },
  alertmanager: { port: 9093 },
  grafana: { port: 3000 },
  loki: { port: 3100 },
  collector: { port: 8888 },
  containers: { port: 8889 },
  "postgres-exporter": { port: 9187 },
  node: { port: 9100 },
  "dns-sync": { port: 9857 },
} as const satisfies Record<string, { port: number }>;

/** Jobs of what not every stack has; without it Prometheus knows none. */
export const OPTIONAL_JOBS = ["dns-sync"] as const satisfies ScrapeJob[];

/** One of {@link OPTIONAL_JOBS}. */
export type OptionalJob = (typeof OPTIONAL_JOBS)[number];
/** The same of what there is with two sites alone. */
export const SITE_JOBS = {
  link: { port: 8404 },
  "site-agent": { port: 9857 },
} as const satisfies Record<string, { port: number }>;

/** A kind of target; also the `job` label of its series. */
export type ScrapeJob = keyof typeof SCRAPE_JOBS | keyof typeof SITE_JOBS;

/** Facts that {@link renderTarget} needs. */
export interface TargetArgs {
  /** Which scrape job the target belongs to. */
  readonly job: ScrapeJob;
  /** IPv4 address, without a port. For `pooler` it is the exporter's beside that pooler. */
  readonly address: string;
  /** @default the job's, as in {@link SCRAPE_JOBS} and {@link SITE_JOBS} */
  readonly port?: number;
  /** Path of the metrics. @default "/metrics", or what the job says */
  readonly metricsPath?: string;
  /** Labels that every series of the target carries. */
  readonly labels: {
    readonly stack: string;
    readonly site: string;
    /** The tier that is observed, e.g. `postgres`. */
    readonly component: string;
    /** The container that is observed, e.g. `postgres-1`: for `pooler` not its exporter. */
    readonly instance: string;
  };
}

/** Path of a target's file inside the live volume, e.g. `targets/patroni.postgres-1.json`. */
export function targetPath(job: ScrapeJob, instance: string): string {
  return `targets/${job}.${instance}.json`;
}

/** Path of a file with targets of another tool. */
export function foreignTargetPath(name: string): string {
  return `targets/other.${name}.json`;
}

/** Renders one target as Prometheus' file_sd wants it. JSON has no comments. */
export function renderTarget(args: TargetArgs): string {
  const { stack, site, component, instance } = args.labels;
  const path = args.metricsPath === undefined ? {} : { __metrics_path__: args.metricsPath };
  const target = {
    targets: [`${args.address}:${args.port ?? portOf(args.job)}`],
    labels: { stack, site, component, instance, ...path },
  };
  return `${JSON.stringify([target], undefined, 2)}\n`;
}

function portOf(job: ScrapeJob): number {
  return { ...SCRAPE_JOBS, ...SITE_JOBS }[job].port;
}
