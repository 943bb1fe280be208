import { existsSync, rmSync, writeFileSync } from "node:fs";
import { privatePath } from "./paths.ts";

/** Whether a recovery kit of the stack was taken on this machine. */
export function kitWasTaken(stack: string): boolean {
  return existsSync(noteFile(stack));
}

/** @param takenAt ISO time. @default now */
export function noteKit(
  stack: string,
  file: string,
  takenAt: string = new Date().toISOString(),
): void {
  const taken = { takenAt, file };
  writeFileSync(noteFile(stack), `${JSON.stringify(taken)}\n`);
}

/** What the kit would bring back is gone for good. */
export function forgetKit(stack: string): void {
  rmSync(noteFile(stack), { force: true });
}

function noteFile(stack: string): string {
  return privatePath("stacks", `${stack}.kit.json`);
}
