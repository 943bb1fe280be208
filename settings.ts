/**
 * Settings: Pulumi's config and the launcher's record in, one frozen `Settings` out.
 *
 * Precedence, key by key: the stack's config, then the launcher's record (what it found out about
 * this machine), then the default. Everything is checked before any resource is registered; all
 * faults are reported at once, each by its config key, with the line that mends it.
 *
 * The rooms: settings/schema.ts (each field), settings/checks.ts (how they fit together),
 * settings/defaults.ts, settings/faults.ts (how faults read). Timings follow from the objectives:
 * objectives.ts.
 */
import * as pulumi from "@pulumi/pulumi";
import { deriveTimings } from "./objectives.ts";
import { alertKeys } from "./settings/alerting.ts";
import { applicationOf } from "./settings/application.ts";
import { contradictions } from "./settings/checks.ts";
import { openKeyFault } from "./settings/cloud.ts";
import { withDefaults } from "./settings/defaults.ts";
import { dnsKeys } from "./settings/dns.ts";
import {
  describeFaults,
  type Fault,
  keyOf,
  type Origin,
  SettingsError,
} from "./settings/faults.ts";
import { faultsOf } from "./settings/issues.ts";
import { cloudKeys } from "./settings/repositories.ts";
import { type Parsed, schema } from "./settings/schema.ts";
import {
  fileIn,
  readEngineConfig,
  readPulumiFiles,
  readRecord,
  recordFile,
} from "./settings/sources.ts";
import {
  deepFreeze,
  isTree,
  merge,
  type Path,
  type Tree,
  valueAt,
  without,
} from "./settings/tree.ts";
import type { Settings } from "./settings/types.ts";
import { archiveQueueMiB } from "./settings/volume.ts";

export type { Objectives, Timings } from "./objectives.ts";
export { type Fault, SettingsError } from "./settings/faults.ts";
export type * from "./settings/types.ts";

/** What settings are made of. */
export interface SettingsInput {
  readonly stack: string;
  readonly project: string;
  /** The config's groups, keys without the project's namespace: `{database: {replicas: 3}}`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The launcher's record, the same tree. */
  readonly record?: unknown;
  /**
   * Keys of the config that are stored as secrets: refused unread, for a fault would print them. But
   * for the keys of cloud, alerting and DNS, of which only the presence is looked at.
   */
  readonly secrets?: readonly string[];
  /**
   * Whether a file is in a build context, a folder relative to the repository or absolute.
   * @default every file is
   */
  readonly isFile?: (context: string, name: string) => boolean;
}

/**
 * Checks everything and returns the frozen settings. Pure.
 *
 * @throws SettingsError whose message lists every fault
 */
export function parseSettings(input: SettingsInput): Settings {
  checkStackName(input.stack);
  const { config, stack } = input;
  if (input.record !== undefined && !isTree(input.record)) {
    throw new SettingsError(
      `${recordFile(stack)}: expected an object of settings\n      rm ${recordFile(stack)}`,
    );
  }
  const record: Tree = input.record ?? {};
  const stored = input.secrets ?? [];
  const known = [...cloudKeys, ...alertKeys, ...dnsKeys];
  const keys = known.filter((key) => stored.includes(key));
  const secrets = stored.filter((key) => !keys.includes(key));
  const openKeys = known.filter((key) => key in config && !stored.includes(key));
  const open = Object.fromEntries(
    Object.entries(config).filter(([key]) => !stored.includes(key) && !openKeys.includes(key)),
  );
  const given = merge(record, open);
  const originOf = (path: Path): Origin => {
    if (valueAt(config, path) !== undefined) return "config";
    return valueAt(record, path) !== undefined ? "record" : "default";
  };
  const { parsed, faults } = parseTree(stack, given);
  const isGiven = (path: Path) => originOf(path) !== "default";
  const faulty = faults.map(({ path }) => path);
  const all = [
    ...secrets.map(secretFault),
    ...openKeys.map(openKeyFault),
    ...faults,
    ...contradictions(parsed, isGiven, [...keys, ...openKeys], input.isFile).filter(
      (fault) => !rests(fault, faulty),
    ),
  ].sort(byGroup);
  if (all.length > 0) {
    const complete = withDefaults(stack, given);
    const writtenAt = (path: Path) => valueAt(complete, path);
    const place = { stack, recordFile: recordFile(stack), originOf, writtenAt };
    throw new SettingsError(describeFaults(all, place), all);
  }
  return deepFreeze(assemble(input, parsed));
}

/**
 * The settings of the stack that Pulumi runs: for index.ts.
 *
 * @throws pulumi.RunError with every fault; the engine shows its text without a stack trace
 */
export function loadSettings(): Settings {
  try {
    const project = pulumi.getProject();
    const stack = pulumi.getStack();
    checkStackName(stack);
    return parseSettings({
      ...readEngineConfig(project, pulumi.runtime.allConfig()),
      stack,
      record: readRecord(import.meta.dirname, stack),
      isFile: fileIn(import.meta.dirname),
    });
  } catch (error) {
    throw error instanceof SettingsError ? new pulumi.RunError(error.message) : error;
  }
}

/**
 * The same settings without an engine, from Pulumi.yaml, Pulumi.<stack>.yaml and the record: for
 * the launcher, which checks them before it starts anything.
 *
 * @param root the repository's folder
 * @throws SettingsError whose message lists every fault
 */
export function loadSettingsFromFiles(root: string, stack: string): Settings {
  checkStackName(stack);
  return parseSettings({
    ...readPulumiFiles(root, stack),
    stack,
    record: readRecord(root, stack),
    isFile: fileIn(root),
  });
}

