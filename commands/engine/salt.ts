import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { isTree } from "../../settings/tree.ts";
import { run } from "../exec.ts";
import { ROOT, stackFile } from "../paths.ts";

const SALT = /^encryptionsalt:.*\n?/m;

/**
 * Runs something that starts the engine, and leaves the stack's committed file as it was (M3): the engine writes its
 * `encryptionsalt` there, which the state has as well. One that a plain `pulumi` left behind goes too.
 */
export async function keepingStackFile<T>(stack: string, work: () => Promise<T>): Promise<T> {
  const file = stackFile(stack);
  const before = await textWithoutEngine(stack);
  try {
    return await work();
  } finally {
    if (existsSync(file)) {
      const after = readFileSync(file, "utf8");
      const wanted = withoutNewSalt(before, after);
      if (wanted === undefined) {
        rmSync(file);
      } else if (wanted !== after) {
        writeFileSync(file, wanted);
      }
    }
  }
}

/** The stack's file as people wrote it; undefined when only an engine ever wrote it. */
async function textWithoutEngine(stack: string): Promise<string | undefined> {
  const file = stackFile(stack);
  const text = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  if (text === undefined || !SALT.test(text)) {
    return text;
  }
  const committed = await run("git", ["show", `HEAD:./Pulumi.${stack}.yaml`], { cwd: ROOT });
  return committed.code === 0 && SALT.test(committed.stdout)
    ? text // committed with its salt: so it is wanted
    : withoutNewSalt(undefined, text);
}

/**
 * A stack file without the salt that was added to it. With a `secure:` value it needs its salt and keeps it. Pure.
 *
 * @param before the text it had, undefined when there was no file
 * @returns the text it should have, undefined when there should be no file
 */
export function withoutNewSalt(before: string | undefined, after: string): string | undefined {
  const hadSalt = before !== undefined && SALT.test(before);
  if (hadSalt || !SALT.test(after) || hasSecureValue(parse(after))) {
    return after;
  }
  const rest = after.replace(SALT, "");
  const same = isDeepStrictEqual(parse(rest) ?? null, parse(before ?? "") ?? null);
  return same ? before : rest; // the engine may have laid the rest out anew
}

function hasSecureValue(node: unknown): boolean {
  if (Array.isArray(node)) {
    return node.some(hasSecureValue);
  }
  return isTree(node) && ("secure" in node || Object.values(node).some(hasSecureValue));
}
