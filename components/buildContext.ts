/** What a build context contains, as Docker would get it: the part of an image's name that changes with it. */
import type { Hash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { ignoredBy } from "./dockerignore.ts";

/** What machines and tools add by themselves. */
const ADDED = ["host-ca.crt", "__pycache__", ".ruff_cache", ".git"];

/**
 * Feeds a hash with every file that a build may see: path, whether it can be executed, content.
 *
 * @param folder absolute
 */
export function hashContext(hash: Hash, folder: string): void {
  const list = join(folder, ".dockerignore");
  const ignored = ignoredBy(existsSync(list) ? readFileSync(list, "utf8") : "");
  for (const path of filesOf(folder)) {
    // Docker reads these two whatever the list says.
    if (ignored(path) && path !== "Dockerfile" && path !== ".dockerignore") continue;
    const file = join(folder, path);
    const status = lstatSync(file);
    hash.update(`${path}\0${status.isSymbolicLink() ? "link" : status.mode & 0o111}\0`);
    hash.update(status.isSymbolicLink() ? readlinkSync(file) : readFileSync(file));
  }
}

/** All files and links below a folder, relative to it, in a stable order. */
function filesOf(folder: string, above = ""): string[] {
  return readdirSync(join(folder, above), { withFileTypes: true })
    .filter(({ name }) => !ADDED.includes(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(above, entry.name);
      if (entry.isDirectory()) return filesOf(folder, path);
      return entry.isFile() || entry.isSymbolicLink() ? [path] : [];
    });
}
