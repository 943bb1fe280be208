/** Changes made by hand, on top of the recorded stack. */
import type { Action, Change, Inputs } from "../../../commands/plan/types.ts";
import { unchanged } from "./previews.ts";

/** What is different about one resource; `inputs` are laid over what it has. */
export interface Patch {
  readonly action?: Action;
  readonly inputs?: Inputs;
  readonly dependsOn?: readonly string[];
  readonly computedFrom?: readonly string[];
  readonly protectAfter?: boolean;
}

/** The recorded stack with changes by logical name. @throws Error for a name that it has not */
export function stackWith(patches: Readonly<Record<string, Patch>>): Change[] {
  const changes = unchanged();
  const unknown = Object.keys(patches).filter((name) => !changes.some((one) => one.name === name));
  if (unknown.length > 0) throw new Error(`no resource ${unknown.join(", ")}`);
  return changes.map((change) => patched(change, patches[change.name]));
}

function patched(change: Change, patch: Patch | undefined): Change {
  if (patch === undefined) return change;
  const { action = "update", inputs = {}, ...rest } = patch;
  const { before, after, ...bare } = change;
  const keys = Object.keys(inputs);
  return {
    ...bare,
    ...rest,
    action,
    ...(action === "create" || before === undefined ? {} : { before }),
    ...(action === "delete" || after === undefined ? {} : { after: { ...after, ...inputs } }),
    keys,
    replaceKeys: action === "replace" ? keys : [],
  };
}

/** The text of a live file of the stack. */
export function textOf(name: string): string {
  return String(unchanged().find((change) => change.name === name)?.before?.stdin);
}

export function urnOf(name: string): string {
  const found = unchanged().find((change) => change.name === name);
  if (found === undefined) throw new Error(`no resource ${name}`);
  return found.urn;
}

/** A live file with one piece of its text replaced. @throws Error when the piece is not in it */
export function edited(name: string, piece: string | RegExp, by: string): Patch {
  const text = textOf(name);
  const stdin = text.replace(piece, by);
  if (stdin === text) throw new Error(`${name} has no ${piece}`);
  return { action: "update", inputs: { stdin } };
}
