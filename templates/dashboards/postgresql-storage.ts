/** PostgreSQL's dashboard, the lower half: what its disk holds, and what will run out. */

import { INSTANCES, type Section } from "./dashboard.ts";
import { lines } from "./panels.ts";

const BY_INSTANCE = "{{instance}}";
/** Half of what there is. Vacuum against it begins by itself at 200 million. */
const XID_WARNING = 1_000_000_000;

/** Sizes, and what waits to be removed. */
export function storage(): Section {
  return {
    title: "Storage",
    panels: [
      lines({
        title: "Size of databases",
        description: "As on the largest member.",
        unit: "bytes",
        queries: [
          {
            expr: `max by (datname) (pg_database_size_bytes{${INSTANCES}})`,
            legend: "{{datname}}",
          },
        ],
        stacked: true,
      }),
      lines({
        title: "WAL on disk",
        description: "Size of pg_wal. It grows when archiving fails or a slot holds it back.",
        unit: "bytes",
        queries: [
          { expr: `max by (instance) (pg_wal_size_bytes{${INSTANCES}})`, legend: BY_INSTANCE },
        ],
        runbooks: ["WalArchivingFails", "ReplicationSlotRetainsWal"],
      }),
      lines({
        title: "Dead rows",
        description: "Rows that vacuum has yet to remove, the five tables with most of them.",
        unit: "short",
        queries: [
          {
            expr: `topk(5, max by (datname, relname) (pg_stat_user_tables_n_dead_tup{${INSTANCES}}))`,
            legend: "{{datname}} {{relname}}",
          },
        ],
      }),
      lines({
        title: "Temporary files",
        description: "Sorts and hashes that did not fit into work_mem, in bytes per second.",
        unit: "Bps",
        queries: [
          {
            expr: `sum by (instance) (rate(pg_stat_database_temp_bytes{${INSTANCES}}[$__rate_interval]))`,
            legend: BY_INSTANCE,
          },
        ],
      }),
    ],
  };
}

/** Numbers that end, and pages that are damaged. */
export function limits(): Section {
  return {
    title: "What will run out",
    panels: [
      lines({
        title: "Age of transaction ids",
        description:
          "Transactions since the oldest row that is not frozen. At 2.1 billion writes stop. (The exporter calls the number seconds.)",
        unit: "short",
        queries: [
          {
            expr: `max by (datname) (pg_database_wraparound_age_datfrozenxid_seconds{${INSTANCES}})`,
            legend: "{{datname}}",
          },
          {
            expr: `max by (datname) (pg_database_wraparound_age_datminmxid_seconds{${INSTANCES}})`,
            legend: "{{datname}} multixacts",
          },
        ],
        steps: [{ color: "green" }, { color: "red", from: XID_WARNING }],
      }),
      lines({
        title: "Sequences",
        description: "Part of its values that a sequence has used, the ten nearest to their end.",
        unit: "percentunit",
        queries: [
          {
            expr: `topk(10, max by (sequence) (holdfast_pg_sequence_used_ratio{${INSTANCES}}))`,
            legend: "{{sequence}}",
          },
        ],
        steps: [{ color: "green" }, { color: "red", from: 0.8 }],
      }),
      lines({
        title: "Damaged pages",
        description: "Pages that did not match their checksum when they were read. Must be 0.",
        unit: "short",
        queries: [
          {
            expr: `sum by (instance) (holdfast_pg_checksum_failures{${INSTANCES}})`,
            legend: BY_INSTANCE,
          },
        ],
        steps: [{ color: "green" }, { color: "red", from: 1 }],
      }),
    ],
  };
}
