import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kindOf, textOf } from "./resources.ts";
import type { Change } from "./types.ts";

/**
 * Every rendered file of a stack as it will be, by the name of its resource. Before a first update it is not
 * known where a live file lies, but what is in it is; texts that hold a secret, or what only an update
 * knows, are left out. Pure.
 */
export function renderedFiles(changes: readonly Change[]): Map<string, string> {
  return new Map(
    changes
      .filter((change) => kindOf(change) === "Command")
      .flatMap(({ name, after }): [string, string][] => {
        const text = textOf(after?.stdin);
        return text === undefined ? [] : [[name, text]];
      }),
  );
}

/** Writes them into a folder, which is made: two of those can be compared without any state. */
export function writeRendered(folder: string, changes: readonly Change[]): number {
  mkdirSync(folder, { recursive: true });
  const files = renderedFiles(changes);
  for (const [name, text] of files) {
    writeFileSync(join(folder, name), text);
  }
  return files.size;
}
