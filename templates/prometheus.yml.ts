/** prometheus.yml: what is scraped, how often, and where the rules and Alertmanager are. */

import { stringify } from "yaml";
import { CONTAINER_INTERVAL_SECONDS } from "./collector.yml.ts";
import {
  OPTIONAL_JOBS,
  type OptionalJob,
  SCRAPE_JOBS,
  type ScrapeJob,
  SITE_JOBS,
} from "./targets.ts";

/** Facts that {@link renderPrometheusYml} needs. */
export interface PrometheusYmlArgs {
  readonly stack: string;
  readonly site: string;
  /** Seconds between two scrapes of a target; Patroni is asked more often. */
  readonly scrapeIntervalSeconds: number;
  /** Address of Alertmanager, without a port. */
  readonly alertmanagerAddress: string;
  /** Address of the exporter that probes every PostgreSQL server, without a port. */
  readonly postgresExporterAddress: string;
  /** Jobs of parts that not every stack has. @default none */
  readonly optional?: readonly OptionalJob[];
  /** Whether there are two sites. @default false */
  readonly sites?: boolean;
}

const LIVE = "/etc/holdfast/live";
const HEADER =
  "# Rendered by Holdfast from templates/prometheus.yml.ts. Edit the settings, not this file.";

/**
 * Seconds between two looks at who leads. Two for the scrape, one until what is gone counts as gone, two
 * for the rule: a leader
 * without a synchronous standby is known within the ten seconds that M16 promises.
 */
export function clusterIntervalSeconds(scrapeIntervalSeconds: number): number {
  return Math.min(2, scrapeIntervalSeconds);
}

/** What is kept of Loki's own metrics: what comes in, what is refused, what it holds, what it costs. */
const LOKI_SERIES = [
  "loki_build_info",
  "loki_distributor_(bytes|lines)_received_total",
  "loki_discarded_samples_total",
  "loki_ingester_(memory_streams|chunks_flushed_total|wal_disk_full_failures_total)",
  "loki_request_duration_seconds_(count|sum)",
  "loki_boltdb_shipper_compact_tables_operation_.*",
  "(process|go)_.*",
];

type Job = Record<string, unknown>;

/** Renders prometheus.yml; valid for Prometheus 2.53 and 3. Pure. */
export function renderPrometheusYml(args: PrometheusYmlArgs): string {
  const config = {
    global: {
      scrape_interval: `${args.scrapeIntervalSeconds}s`,
      evaluation_interval: `${args.scrapeIntervalSeconds}s`,
      // Put on what has no labels of its own, such as the alert that is always on.
      external_labels: { stack: args.stack, site: args.site },
    },
    rule_files: [`${LIVE}/rules/*.yml`],
    alerting: {
      alertmanagers: [{ static_configs: [{ targets: [`${args.alertmanagerAddress}:9093`] }] }],
    },
    scrape_configs: [
      ...jobs(args).map((name) => ({ ...job(name), ...special(name, args) })),
      foreignJob(),
    ],
  };
  return `${HEADER}\n${stringify(config, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function jobs({ optional = [], sites = false }: PrometheusYmlArgs): ScrapeJob[] {
  const absent: readonly string[] = OPTIONAL_JOBS.filter((name) => !optional.includes(name));
  const all = [...Object.keys(SCRAPE_JOBS), ...(sites ? Object.keys(SITE_JOBS) : [])];
  return (all as ScrapeJob[]).filter((name) => !absent.includes(name));
}

function job(name: ScrapeJob): Job {
  return {
    job_name: name,
    file_sd_configs: [fileSd(name)],
  };
}

/** A file of targets that names none, relative to the live volume; every job reads it, too. */
export const NO_TARGETS = { path: "targets/none.json", content: '[{ "targets": [] }]\n' };

/**
 * The files of one job's targets. Prometheus 2.53 goes on scraping the last target of a job whose only
 * file was removed just before a reload (seen: for as long as it ran), because it hands over no job
 * without a group of targets. {@link NO_TARGETS} gives each an empty one.
 */
function fileSd(name: ScrapeJob | "other") {
  const files = [`${LIVE}/targets/${name}.*.json`, `${LIVE}/${NO_TARGETS.path}`];
  return { files, refresh_interval: "1m" };
}

function special(name: ScrapeJob, args: PrometheusYmlArgs): Job {
  if (name === "patroni") {
    return {
      scrape_interval: `${clusterIntervalSeconds(args.scrapeIntervalSeconds)}s`,
      // A member that is gone refuses nothing: its series end when this has passed.
      scrape_timeout: "1s",
    };
  }
  if (name === "containers") {
    // Each series says which container it is of; the target's labels are the collector's own.
    return { honor_labels: true, scrape_interval: `${CONTAINER_INTERVAL_SECONDS}s` };
  }
  if (name === "loki") {
    // 1,185 series at rest, most of them of parts that one Loki on one disk has no use for.
    return {
      metric_relabel_configs: [
        { source_labels: ["__name__"], regex: LOKI_SERIES.join("|"), action: "keep" },
      ],
    };
  }
  return name === "postgres" ? probes(args.postgresExporterAddress) : {};
}

/** One exporter asks each server in turn: the target becomes its parameter. */
function probes(exporterAddress: string): Job {
  return {
    metrics_path: "/probe",
    params: { auth_module: ["monitor"] },
    relabel_configs: [
      { source_labels: ["__address__"], target_label: "__param_target" },
      {
        target_label: "__address__",
        replacement: `${exporterAddress}:${SCRAPE_JOBS["postgres-exporter"].port}`,
      },
    ],
    // The exporter repeats the address on some series and not on others; `instance` says it on all.
    metric_relabel_configs: [{ action: "labeldrop", regex: "server" }],
  };
}

/**
 * Targets of other tools. Their files carry a `job` label, and `__metrics_path__` or `__scheme__`
 * where these are not the usual ones.
 */
function foreignJob(): Job {
  return {
    job_name: "other",
    file_sd_configs: [fileSd("other")],
  };
}