/**
 * Stack names become parts of container names, of file names and of etcd keys.
 *
 * @throws SettingsError
 */
export function checkStackName(stack: string): void {
  if (/^[a-z][a-z0-9-]{0,19}$/.test(stack)) return;
  const slash = stack.includes("/")
    ? "; write the stack's own name, without organization or project"
    : "";
  throw new SettingsError(
    `stack name ${JSON.stringify(stack)}: expected a lower-case letter, then letters, digits and dashes, at most 20 in all${slash}`,
  );
}

/**
 * Parses, and where fields are at fault parses again with their defaults, so that the others can be
 * checked together.
 */
function parseTree(stack: string, given: Tree): { parsed: Parsed; faults: Fault[] } {
  const complete = withDefaults(stack, given);
  const first = schema.safeParse(complete);
  if (first.success) return { parsed: first.data, faults: [] };
  const faults = faultsOf(first.error.issues, complete, withDefaults(stack, {}));
  const sound = faults.reduce((tree, { path }) => without(tree, path), given);
  return { parsed: schema.parse(withDefaults(stack, sound)), faults };
}

function secretFault(group: string): Fault {
  const problem = "stored as a secret, and no setting is one; set its keys again without --secret";
  return { path: [group], keyOnly: true, problem, mend: { remove: [group] } };
}

/**
 * The groups' own order, unknown ones last; in a list the last entry first, so that mending lines
 * that take entries out can be typed in the order in which they are printed.
 */
function byGroup(a: Fault, b: Fault): number {
  const groups = Object.keys(schema.shape);
  const rank = ({ path: [group] }: Fault) => {
    const index = groups.indexOf(String(group));
    return index < 0 ? groups.length : index;
  };
  const [i, j] = [a.path.at(-1), b.path.at(-1)];
  const inOneList = keyOf(a.path.slice(0, -1)) === keyOf(b.path.slice(0, -1));
  const entries = inOneList && typeof i === "number" && typeof j === "number" ? j - i : 0;
  return rank(a) - rank(b) || entries;
}

/** Whether a contradiction rests on a value that is itself at fault. */
function rests(fault: Fault, faulty: readonly Path[]): boolean {
  return [fault.path, ...(fault.involves ?? [])].some((path) =>
    faulty.some((bad) => {
      const shorter = Math.min(bad.length, path.length);
      return bad.slice(0, shorter).every((step, index) => step === path[index]);
    }),
  );
}

/** From the config's notation to units in names. */
function assemble({ project, stack }: SettingsInput, parsed: Parsed): Settings {
  const { database, etcd, pooler, application, backup, monitoring, dns, ...rest } = parsed;
  const objectives = {
    recoveryPointSeconds: parsed.objectives.recoveryPoint,
    recoveryTimeSeconds: parsed.objectives.recoveryTime,
  };
  return {
    ...rest,
    witness: parsed.witness,
    project,
    stack,
    objectives,
    database: {
      name: database.name,
      owner: database.owner,
      replicas: database.replicas,
      durability: database.durability,
      memoryMiB: database.memory,
      volumeSizeMiB: database.volumeSize,
      maxConnections: database.maxConnections,
      seedTimeoutSeconds: database.seedTimeout,
      authentication: database.authentication,
      trustLocal: database.trustLocal,
      hba: database.hba,
      parameters: database.parameters,
      archiveQueueMiB: archiveQueueMiB(database.volumeSize),
      readLagLimitMiB: database.readLagLimit,
    },
    etcd: { members: etcd.members, memoryMiB: etcd.memory },
    pooler: { poolSize: pooler.poolSize, maxClients: pooler.maxClients, memoryMiB: pooler.memory },
    application: {
      ...applicationOf(application),
      instances: application.instances,
      workers: application.workers,
      threads: application.threads,
      memoryMiB: application.memory,
      footer: application.footer,
      scaling: {
        targetRequests: application.scaling.targetRequests,
        tolerancePercent: application.scaling.tolerance,
        upWindowSeconds: application.scaling.upWindow,
        downWindowSeconds: application.scaling.downWindow,
        upStep: application.scaling.upStep,
        downStep: application.scaling.downStep,
      },
    },
    backup: {
      schedule: backup.schedule,
      logical: [...new Set(backup.logical)],
      keepFull: backup.keepFull,
      keepDumps: backup.keepDumps,
      memoryMiB: backup.memory,
      drillMemoryMiB: backup.drillMemory,
      seedMaxAgeSeconds: backup.seedMaxAge,
      cloud: { ...backup.cloud, bucket: bucketOf(backup.cloud) },
    },
    monitoring: {
      grafana: monitoring.grafana,
      retention: monitoring.retention,
      scrapeIntervalSeconds: monitoring.scrapeInterval,
      memoryMiB: monitoring.memory,
      logRetention: monitoring.logRetention,
      lokiMemoryMiB: monitoring.lokiMemory,
      collectorMemoryMiB: monitoring.collectorMemory,
      runbookUrl: monitoring.runbookUrl,
      extensions: monitoring.extensions,
    },
    dns: dnsOf(dns),
    timings: deriveTimings(objectives),
  };
}

/** No zone, no public names. */
function dnsOf({ ttl, ...dns }: Parsed["dns"]): Settings["dns"] {
  return dns.zone === "" ? undefined : { ...dns, ttlSeconds: ttl };
}

/** The builtin server makes its bucket, so that one needs no name from the user. */
function bucketOf({ provider, bucket }: Parsed["backup"]["cloud"]): string {
  return provider === "builtin" && bucket === "" ? "holdfast" : bucket;
}
