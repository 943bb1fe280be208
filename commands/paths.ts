import { chmodSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The repository: program, stack files and `.holdfast/`. */
export const ROOT = join(import.meta.dirname, "..");

/** What this machine generates and never commits; readable by its owner only. */
export const PRIVATE = join(ROOT, ".holdfast");

/** Output of long steps, one file each. */
export const LOGS = join(PRIVATE, "logs");

/** A path below `.holdfast/`, its folders made on the way. */
export function privatePath(...parts: string[]): string {
  mkdirSync(PRIVATE, { recursive: true });
  chmodSync(PRIVATE, 0o700);
  const path = join(PRIVATE, ...parts);
  mkdirSync(join(path, ".."), { recursive: true });
  return path;
}

/** A path in the user's cache: what is slow to make and any clone may reuse, named by its version. */
export function cachePath(...parts: string[]): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const path = join(cache, "holdfast", ...parts);
  mkdirSync(join(path, ".."), { recursive: true });
  return path;
}

/** The committed settings of a stack. */
export function stackFile(stack: string): string {
  return join(ROOT, `Pulumi.${stack}.yaml`);
}
