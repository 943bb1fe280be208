import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { privatePath } from "../paths.ts";

/**
 * Marks a restore into a new stack that began and did not end: repeated, it goes on with the state
 * that it made, instead of refusing it.
 */
export function hasBegun(stack: string): boolean {
  return existsSync(markOf(stack));
}

/** When it did, in ms since the epoch; undefined when it did not, or the mark cannot be read. */
export function begunAt(stack: string): number | undefined {
  try {
    const at = Date.parse(JSON.parse(readFileSync(markOf(stack), "utf8")).at);
    return Number.isNaN(at) ? undefined : at;
  } catch {
    return undefined;
  }
}

/** A run that goes on leaves the first one's time. */
export function noteBegun(stack: string, from: string): void {
  if (begunAt(stack) !== undefined) {
    return;
  }
  const mark = { from, at: new Date().toISOString() };
  writeFileSync(markOf(stack), `${JSON.stringify(mark)}\n`);
}

export function noteEnded(stack: string): void {
  rmSync(markOf(stack), { force: true });
}

function markOf(stack: string): string {
  return privatePath("restores", `${stack}.json`);
}
