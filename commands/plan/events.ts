/** Reads what the engine says of a preview: its event log. */
import { nameOf } from "../engine/state.ts";
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

/** What an event log says. */
export interface Told {
  /** In the order of the steps. */
  readonly changes: Change[];
  /** Whether the engine finds nothing to do at all: every step leaves its resource, or group, the same. */
  readonly idle: boolean;
  /** Errors, in the engine's words. */
  readonly errors: readonly string[];
}

/**
 * Reads an event log (`--event-log`, one JSON object a line). Pure.
 *
 * @throws SyntaxError for a line that is no JSON: a plan from half a preview would be a wrong one
 */
export function readLog(log: string): Told {
  const events = log
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as EngineEvent);
  const steps = events.flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? []);
  return {
    changes: fold(steps),
    idle: steps.length > 0 && steps.every(({ op }) => op === "same"),
    errors: events.flatMap(({ diagnosticEvent: said }) =>
      said?.severity === "error" && said.message !== undefined ? [said.message] : [],
    ),
  };
}

interface EngineEvent {
  readonly resourcePreEvent?: { readonly metadata?: EngineStep };
  readonly diagnosticEvent?: { readonly message?: string; readonly severity?: string };
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
