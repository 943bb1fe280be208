/** loki.yml: one Loki on one disk, for one site's logs. */
import { stringify } from "yaml";

/** Facts that {@link renderLokiYml} needs. */
export interface LokiYmlArgs {
  /** How long lines are kept, in Loki's own notation: `168h`. */
  readonly retention: string;
}

/** What each line is filed under. Few values each: Loki opens a file for every combination. */
export const STREAM_LABELS = ["stack", "site", "component", "instance", "level"] as const;

const DATA = "/var/lib/loki";
const HEADER =
  "# Rendered by Holdfast from templates/loki.yml.ts. Edit the settings, not this file.";

/** Renders loki.yml. Pure; the same args give the same text. */
export function renderLokiYml(args: LokiYmlArgs): string {
  const config = {
    // One tenant: who may read logs is decided by who reaches the port.
    auth_enabled: false,
    analytics: { reporting_enabled: false },
    server: {
      http_listen_port: 3100,
      grpc_listen_address: "127.0.0.1",
      log_level: "warn",
      // Its own parts talk to each other in chunks; a month of one stream is larger than the default 4 MiB.
      grpc_server_max_recv_msg_size: 16 * 1024 * 1024,
      grpc_server_max_send_msg_size: 16 * 1024 * 1024,
    },
    common: {
      instance_addr: "127.0.0.1",
      path_prefix: DATA,
      storage: {
        filesystem: { chunks_directory: `${DATA}/chunks`, rules_directory: `${DATA}/rules` },
      },
      replication_factor: 1,
      ring: { kvstore: { store: "inmemory" } },
    },
    schema_config: {
      configs: [
        {
          // Before the first line that any installation has.
          from: "2025-01-01",
          store: "tsdb",
          object_store: "filesystem",
          schema: "v13",
          index: { prefix: "index_", period: "24h" },
        },
      ],
    },
    ingester: {
      // There is no ring to wait for: ready as soon as it answers, not 15 s later.
      lifecycler: { min_ready_duration: "0s" },
      wal: { dir: `${DATA}/wal`, flush_on_shutdown: true, replay_memory_ceiling: "64MB" },
      chunk_encoding: "snappy",
      chunk_idle_period: "30m",
      // Half of it is how late a line may come: a collector that was down for hours delivers what it missed.
      max_chunk_age: "12h",
    },
    limits_config: {
      retention_period: args.retention,
      reject_old_samples_max_age: "168h",
      allow_structured_metadata: true,
      volume_enabled: true,
      // It would add a label that says what `component` does.
      discover_service_name: [],
      // The collector catching up is the only burst there is; it waits when it is told to.
      ingestion_rate_mb: 16,
      ingestion_burst_size_mb: 32,
      max_query_parallelism: 2,
      otlp_config: {
        resource_attributes: {
          ignore_defaults: true,
          attributes_config: [{ action: "index_label", attributes: [...STREAM_LABELS] }],
        },
      },
    },
    compactor: {
      working_directory: `${DATA}/compactor`,
      retention_enabled: true,
      delete_request_store: "filesystem",
      // A line is gone within an hour of its time; the default of two hours' grace helps nobody who reads a full disk.
      retention_delete_delay: "15m",
    },
    // Embedded caches of 100 MB each are for more than one site's logs.
    query_range: {
      results_cache: { cache: { embedded_cache: { enabled: true, max_size_mb: 16 } } },
    },
    chunk_store_config: {
      chunk_cache_config: { embedded_cache: { enabled: true, max_size_mb: 16 } },
    },
    query_scheduler: { max_outstanding_requests_per_tenant: 256 },
    pattern_ingester: { enabled: false },
  };
  return `${HEADER}\n${stringify(config, { lineWidth: 0 })}`;
}
