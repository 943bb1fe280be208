import type { OutputMap } from "@pulumi/pulumi/automation/index.js";

export type Outputs = OutputMap;

/** What stands for a secret. */
const HIDDEN = "[secret]";
/** Not for people: the label of this stack's containers (M8). */
const INTERNAL = new Set(["stackId"]);

/** Names and values of the outputs; secrets hidden unless asked for. Undefined ones (no Grafana) are left out. Pure. */
export function endpointsOf(outputs: Outputs, showSecrets = false): [string, string][] {
  return Object.entries(outputs)
    .filter(([name, { value }]) => !INTERNAL.has(name) && value !== undefined && value !== null)
    .map(([name, { value, secret }]) => [name, secret && !showSecrets ? HIDDEN : textOf(value)]);
}

export function secretNames(outputs: Outputs): string[] {
  return Object.entries(outputs).flatMap(([name, { secret }]) => (secret ? [name] : []));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
