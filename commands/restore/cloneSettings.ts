import { isMap, parseDocument } from "yaml";
import { isTree, type Tree, valueAt } from "../../settings/tree.ts";
import type { Settings } from "../../settings.ts";

const SALT = /^encryptionsalt:.*\n?/m;

/**
 * A stack's settings for a clone of it: without what only one stack can have (ports, subnets, public
 * names), and without secrets, which are encrypted for the other. Comments and order stay. Pure.
 *
 * @param text of Pulumi.<stack>.yaml; may be empty
 */
export function clonedStackFile(text: string): string {
  const document = parseDocument(text.replace(SALT, ""));
  if (!isMap(document.contents)) {
    return "";
  }
  const config = treeOf(document.toJS()).config;
  for (const [key, value] of Object.entries(treeOf(config))) {
    if (/:(ports|dns)$/.test(key) || (isTree(value) && typeof value.secure === "string")) {
      document.deleteIn(["config", key]);
    }
    if (key.endsWith(":sites")) {
      for (const site of Object.keys(treeOf(value))) {
        document.deleteIn(["config", key, site, "subnet"]);
      }
    }
  }
  return document.toString();
}

/** What a clone has to have as its source has it, or its database cannot be what the source's was. */
const SHARED = [
  ["database.name", ["database", "name"]],
  ["database.owner", ["database", "owner"]],
] as const;

/**
 * Why a stack with these settings cannot begin with that source's backups: each fault as lines. Pure.
 *
 * @param source all settings of the source
 */
export function cloneConflicts(source: Tree, clone: Settings): string[][] {
  const mend = (key: string, value: unknown) =>
    `    pulumi config set --path ${key} ${value} --stack ${clone.stack}`;
  const shared = SHARED.flatMap(([key, path]) => {
    const [theirs, ours] = [valueAt(source, path), valueAt(clone, path)];
    return theirs === undefined || theirs === ours
      ? []
      : [[`${key} = ${ours}: in the backups it is ${theirs}`, mend(key, theirs)]];
  });
  const connections = valueAt(source, ["database", "maxConnections"]);
  const fewer =
    typeof connections === "number" && connections > clone.database.maxConnections
      ? [
          [
            `database.maxConnections = ${clone.database.maxConnections}: WAL written with ${connections} is not replayed with fewer`,
            mend("database.maxConnections", connections),
          ],
        ]
      : [];
  return [...shared, ...fewer];
}

function treeOf(value: unknown): Tree {
  return isTree(value) ? value : {};
}
