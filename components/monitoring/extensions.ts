import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { checkExtension, type Extension, KINDS } from "../../templates/extension.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** What is said for a folder that is not set. */
const NONE: Extension = { targets: [], rules: [], dashboards: [], logs: [] };

/**
 * What the user adds from outside of this repository: the files of `monitoring.extensions`, checked.
 *
 * @param folder relative to the repository, or absolute; empty: there is none
 * @throws pulumi.RunError that names every fault by its file
 */
export function readExtension(
  folder: string,
  facts: { readonly stack: string; readonly site: string; readonly collector: boolean },
): Extension {
  if (folder === "") {
    return NONE;
  }
  const path = resolve(ROOT, folder);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new pulumi.RunError(`monitoring.extensions = ${folder}: there is no such folder`);
  }
  const { extension, faults } = checkExtension(filesIn(path), facts);
  if (faults.length > 0) {
    throw new pulumi.RunError(
      `monitoring.extensions = ${folder}:\n${faults.map((fault) => `  ${fault}`).join("\n")}`,
    );
  }
  return extension;
}

/** Path below the folder → text, of the subfolders that mean something; sorted, so that order is theirs. */
function filesIn(folder: string): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const kind of KINDS.filter((name) => existsSync(join(folder, name)))) {
    for (const name of readdirSync(join(folder, kind)).toSorted()) {
      texts[`${kind}/${name}`] = readFileSync(join(folder, kind, name), "utf8");
    }
  }
  return texts;
}
