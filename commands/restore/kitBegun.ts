import { existsSync, rmSync, writeFileSync } from "node:fs";
import { privatePath } from "../paths.ts";

/**
 * Marks a restore into a new stack that began and did not end: repeated, it goes on with the state
 * that it made, instead of refusing it.
 */
export function hasBegun(stack: string): boolean {
  return existsSync(markOf(stack));
}

export function noteBegun(stack: string, from: string): void {
  const mark = { from, at: new Date().toISOString() };
  writeFileSync(markOf(stack), `${JSON.stringify(mark)}\n`);
}

export function noteEnded(stack: string): void {
  rmSync(markOf(stack), { force: true });
}

function markOf(stack: string): string {
  return privatePath("restores", `${stack}.json`);
}
