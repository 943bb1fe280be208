/** Turns what zod reports into faults with mending lines. Pure. */
import type { z } from "zod";
import { type Fault, keyOf, type Mend, nearest } from "./faults.ts";
import { isTree, type Path, type Tree, valueAt } from "./tree.ts";

type Issue = z.core.$ZodIssue;

/**
 * The faults behind zod's issues.
 *
 * @param issues what `schema.safeParse(given)` reported
 * @param given the tree that was parsed
 * @param known a complete tree of valid settings, for the names of keys
 */
export function faultsOf(issues: readonly Issue[], given: Tree, known: Tree): Fault[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => unknownKey([...path, key], given, known));
    }
    const value = valueAt(given, path);
    if (issue.code === "invalid_key") {
      const problem = issue.issues[0]?.message ?? issue.message;
      return [{ path, keyOnly: true, problem, mend: { remove: path } }];
    }
    return [{ path, ...described(issue, path, value) }];
  });
}

function described(issue: Issue, path: Path, value: unknown): { problem: string; mend: Mend } {
  if (issue.code === "custom") {
    const example = issue.params?.example;
    const mend = isScalar(example) ? { set: { path, value: example } } : { remove: path };
    return { problem: issue.message, mend };
  }
  // Taking a shapeless value out brings the default back; only then can a key inside be set again.
  const mend = { remove: path };
  if (issue.code === "invalid_type" && issue.expected === "array") {
    return { problem: "expected a list", mend: isScalar(value) ? relisted(path, value) : mend };
  }
  if (issue.code === "invalid_type" || issue.code === "invalid_union") {
    const group = issue.code === "invalid_type";
    return { problem: group ? "expected a group of settings" : issue.message, mend };
  }
  if (issue.code === "too_small") {
    return { problem: `expected at least ${issue.minimum} entry`, mend };
  }
  if (issue.code === "too_big") {
    const entries = Array.isArray(value) ? value.length : 0;
    const last = [...path, Math.max(0, entries - 1)];
    return { problem: `expected at most ${issue.maximum} entries`, mend: { remove: last } };
  }
  return { problem: issue.message, mend };
}

/** `ports.pooler 6432` was meant as a list of one. */
function relisted(path: Path, value: string | number | boolean): Mend {
  return { remove: path, set: { path: [...path, 0], value } };
}

function unknownKey(path: Path, given: Tree, known: Tree): Fault {
  const meant = likely(path, known);
  const value = valueAt(given, path);
  const hint = meant ? ` (did you mean ${keyOf(meant)}?)` : "";
  // The mended key keeps its value where that is a simple one.
  const fits = meant && isScalar(value) && !isTree(valueAt(known, meant));
  const set = fits ? { set: { path: meant, value } } : {};
  return { path, keyOnly: true, problem: `unknown key${hint}`, mend: { remove: path, ...set } };
}

/**
 * The setting that was probably meant: a similar key in the same group, else the same key in
 * another one.
 */
function likely(path: Path, known: Tree): Path | undefined {
  const parent = path.slice(0, -1);
  const key = String(path.at(-1));
  const siblings = valueAt(known, parent);
  const similar = nearest(key, isTree(siblings) ? Object.keys(siblings) : []);
  if (similar !== undefined) return [...parent, similar];
  return leaves(known).find((leaf) => leaf.at(-1) === key);
}

function leaves(tree: Tree, path: Path = []): Path[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    isTree(value) ? leaves(value, [...path, key]) : [[...path, key]],
  );
}

function isScalar(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}
