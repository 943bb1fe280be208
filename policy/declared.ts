import type { PolicyResource, ResourceValidationArgs } from "@pulumi/policy";
import type { Declared } from "../commands/plan/compare.ts";
import type { Inputs } from "../commands/plan/types.ts";

/** What stands for a value that is known only after an update. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Inputs of each resource by URN, as the engine hands them over one by one, before the whole stack. */
const inputs = new Map<string, Inputs>();

/** Keeps what a resource was declared with: the stack's own list has outputs alone. */
export function remember({ urn, props }: Pick<ResourceValidationArgs, "urn" | "props">): void {
  inputs.set(urn, plainOf(props) as Inputs);
}

/** The whole stack as it is declared. */
export function declaredOf(resources: readonly PolicyResource[]): Declared[] {
  return resources.map(({ urn, type, props, opts, dependencies, propertyDependencies }) => ({
    urn,
    type,
    inputs: inputs.get(urn) ?? (plainOf(props) as Inputs),
    protect: opts.protect,
    dependsOn: dependencies.map((other) => other.urn),
    computedFrom: Object.values(propertyDependencies)
      .flat()
      .map((other) => other.urn),
  }));
}

/**
 * Values without Pulumi's proxies, which throw at a value that a preview does not know; in its place stands
 * the engine's own mark.
 */
export function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    return Array.from({ length: value.length }, (_, index) => read(() => value[index]));
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.keys(value).map((key): [string, unknown] => [
      key,
      read(() => (value as Record<string, unknown>)[key]),
    ]);
    return Object.fromEntries(entries);
  }
  return value;
}

function read(get: () => unknown): unknown {
  let value: unknown;
  try {
    value = get();
  } catch {
    return UNKNOWN;
  }
  return plainOf(value);
}
