/** Plain trees of settings: what config and record are before they are checked. Pure. */

export type Tree = { readonly [key: string]: unknown };
export type Path = readonly (string | number)[];

/** Whether the value is a group of keys: an object that is no list. */
export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `over` laid on `under`: groups merge key by key, everything else (lists too) is taken whole. */
export function merge(under: Tree, over: Tree): Tree {
  const merged = new Map<string, unknown>(Object.entries(under));
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key);
    merged.set(key, isTree(below) && isTree(value) ? merge(below, value) : value);
  }
  return Object.fromEntries(merged);
}

/** The value at a path, or undefined. */
export function valueAt(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, key) => {
    if (Array.isArray(node)) return typeof key === "number" ? node[key] : undefined;
    return isTree(node) && Object.hasOwn(node, key) ? node[key] : undefined;
  }, tree);
}

/** The tree without the setting at a path; a path into a list takes the whole list out. */
export function without(tree: Tree, path: Path): Tree {
  const [head, ...rest] = path;
  if (head === undefined || !Object.hasOwn(tree, head)) return tree;
  const { [head]: child, ...others } = tree;
  const deeper = rest.length > 0 && isTree(child);
  return deeper ? { ...tree, [head]: without(child, rest) } : others;
}

/** Freezes the value and everything in it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
