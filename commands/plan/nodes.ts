/** What happens to each container, and why. Pure. */
import { differences } from "./differences.ts";
import { liveFilesIn, readersOf } from "./liveFiles.ts";
import { parameterChanges } from "./parameters.ts";
import { containersIn, placeOf } from "./resources.ts";
import { type Change, EFFECTS, type Effect, type NodePlan } from "./types.ts";

interface Cause {
  readonly effect: Effect;
  readonly reason: string;
}

/** Every container with what happens to it, by site, tier and number. */
export function nodePlans(changes: readonly Change[]): NodePlan[] {
  const causes = new Map<Change, Cause[]>(
    containersIn(changes).map((node) => [node, ofItself(node)]),
  );
  for (const file of liveFilesIn(changes).filter(({ differs }) => differs)) {
    const cause = ofFile(file);
    if (cause !== undefined) {
      for (const reader of readersOf(file, changes)) {
        causes.get(reader)?.push(cause);
      }
    }
  }
  return [...causes]
    .map(([node, all]) => {
      const effect = all.map((cause) => cause.effect).reduce(greater, "nothing");
      // What is replaced reads its files anew in any case; restarts and reloads before it still happen.
      return {
        node: node.name,
        ...placeOf(node),
        effect,
        reasons: all.map(({ reason }) => reason),
      };
    })
    .sort(byPlace);
}

function ofItself(node: Change): Cause[] {
  switch (node.action) {
    case "create":
      return [{ effect: "new", reason: "it is new" }];
    case "delete":
      return [{ effect: "removed", reason: "it is no longer declared" }];
    case "replace":
      return [{ effect: "replacement", reason: differences(node, node.replaceKeys) }];
    case "update":
      return [{ effect: "in place", reason: differences(node, node.keys) }];
    default:
      return [];
  }
}

/** What a changed live file does to its readers. */
function ofFile(file: ReturnType<typeof liveFilesIn>[number]): Cause | undefined {
  const { change, path, before, after } = file;
  const words = { create: "new", delete: "gone", none: "", update: "changed", replace: "changed" };
  const told = `${change.name.slice(file.site.length + 1)} ${words[change.action]}`.trim();
  if (path !== "postgresql.conf") {
    return { effect: "reload", reason: told };
  }
  if (before === undefined || after === undefined) {
    return { effect: "rolling restart", reason: `${told}; its text is not known` };
  }
  const parameters = parameterChanges(before, after);
  if (parameters.length === 0) {
    return undefined;
  }
  const texts = parameters.map(
    ({ name, before, after, how }) =>
      `${name} ${before ?? "default"} → ${after ?? "default"} (${how === "unknown" ? "an extension's: reload, as far as is known" : how})`,
  );
  const restart = parameters.some(({ how }) => how === "restart");
  return { effect: restart ? "rolling restart" : "reload", reason: texts.join(", ") };
}

function greater(one: Effect, other: Effect): Effect {
  return EFFECTS.indexOf(other) > EFFECTS.indexOf(one) ? other : one;
}

function byPlace(a: NodePlan, b: NodePlan): number {
  const [one, other] = [a, b].map(
    ({ site, tier }) => `${site} ${String(rank(tier)).padStart(2, "0")} ${tier}`,
  );
  return one === other ? a.instance - b.instance : (one ?? "") < (other ?? "") ? -1 : 1;
}

/** The tiers that hold data and those in the path of a request come first. */
const TIERS = ["etcd", "postgres", "pooler", "router", "app", "edge", "backup"];

function rank(tier: string): number {
  const index = TIERS.indexOf(tier);
  return index < 0 ? TIERS.length : index;
}
