/** What there is to run on: the Docker host, and what each container takes of it. */

import { HERE, INSTANCES, renderDashboard, type Section } from "./dashboard.ts";
import { lines, type Step } from "./panels.ts";
import { HOSTS_UID } from "./uids.ts";

/** Renders hosts.json. Pure; the same at every site. */
export function renderHostsDashboard(): string {
  return renderDashboard({
    title: "Holdfast: hosts and containers",
    uid: HOSTS_UID,
    description: "Is there enough processor, memory and disk, and who takes it?",
    instancesOf: "up",
    sections: [machine(), disks(), containers()],
  });
}

const NODE = `${HERE}, job="node"`;
const BY_INSTANCE = "{{instance}}";
const FULL: Step[] = [
  { color: "green" },
  { color: "orange", from: 0.8 },
  { color: "red", from: 0.9 },
];
const rate = (metric: string, labels: string): string =>
  `rate(${metric}{${labels}}[$__rate_interval])`;

function machine(): Section {
  return {
    title: "Docker host",
    panels: [
      lines({
        title: "Processor",
        description: "Part of all cores that works, steal included.",
        unit: "percentunit",
        queries: [
          {
            expr: `1 - avg by (instance) (${rate("node_cpu_seconds_total", `${NODE}, mode="idle"`)})`,
            legend: BY_INSTANCE,
          },
        ],
        steps: FULL,
      }),
      lines({
        title: "Memory",
        description: "Part that is not available, caches that can be dropped left out.",
        unit: "percentunit",
        queries: [
          {
            expr: `1 - node_memory_MemAvailable_bytes{${NODE}} / node_memory_MemTotal_bytes{${NODE}}`,
            legend: BY_INSTANCE,
          },
        ],
        steps: FULL,
      }),
      lines({
        title: "Pressure",
        description: "Part of the time in which something waited. Not every kernel tells.",
        unit: "percentunit",
        queries: [
          { expr: rate("node_pressure_cpu_waiting_seconds_total", NODE), legend: "processor" },
          { expr: rate("node_pressure_memory_waiting_seconds_total", NODE), legend: "memory" },
          { expr: rate("node_pressure_io_waiting_seconds_total", NODE), legend: "disk" },
        ],
        steps: [{ color: "green" }, { color: "orange", from: 0.5 }],
      }),
      lines({
        title: "Load by core",
        description: "Processes that run or wait for a disk, by core; over 1 they queue.",
        unit: "short",
        queries: [
          {
            expr: `node_load1{${NODE}} / on (instance) count by (instance) (node_cpu_seconds_total{${NODE}, mode="idle"})`,
            legend: BY_INSTANCE,
          },
        ],
        steps: [{ color: "green" }, { color: "orange", from: 1 }, { color: "red", from: 3 }],
      }),
      lines({
        title: "Clock",
        description: "Seconds between the host's clock and its reference.",
        unit: "s",
        queries: [{ expr: `abs(node_timex_offset_seconds{${NODE}})`, legend: BY_INSTANCE }],
        runbooks: ["ClockSkew"],
      }),
      lines({
        title: "Running since",
        description: "Time since the host was started.",
        unit: "s",
        queries: [
          {
            expr: `node_time_seconds{${NODE}} - node_boot_time_seconds{${NODE}}`,
            legend: BY_INSTANCE,
          },
        ],
      }),
    ],
  };
}

function disks(): Section {
  return {
    title: "Disk under Docker's volumes",
    panels: [
      lines({
        title: "Full",
        description: "Part of the file system under Docker's data folder that is used.",
        unit: "percentunit",
        queries: [
          {
            expr: `1 - node_filesystem_avail_bytes{${NODE}} / node_filesystem_size_bytes{${NODE}}`,
            legend: "{{instance}} {{device}}",
          },
        ],
        steps: FULL,
        runbooks: ["BackupVolumeFills"],
      }),
      lines({
        title: "Busy",
        description: "Part of the time in which the device had something to do.",
        unit: "percentunit",
        queries: [
          {
            expr: rate("node_disk_io_time_seconds_total", NODE),
            legend: "{{instance}} {{device}}",
          },
        ],
      }),
      lines({
        title: "Time of a write",
        description: "On average, from the kernel's order to the device's answer.",
        unit: "s",
        queries: [
          {
            expr: `${rate("node_disk_write_time_seconds_total", NODE)} / (${rate("node_disk_writes_completed_total", NODE)} > 0)`,
            legend: "{{instance}} {{device}}",
          },
        ],
        runbooks: ["EtcdSlowDisk"],
      }),
    ],
  };
}

/** From the log collector's docker_stats receiver, under the names of the OpenTelemetry translation. */
function containers(): Section {
  return {
    title: "Containers",
    panels: [
      lines({
        title: "Cores by container",
        description: "Cores that each container keeps busy.",
        unit: "short",
        queries: [
          {
            expr: `sum by (instance) (${rate("container_cpu_usage_nanoseconds_total", INSTANCES)}) / 1e9`,
            legend: BY_INSTANCE,
          },
        ],
      }),
      lines({
        title: "Memory by limit",
        description:
          "Part of its limit that a container uses. At 1 the kernel ends a process in it.",
        unit: "percentunit",
        queries: [
          {
            expr: `max by (instance) (container_memory_usage_total_bytes{${INSTANCES}}) / max by (instance) (container_memory_usage_limit_bytes{${INSTANCES}})`,
            legend: BY_INSTANCE,
          },
        ],
        steps: [{ color: "green" }, { color: "red", from: 0.9 }],
      }),
      lines({
        title: "Restarts",
        description: "Times that Docker started the container again, in an hour.",
        unit: "short",
        queries: [
          {
            expr: `sum by (instance) (increase(container_restarts_total{${INSTANCES}}[1h]))`,
            legend: BY_INSTANCE,
          },
        ],
        steps: [{ color: "green" }, { color: "orange", from: 1 }],
      }),
      lines({
        title: "Network",
        description: "Received and sent, in bytes per second.",
        unit: "Bps",
        queries: [
          {
            expr: `sum by (instance) (${rate("container_network_io_usage_rx_bytes_total", INSTANCES)})`,
            legend: "{{instance}} received",
          },
          {
            expr: `sum by (instance) (${rate("container_network_io_usage_tx_bytes_total", INSTANCES)})`,
            legend: "{{instance}} sent",
          },
        ],
      }),
    ],
  };
}
