/** Reads what the engine says of a preview: its event log, or the document of `pulumi preview --json`. */
import { isTree, type Tree } from "../../settings/tree.ts";
import { nameOf, typeOf } from "../engine/state.ts";
import type { Action, Change, Inputs } from "./types.ts";

/** One side of a step, as the engine writes it down. */
interface Side {
  readonly inputs?: Inputs;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>>;
}

/** One step on one resource; a replacement has several. */
interface EngineStep {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly old?: Side | null;
  readonly new?: Side | null;
  readonly keys?: readonly string[] | null;
  readonly diffs?: readonly string[] | null;
}

/** The engine's operations; what is not here (`read`, `refresh`) leaves what runs alone. */
const ACTIONS: Readonly<Record<string, Action>> = {
  same: "none",
  create: "create",
  import: "create",
  update: "update",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
  "import-replacement": "replace",
  delete: "delete",
};

/**
 * The changes of an event log (`--event-log`, one JSON object a line), in the order of the steps. Pure.
 *
 * @throws SyntaxError for a line that is no JSON: a plan from half a preview would be a wrong one
 */
export function changesOfLog(log: string): Change[] {
  const events = log
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as EngineEvent);
  const steps = events.flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? []);
  const words = events.flatMap(({ diagnosticEvent }) => diagnosticEvent?.message ?? []);
  return withProtected(fold(steps), words);
}

interface EngineEvent {
  readonly resourcePreEvent?: { readonly metadata?: EngineStep };
  readonly diagnosticEvent?: { readonly message?: string };
}

/** How the engine refuses to touch what is protected; of a replacement it caused elsewhere there is no step. */
const PROTECTED = [
  [/unable to replace resource "([^"]+)"/g, "replace"],
  [/(?:unable to delete )?resource "([^"]+)" cannot be deleted/g, "delete"],
] as const;

function withProtected(changes: readonly Change[], words: readonly string[]): Change[] {
  const blocked = new Map<string, Action>();
  for (const [pattern, action] of PROTECTED) {
    for (const [, urn = ""] of words.flatMap((text) => [...text.matchAll(pattern)])) {
      blocked.set(urn, action);
    }
  }
  const known = changes.map((change) => {
    const action = blocked.get(change.urn);
    blocked.delete(change.urn);
    return action === undefined || change.action !== "none"
      ? change
      : { ...change, action, protect: true };
  });
  const unseen = [...blocked].map(([urn, action], index): Change => {
    return {
      urn,
      name: nameOf(urn),
      type: typeOf(urn),
      action,
      protect: true,
      retain: false,
      keys: [],
      replaceKeys: [],
      position: changes.length + index,
    };
  });
  return [...known, ...unseen];
}

/** The same from the document that `pulumi preview --json` prints. Pure. */
export function changesOfDocument(document: unknown): Change[] {
  const steps = isTree(document) && Array.isArray(document.steps) ? document.steps : [];
  return fold(
    (steps as Tree[]).map((step) => ({
      op: String(step.op),
      urn: String(step.urn),
      type: typeOf(String(step.urn)),
      old: (step.oldState ?? null) as Side | null,
      new: (step.newState ?? null) as Side | null,
      keys: (step.replaceReasons ?? []) as readonly string[],
      diffs: (step.diffReasons ?? []) as readonly string[],
    })),
  );
}

/** One change for each resource, whose steps may be several. */
function fold(steps: readonly EngineStep[]): Change[] {
  const byUrn = new Map<string, EngineStep[]>();
  for (const step of steps) {
    if (step.op in ACTIONS) {
      byUrn.set(step.urn, [...(byUrn.get(step.urn) ?? []), step]);
    }
  }
  return [...byUrn.values()].map((all, position) => changeOf(all, position));
}

function changeOf(steps: readonly EngineStep[], position: number): Change {
  const [first] = steps as [EngineStep];
  const old = steps.find((step) => step.old)?.old ?? undefined;
  // The step that makes the replacement has what it will be; the one that deletes has not.
  const made =
    steps.findLast((step) => step.new && step.op !== "delete-replaced")?.new ?? undefined;
  const action = steps.map(({ op }) => ACTIONS[op] ?? "none").reduce(stronger);
  const list = (key: "keys" | "diffs") => [...new Set(steps.flatMap((step) => step[key] ?? []))];
  return {
    urn: first.urn,
    name: nameOf(first.urn),
    type: first.type,
    action,
    protect: old?.protect ?? false,
    retain: old?.retainOnDelete ?? false,
    ...(old?.inputs === undefined || action === "create" ? {} : { before: old.inputs }),
    ...(made?.inputs === undefined || action === "delete" ? {} : { after: made.inputs }),
    keys: list("diffs"),
    replaceKeys: list("keys"),
    position,
    ...(made?.dependencies === undefined ? {} : { dependsOn: made.dependencies }),
    ...(made?.propertyDependencies === undefined
      ? {}
      : { computedFrom: Object.values(made.propertyDependencies).flatMap((urns) => urns ?? []) }),
  };
}

const STRENGTH: readonly Action[] = ["none", "update", "create", "delete", "replace"];

/** A create and a delete of one resource are its replacement. */
function stronger(one: Action, other: Action): Action {
  if (new Set([one, other, "create", "delete"]).size === 2) {
    return one === other ? one : "replace";
  }
  return STRENGTH.indexOf(one) > STRENGTH.indexOf(other) ? one : other;
}
