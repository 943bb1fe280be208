/** Changes by comparison, where no preview event can be had: declared resources beside an exported state (M30). Pure. */
import { isTree } from "../../settings/tree.ts";
import { nameOf } from "../engine/state.ts";
import { isSecret } from "./differences.ts";
import { kindOf, textOf } from "./resources.ts";
import type { Action, Change, Inputs } from "./types.ts";

/** A resource as a program declares it. */
export interface Declared {
  readonly urn: string;
  readonly type: string;
  /** Inputs; what is secret in the state may be in plain here. */
  readonly inputs: Inputs;
  readonly protect: boolean;
  readonly dependsOn?: readonly string[];
  readonly computedFrom?: readonly string[];
}

/** A resource of `pulumi stack export`. */
interface Exported {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: Inputs;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly delete?: boolean;
}

/** Inputs of containers that the provider applies in place (research/lab.md §2); any other replaces. */
const IN_PLACE: ReadonlySet<string> = new Set([
  ...["restart", "maxRetryCount", "memory", "memorySwap", "cpuShares", "cpuSet"],
  ...["mustRun", "start", "wait", "waitTimeout", "destroyGraceSeconds", "removeVolumes"],
  ...["containerReadRefreshTimeoutMilliseconds", "attach", "logs"],
]);

/** Types of which every input makes a replacement. */
const REPLACED = new Set(["Container", "Volume", "Network", "RandomPassword", "RandomId"]);

/** The resources of an exported state; of a replacement that was interrupted, the new one. */
export function resourcesOfExport(document: unknown): Exported[] {
  const deployment = isTree(document) ? document.deployment : undefined;
  const resources = isTree(deployment) ? deployment.resources : undefined;
  return (Array.isArray(resources) ? (resources as Exported[]) : []).filter(
    (resource) => resource.delete !== true,
  );
}

/**
 * What an update would do, as far as two lists of resources tell. Contents of secrets are not compared,
 * nor what is not known before an update; what a provider would find out itself (drift) is not seen.
 */
export function changesBetween(state: unknown, declared: readonly Declared[]): Change[] {
  const old = new Map(resourcesOfExport(state).map((resource) => [resource.urn, resource]));
  const fresh = new Set(declared.map(({ urn }) => urn));
  const changes = declared.map((resource) => {
    const before = old.get(resource.urn);
    const keys = before === undefined ? [] : changedKeys(before.inputs ?? {}, resource.inputs);
    const replaceKeys = keys.filter((key) => replaces(resource, key));
    const action = actionOf(before !== undefined, keys.length, replaceKeys.length);
    return {
      ...common(resource, before),
      action,
      keys,
      replaceKeys,
      protectAfter: resource.protect,
      after: resource.inputs,
      ...(before?.inputs === undefined ? {} : { before: before.inputs }),
      ...(resource.dependsOn === undefined ? {} : { dependsOn: resource.dependsOn }),
      ...(resource.computedFrom === undefined ? {} : { computedFrom: resource.computedFrom }),
    };
  });
  const gone = [...old.values()].filter(({ urn }) => !fresh.has(urn));
  const deletions = gone.map((resource) => ({
    ...common(resource, resource),
    action: "delete" as const,
    keys: [],
    replaceKeys: [],
    ...(resource.inputs === undefined ? {} : { before: resource.inputs }),
  }));
  return [...changes, ...deletions].map((change, position) => ({ ...change, position }));
}

function common({ urn, type }: { urn: string; type: string }, before: Exported | undefined) {
  return {
    urn,
    type,
    name: nameOf(urn),
    protect: before?.protect ?? false,
    retain: before?.retainOnDelete ?? false,
  };
}

function actionOf(existed: boolean, changed: number, replaced: number): Action {
  if (!existed) {
    return "create";
  }
  return replaced > 0 ? "replace" : changed > 0 ? "update" : "none";
}

function replaces(resource: Pick<Change, "type">, key: string): boolean {
  return REPLACED.has(kindOf(resource)) && !IN_PLACE.has(key);
}

/** Inputs that differ; the engine's own marks do not count. */
function changedKeys(before: Inputs, after: Inputs): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => !key.startsWith("__") && !alike(before[key], after[key]),
  );
}

/** Equal, or not to be compared: a secret, or what is not known yet. */
function alike(before: unknown, after: unknown): boolean {
  if (isSecret(before) || isSecret(after) || isUnknown(after)) {
    return true;
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    return (
      before.length === after.length && before.every((entry, index) => alike(entry, after[index]))
    );
  }
  if (isTree(before) && isTree(after)) {
    return changedKeys(before, after).length === 0;
  }
  return before === after || (empty(before) && empty(after));
}

function isUnknown(value: unknown): boolean {
  return typeof value === "string" && value !== "[secret]" && textOf(value) === undefined;
}

/** An input that is left out is null on its way through the engine. */
function empty(value: unknown): boolean {
  return value === undefined || value === null;
}
