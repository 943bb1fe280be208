/** The recorded previews (previews/README.md), read the way the launcher reads a preview. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readLog } from "../../../commands/plan/events.ts";
import { withGoals } from "../../../commands/plan/goals.ts";
import type { Change, Inputs } from "../../../commands/plan/types.ts";

const FOLDER = join(import.meta.dirname, "previews");

export const RECORDED = [
  ...["app-image", "cloud-none", "database-name", "docker-host", "durability", "etcd-image"],
  ...["etcd-members", "etcd-unchained", "hba", "max-connections-down", "max-connections-up"],
  ...["memory", "password-length", "pool-size", "postgres-image", "postgres-unchained"],
  ...["scale-in", "scale-out", "stack-id", "subnet", "unprotected", "volume-renamed", "work-mem"],
] as const;
export type Recorded = (typeof RECORDED)[number];

interface BaseResource {
  readonly urn: string;
  readonly type: string;
  readonly inputs: Inputs;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  /** Containers that it waits for, by name. */
  readonly dependsOn?: readonly string[];
}

interface Head {
  readonly about: string;
  readonly goals: Readonly<Record<string, { protect: boolean; dependsOn: string[] }>>;
}

function linesOf<T>(name: string): T[] {
  const text = readFileSync(join(FOLDER, `${name}.jsonl`), "utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

export const BASE: readonly BaseResource[] = linesOf<BaseResource>("base");
const urnOf = new Map(BASE.map(({ urn }) => [urn.slice(urn.lastIndexOf("::") + 2), urn]));

/** The stack as it is, with nothing changed. */
export function unchanged(): Change[] {
  return read([], BASE, {});
}

/** What the launcher makes of one recorded preview. */
export function recorded(name: Recorded): Change[] {
  const [head, ...events] = linesOf<unknown>(name) as [Head, ...unknown[]];
  return read(events, BASE, head.goals);
}

function read(
  events: readonly unknown[],
  base: readonly BaseResource[],
  goals: Head["goals"],
): Change[] {
  const touched = new Set(events.map((event) => metadataOf(event)?.urn));
  const same = base
    .filter(({ urn }) => !touched.has(urn))
    .map(({ urn, type, ...side }) => ({
      resourcePreEvent: { metadata: { op: "same", urn, type, old: side, new: side } },
    }));
  const log = [...events, ...same].map((event) => JSON.stringify(event)).join("\n");
  const { changes } = readLog(log);
  return withGoals(changes, planOf(changes, base, goals));
}

function metadataOf(event: unknown): { urn: string } | undefined {
  return (event as { resourcePreEvent?: { metadata: { urn: string } } }).resourcePreEvent?.metadata;
}

/** A saved plan, in the engine's own shape. */
function planOf(
  changes: readonly Change[],
  base: readonly BaseResource[],
  goals: Head["goals"],
): unknown {
  const known = new Map(base.map((resource) => [resource.urn, resource]));
  const entries = changes
    .filter(({ action }) => action !== "delete")
    .map(({ urn }) => {
      const { protect = false, dependsOn = [] } = goals[urn] ?? known.get(urn) ?? {};
      const dependencies = dependsOn.map((name) => urnOf.get(name) ?? name);
      return [urn, { goal: { protect, dependencies, propertyDependencies: {} } }] as const;
    });
  return { resourcePlans: Object.fromEntries(entries) };
}
