import { isTree } from "../../settings/tree.ts";
import type { Change } from "./types.ts";

/** What a saved plan (`--save-plan`) says of a resource beyond the events. */
interface Goal {
  readonly protect?: boolean | null;
  readonly dependencies?: readonly string[] | null;
  readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>> | null;
}

/**
 * The changes with what they wait for and whether they stay protected: the engine's events do not say, its
 * saved plan does. Without one (a preview that ends with an error writes none) they are as they were. Pure.
 */
export function withGoals(changes: readonly Change[], plan: unknown): Change[] {
  const plans = isTree(plan) && isTree(plan.resourcePlans) ? plan.resourcePlans : {};
  return changes.map((change) => {
    const entry = plans[change.urn];
    const goal = isTree(entry) && isTree(entry.goal) ? (entry.goal as Goal) : undefined;
    if (goal === undefined) {
      return change;
    }
    return {
      ...change,
      protectAfter: goal.protect ?? false,
      dependsOn: goal.dependencies ?? [],
      computedFrom: Object.values(goal.propertyDependencies ?? {}).flatMap((urns) => urns ?? []),
    };
  });
}
