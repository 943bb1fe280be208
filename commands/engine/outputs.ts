import type { OutputMap } from "@pulumi/pulumi/automation/index.js";

export type Outputs = OutputMap;

/** What stands for a secret. */
const HIDDEN = "[secret]";
/** Not for people: the label of this stack's containers (M8). */
const INTERNAL = new Set(["stackId"]);

/** What people look for first comes first; what is not named here follows by name. */
const ORDER = ["appUrl", "databaseUrl", "readReplicaUrl", "statusUrl", "grafanaUrl"];

/** Names and values of the outputs; secrets hidden unless asked for. Empty ones (no Grafana) are left out. Pure. */
export function endpointsOf(outputs: Outputs, showSecrets = false): [string, string][] {
  return Object.entries(outputs)
    .filter(([name, { value }]) => !INTERNAL.has(name) && !isEmpty(value))
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map(([name, { value, secret }]) => [name, secret && !showSecrets ? HIDDEN : textOf(value)]);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

function rank(name: string): number {
  const index = ORDER.indexOf(name);
  return index < 0 ? ORDER.length : index;
}

export function secretNames(outputs: Outputs): string[] {
  return Object.entries(outputs).flatMap(([name, { secret }]) => (secret ? [name] : []));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
