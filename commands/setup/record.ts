import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isMap, parseDocument } from "yaml";
import { isTree, merge, type Path, type Tree, valueAt, without } from "../../settings/tree.ts";
import { privatePath, stackFile } from "../paths.ts";

/**
 * What the launcher found out about this machine and this stack, as a partial tree of settings (M4). The program reads it
 * under the config (config > record > default), so that it never has to probe anything itself.
 */
export type StackRecord = Tree;

/**
 * Keeps the record: beside the state where that is local; in the stack's committed settings where the state is shared, so
 * that everybody plans the same.
 *
 * @param shared whether the state's backend is one that others use too
 */
export function writeRecord(stack: string, record: StackRecord, shared: boolean): void {
  if (shared) {
    const file = stackFile(stack);
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    writeFileSync(file, withConfig(text, record));
    return;
  }
  writeFileSync(privatePath("stacks", `${stack}.json`), `${JSON.stringify(record, null, 2)}\n`);
}

/** The text of a stack file with a record laid into its config; comments and order stay. Pure. */
export function withConfig(text: string, record: StackRecord): string {
  const document = parseDocument(text);
  if (!isMap(document.contents)) {
    document.contents = document.createNode({}) as never;
  }
  for (const { path, value } of leavesOf(record)) {
    const [group, ...rest] = path;
    document.setIn(["config", `holdfast:${group}`, ...rest], document.createNode(value));
  }
  return document.toString();
}

/** The record after new answers; a key that the config sets by now is dropped from it. Pure. */
export function updateRecord(record: StackRecord, answers: StackRecord, config: Tree): StackRecord {
  let updated = merge(record, answers);
  for (const { path } of leavesOf(updated)) {
    if (valueAt(config, path) !== undefined) {
      updated = withoutDeep(updated, path);
    }
  }
  return updated;
}

/** The tree without a key, and without the groups that this empties. Pure. */
export function withoutDeep(tree: Tree, path: Path): Tree {
  const rest = without(tree, path);
  const parent = path.slice(0, -1);
  const group = parent.length > 0 ? valueAt(rest, parent) : undefined;
  return isTree(group) && Object.keys(group).length === 0 ? withoutDeep(rest, parent) : rest;
}

/** A tree with one value in it. Pure. */
export function treeOf(path: readonly string[], value: unknown): Tree {
  return path.reduceRight<unknown>((child, key) => ({ [key]: child }), value) as Tree;
}

export interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Every setting of a tree; lists count as one. Pure. */
export function leavesOf(tree: Tree, above: readonly string[] = []): Leaf[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const path = [...above, key];
    return isTree(value) ? leavesOf(value, path) : [{ path, value }];
  });
}

/** What differs between two records, a line each: `ports.app = 8081`. Pure. */
export function changesBetween(before: StackRecord, after: StackRecord): string[] {
  const shown = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  const set = leavesOf(after)
    .filter(({ path, value }) => JSON.stringify(valueAt(before, path)) !== JSON.stringify(value))
    .map(({ path, value }) => `${path.join(".")} = ${shown(value)}`);
  const gone = leavesOf(before)
    .filter(({ path }) => valueAt(after, path) === undefined)
    .map(({ path }) => `${path.join(".")} is no longer set here`);
  return [...set, ...gone];
}
