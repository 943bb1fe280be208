import { isTree, type Tree } from "../../settings/tree.ts";
import { parseDeployment } from "../engine/state.ts";

/** What `pulumi stack export` prints and `pulumi stack import` reads. */
export interface ExportedState {
  readonly version: number;
  readonly deployment: Tree;
}

interface Resource extends Tree {
  readonly urn: string;
  readonly type: string;
}

/** The authority's key pair: with another one, nobody would trust what was sealed or signed before. */
const AUTHORITY = /::certificate-authority$/;
const STACK = "pulumi:pulumi:Stack";
/** Fields of a resource that name others by URN. */
const PARTS = ["parent", "deletedWith"] as const;

/**
 * The part of a lost environment's state that a new one must have: passwords, the stack's id, the
 * cipher pass, the certificate authority, and what these belong to. Containers, volumes, networks and
 * leaf certificates are left out: they are made anew. Pure.
 */
export function seedState(state: ExportedState): ExportedState {
  const resources = parseDeployment(state.deployment).resources as unknown as Resource[];
  const kept = withBelongings(resources, resources.filter(mustSurvive));
  const { pending_operations: _, ...deployment } = state.deployment;
  return {
    ...state,
    deployment: {
      ...deployment,
      resources: resources.filter(({ urn }) => kept.has(urn)).map((one) => trimmed(one, kept)),
    },
  };
}

/** The generated values of a state by the names of their resources: what a seed has to hold. Pure. */
export function survivors(state: ExportedState): string[] {
  const resources = parseDeployment(state.deployment).resources as unknown as Resource[];
  return resources.filter(mustSurvive).map(({ urn }) => urn.slice(urn.lastIndexOf("::") + 2));
}

function mustSurvive({ urn, type }: Resource): boolean {
  return type.startsWith("random:") || (type === "command:local:Command" && AUTHORITY.test(urn));
}

/** The URNs of resources with their parents, up to the stack, and their providers. */
function withBelongings(all: readonly Resource[], wanted: readonly Resource[]): Set<string> {
  const byUrn = new Map(all.map((resource) => [resource.urn, resource]));
  const kept = new Set<string>();
  const keep = (resource: Resource | undefined): void => {
    if (resource === undefined || kept.has(resource.urn)) {
      return;
    }
    kept.add(resource.urn);
    keep(byUrn.get(String(resource.parent)));
    keep(byUrn.get(providerOf(resource)));
  };
  for (const resource of wanted) {
    keep(resource);
  }
  return kept;
}

/** A provider is referred to as `<urn>::<id>`. */
function providerOf({ provider }: Resource): string {
  const text = String(provider ?? "");
  return text.slice(0, Math.max(0, text.lastIndexOf("::")));
}

/** A resource that refers to nothing that is left out: the engine refuses such a state. */
function trimmed(resource: Resource, kept: ReadonlySet<string>): Tree {
  const one: { [key: string]: unknown } = { ...resource };
  for (const part of PARTS) {
    if (typeof one[part] === "string" && !kept.has(one[part])) {
      delete one[part];
    }
  }
  const known = (urns: unknown): unknown[] =>
    (Array.isArray(urns) ? urns : []).filter((urn) => kept.has(String(urn)));
  if (one.dependencies !== undefined) {
    one.dependencies = known(one.dependencies);
  }
  if (isTree(one.propertyDependencies)) {
    const entries = Object.entries(one.propertyDependencies);
    one.propertyDependencies = Object.fromEntries(entries.map(([key, urns]) => [key, known(urns)]));
  }
  if (resource.type === STACK) {
    delete one.outputs; // where the lost environment was reached
  }
  return one;
}
