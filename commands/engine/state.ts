import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isTree, type Tree } from "../../settings/tree.ts";
import { stateFolder } from "./backend.ts";

const PROJECT = "holdfast";

/** What the launcher reads of a stack's state. */
export interface State {
  readonly resources: readonly StateResource[];
  /** Operations that an engine began and did not finish. */
  readonly pendingOperations: number;
  /** When an engine wrote it last, as it says. */
  readonly savedAt?: string;
}

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly protect?: boolean;
  readonly inputs?: Tree;
  readonly outputs?: Tree;
}

/** The state as the local backend keeps it; undefined for a stack that does not exist, or one of another backend. */
export function readLocalState(stack: string): State | undefined {
  const folder = stateFolder();
  const file = folder && join(folder, ".pulumi", "stacks", PROJECT, `${stack}.json`);
  if (!file || !existsSync(file)) {
    return undefined;
  }
  const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as {
    checkpoint?: { latest?: unknown };
  };
  return parseDeployment(checkpoint?.latest);
}

/** A deployment, as it is in the backend's file and in `pulumi stack export`. Pure. */
export function parseDeployment(deployment: unknown): State {
  const tree = isTree(deployment) ? deployment : {};
  const time = isTree(tree.manifest) ? tree.manifest.time : undefined;
  return {
    ...(typeof time === "string" ? { savedAt: time } : {}),
    resources: (tree.resources ?? []) as StateResource[],
    pendingOperations: Array.isArray(tree.pending_operations) ? tree.pending_operations.length : 0,
  };
}

/** The random id of the stack (M8), which its containers carry as a label; undefined before the first `up`. Pure. */
export function stackIdOf(state: State | undefined): string | undefined {
  const resource = state?.resources.find(({ urn }) => urn.endsWith("::stack-id"));
  const hex = resource?.outputs?.hex;
  return typeof hex === "string" ? hex : undefined;
}

/** Docker's ids of the containers, networks and volumes in the state. Pure. */
export function dockerIdsOf(state: State | undefined): Set<string> {
  const resources = state?.resources ?? [];
  return new Set(
    resources
      .filter(({ type }) => type.startsWith("docker:"))
      .flatMap(({ id }) => (id ? [id] : [])),
  );
}

/** The resource's own name: the last part of its URN. Pure. */
export function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}

/** The type of a resource: the last of the types in its URN. Pure. */
export function typeOf(urn: string): string {
  const types = urn.split("::")[2] ?? "";
  return types.slice(types.lastIndexOf("$") + 1);
}
