/**
 * collector.yml: every container's lines from Docker's files into Loki, and every container's figures
 * from Docker into Prometheus.
 */
import { stringify } from "yaml";
import { lineOperators } from "./collector/lines.ts";
import { type LogSource, sourcesConfig } from "./collector/sources.ts";

/** Facts that {@link renderCollectorYml} needs. */
export interface CollectorYmlArgs {
  /** Label `holdfast.id` of this stack's containers: whatever else runs on the host is none of ours. */
  readonly stackId: string;
  /** Address of Loki, without a port. */
  readonly lokiAddress: string;
  /** Socket of the Docker proxy. */
  readonly dockerSocket: string;
  /** Limit of the container, in MiB. */
  readonly memoryMiB: number;
  /** Labels of lines that come from {@link sources}. */
  readonly stack: string;
  readonly site: string;
  /** Where else lines come from. @default nowhere */
  readonly sources?: readonly LogSource[];
}

/** Where Docker's folder of containers is mounted. */
export const CONTAINERS = "/containers";
/** Ports: figures of the containers, figures of the collector itself, its health. */
export const COLLECTOR_PORTS = { containers: 8889, self: 8888, health: 13133 } as const;
/**
 * Seconds between two looks at the containers' figures. Docker takes one to two seconds of waiting and
 * some 10 ms of CPU for each container.
 */
export const CONTAINER_INTERVAL_SECONDS = 15;

const DATA = "/var/lib/collector";
const HEADER =
  "# Rendered by Holdfast from templates/collector.yml.ts. Edit the settings, not this file.";

/** Renders collector.yml. Pure; the same args give the same text. */
export function renderCollectorYml(args: CollectorYmlArgs): string {
  const { stack, site, sources = [] } = args;
  const theirs = sourcesConfig(sources, { stack, site });
  const config = {
    receivers: {
      "file_log/containers": files(args),
      docker_stats: figures(args),
      ...theirs.receivers,
    },
    processors: {
      // Above it readers wait instead of the process being killed; the rest of the limit is Go's own.
      memory_limiter: {
        check_interval: "1s",
        limit_mib: Math.floor(args.memoryMiB * 0.75),
        spike_limit_mib: Math.floor(args.memoryMiB * 0.15),
      },
      "filter/own": {
        error_mode: "ignore",
        metrics: { metric: [`resource.attributes["holdfast_id"] != "${args.stackId}"`] },
      },
      "transform/names": { error_mode: "ignore", metric_statements: names() },
      ...theirs.processors,
    },
    exporters: { "otlp_http/loki": loki(args), prometheus: exposed() },
    extensions: {
      health_check: { endpoint: `127.0.0.1:${COLLECTOR_PORTS.health}` },
      "file_storage/positions": { directory: `${DATA}/positions`, create_directory: true },
      "file_storage/queue": { directory: `${DATA}/queue`, create_directory: true },
    },
    service: {
      extensions: ["health_check", "file_storage/positions", "file_storage/queue"],
      pipelines: {
        logs: {
          receivers: ["file_log/containers"],
          processors: ["memory_limiter"],
          exporters: ["otlp_http/loki"],
        },
        ...theirs.pipelines,
        metrics: {
          receivers: ["docker_stats"],
          processors: ["memory_limiter", "filter/own", "transform/names"],
          exporters: ["prometheus"],
        },
      },
      telemetry: {
        // It reads its own lines too: few of them.
        logs: { level: "warn", encoding: "json" },
        metrics: {
          readers: [
            {
              pull: {
                exporter: {
                  prometheus: {
                    host: "0.0.0.0",
                    port: COLLECTOR_PORTS.self,
                    without_scope_info: true,
                  },
                },
              },
            },
          ],
        },
      },
    },
  };
  return `${HEADER}\n${stringify(config, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function files(args: CollectorYmlArgs): Record<string, unknown> {
  return {
    // Rotated ones too: what was written while nobody read may have moved on. A file is known by its
    // first kilobyte, so it is not read twice under two names.
    include: [`${CONTAINERS}/*/*-json.log`, `${CONTAINERS}/*/*-json.log.[0-9]`],
    start_at: "beginning",
    storage: "file_storage/positions",
    poll_interval: "500ms",
    include_file_name: false,
    include_file_path: true,
    max_log_size: "256KiB",
    // Nothing is given up: while Loki is away reading waits, and Docker's files keep the lines.
    retry_on_failure: { enabled: true, max_elapsed_time: 0 },
    operators: lineOperators(args),
  };
}

function loki(args: CollectorYmlArgs): Record<string, unknown> {
  return {
    endpoint: `http://${args.lokiAddress}:3100/otlp`,
    // Over a bridge of the same host.
    compression: "none",
    retry_on_failure: {
      enabled: true,
      initial_interval: "1s",
      max_interval: "10s",
      max_elapsed_time: 0,
    },
    sending_queue: {
      // On the volume: a collector that is killed delivers it after its restart.
      storage: "file_storage/queue",
      num_consumers: 2,
      queue_size: 500,
      block_on_overflow: true,
      batch: { flush_timeout: "1s", min_size: 500, max_size: 2000, sizer: "items" },
    },
  };
}

function figures({ dockerSocket }: CollectorYmlArgs): Record<string, unknown> {
  const on = { enabled: true };
  const off = { enabled: false };
  return {
    endpoint: `unix://${dockerSocket}`,
    collection_interval: `${CONTAINER_INTERVAL_SECONDS}s`,
    timeout: "10s",
    // Whichever version the two have in common; its own default is 1.44, which Docker 20.10 is too old for.
    api_version: "",
    container_labels_to_metric_labels: {
      "holdfast.id": "holdfast_id",
      "holdfast.stack": "stack",
      "holdfast.site": "site",
      "holdfast.component": "component",
      "holdfast.instance": "number",
    },
    metrics: {
      "container.restarts": on,
      "container.uptime": on,
      "container.cpu.throttling_data.throttled_time": on,
      // What adds up to cpu.usage.total or follows from the others, and block devices by number.
      "container.cpu.usage.usermode": off,
      "container.cpu.usage.kernelmode": off,
      "container.cpu.utilization": off,
      "container.memory.percent": off,
      "container.memory.file": off,
      "container.memory.total_cache": off,
      "container.blockio.io_service_bytes_recursive": off,
      "container.network.io.usage.rx_dropped": off,
      "container.network.io.usage.tx_dropped": off,
    },
  };
}

/** The labels that every other series of this stack has, and nothing that changes with a replacement. */
function names(): string[] {
  const component = 'resource.attributes["component"]';
  const number = 'resource.attributes["number"]';
  return [
    `set(resource.attributes["instance"], ${component})`,
    `set(resource.attributes["instance"], Concat([${component}, ${number}], "-")) where ${number} != nil`,
    'keep_keys(resource.attributes, ["stack", "site", "component", "instance"])',
  ];
}

function exposed(): Record<string, unknown> {
  return {
    endpoint: `0.0.0.0:${COLLECTOR_PORTS.containers}`,
    resource_to_telemetry_conversion: { enabled: true },
    without_scope_info: true,
    // A container that is gone leaves no line on a chart.
    metric_expiration: `${3 * CONTAINER_INTERVAL_SECONDS}s`,
  };
}
