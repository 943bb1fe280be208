/** The program of this checkout, as the policy pack is given it. */
import type { Declared } from "../../../commands/plan/compare.ts";
import { record, settingsWith } from "../tree/mocks.ts";

/** A resource with what only a state says of it. */
export interface Recorded extends Declared {
  readonly retainOnDelete: boolean;
}

const NAMED = new Set(["Container", "Network", "Volume"]);

/** Everything that the program declares with these settings. */
export async function declaredBy(config: Record<string, unknown>): Promise<Recorded[]> {
  const { all } = await record(settingsWith(config));
  const urns = new Map(all.map(({ label, urn }) => [label, urn]));
  const named = (labels: readonly string[]) => labels.flatMap((label) => urns.get(label) ?? []);
  return all.map((resource) => ({
    urn: resource.urn,
    type: resource.custom ? (resource.urn.split("::")[2]?.split("$").at(-1) ?? "") : "component",
    // The engine puts the autonamed name among the inputs (Pulumi.yaml), the mocks do not.
    inputs: NAMED.has(resource.kind)
      ? { name: `holdfast-dev-${resource.name}`, ...resource.inputs }
      : resource.inputs,
    protect: resource.protect,
    retainOnDelete: resource.retainOnDelete,
    dependsOn: named(resource.dependencies),
    computedFrom: named(Object.values(resource.propertyDependencies).flat()),
  }));
}

/** The same, as `pulumi stack export` would show it once it was made. */
export function exported(declared: readonly Recorded[]): unknown {
  return { deployment: { resources: declared } };
}
