import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashContext } from "../../components/buildContext.ts";
import { privatePath, ROOT, stackFile } from "../paths.ts";
import type { Stack } from "../stack.ts";
import type { State } from "./state.ts";

/**
 * What the program consists of. An image's sources are not here: they are in the names of images, and
 * so in the preview.
 */
export const PROGRAM = {
  folders: ["components", "objectives", "settings", "templates"],
  files: ["index.ts", "objectives.ts", "settings.ts", "package-lock.json", "Pulumi.yaml"],
} as const;

/** What an update was made from, and what it left behind. */
export interface Applied {
  /** Of the program and its settings. */
  readonly program: string;
  /** Of the state. */
  readonly state: string;
}

/**
 * Whether an `up` could change nothing at all, when its preview found every resource the same. That alone
 * does not tell: a preview shows neither outputs that are secret (the URL of the database) nor what only
 * the state knows of a resource (protection, dependencies). Both follow from program, settings and state,
 * and all three are as the last successful `up` on this machine left them.
 */
export function isApplied(stack: Stack, state: State): boolean {
  const applied = readNote(stack.name);
  return applied?.program === programHash(stack) && applied.state === stateHash(state);
}

/** Undefined when there is none, or one that was not written to its end. */
function readNote(stack: string): Applied | undefined {
  const file = noteFile(stack);
  try {
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Applied) : undefined;
  } catch {
    return undefined;
  }
}

/** @param program its hash from before the update: who edits meanwhile has not applied that */
export function noteApplied(stack: string, program: string, state: State): void {
  const applied: Applied = { program, state: stateHash(state) };
  writeFileSync(noteFile(stack), `${JSON.stringify(applied)}\n`);
}

/** Nothing is left to compare with. */
export function forgetApplied(stack: string): void {
  rmSync(noteFile(stack), { force: true });
}

/** A hash of the program's sources and of every setting. */
export function programHash({ name, settings }: Stack, root: string = ROOT): string {
  const hash = createHash("sha256");
  for (const folder of PROGRAM.folders) {
    hash.update(`${folder}\0`);
    hashContext(hash, join(root, folder));
  }
  for (const file of [...PROGRAM.files.map((file) => join(root, file)), stackFile(name)]) {
    hash.update(`${file}\0`).update(existsSync(file) ? readFileSync(file) : "");
  }
  return hash.update(JSON.stringify(settings)).digest("hex");
}

function stateHash({ savedAt, resources }: State): string {
  return createHash("sha256").update(JSON.stringify({ savedAt, resources })).digest("hex");
}

function noteFile(stack: string): string {
  return privatePath("stacks", `${stack}.applied.json`);
}
