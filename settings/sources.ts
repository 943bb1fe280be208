/**
 * Where settings come from: Pulumi's files and the launcher's record. Reads files, checks nothing
 * but their syntax.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseDocument } from "yaml";
import { SettingsError } from "./faults.ts";
import { isTree, type Tree } from "./tree.ts";

/** A project's own part of Pulumi's config. */
export interface ProjectConfig {
  readonly project: string;
  readonly config: Tree;
  /** Groups with an encrypted value in them. */
  readonly secrets: readonly string[];
}

/** The launcher's record of a stack, relative to the repository. */
export function recordFile(stack: string): string {
  return `.holdfast/stacks/${stack}.json`;
}

/**
 * The launcher's record of a stack (M4), or undefined when there is none.
 *
 * @throws SettingsError when the file is no JSON
 */
export function readRecord(root: string, stack: string): unknown {
  const path = join(root, recordFile(stack));
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new SettingsError(
      `${recordFile(stack)} is not JSON (${reasonOf(error)})\n      rm ${recordFile(stack)}    # ./holdfast up writes it anew`,
    );
  }
}

/** Tells whether a file is in a build context, a folder relative to the repository or absolute. */
export function fileIn(root: string): (context: string, name: string) => boolean {
  return (context, name) =>
    statSync(resolve(root, context, name), { throwIfNoEntry: false })?.isFile() ?? false;
}

/**
 * Project name and configuration as the engine would see them: the stack's own keys, and
 * Pulumi.yaml's for those groups that the stack does not mention at all (the engine merges whole
 * keys, never inside them).
 *
 * @throws SettingsError when Pulumi.yaml is missing, or one of the files is no YAML
 */
export function readPulumiFiles(root: string, stack: string): ProjectConfig {
  const projectTree = readYaml(root, "Pulumi.yaml");
  if (!projectTree)
    throw new SettingsError(`no Pulumi.yaml in ${root}\n      cd to the repository`);
  const project = String(projectTree.name ?? "");
  const declared = Object.entries(configOf(projectTree)).flatMap(([key, value]) => {
    const name = key.includes(":") ? inProject(key, project) : key;
    return name === undefined ? [] : [[name, declaredValue(value)] as const];
  });
  const stackTree = readYaml(root, `Pulumi.${stack}.yaml`) ?? {};
  const own = Object.entries(configOf(stackTree)).flatMap(([key, value]) => {
    const name = inProject(key, project);
    return name === undefined ? [] : [[name, value] as const];
  });
  const config = Object.fromEntries(
    [...declared, ...own].filter(([, value]) => value !== undefined),
  );
  const secrets = Object.keys(config).filter((key) => holdsSecret(config[key]));
  return { project, config, secrets };
}

/**
 * The engine's flat map (`holdfast:database` to a JSON text) as a tree of this project's keys.
 *
 * @param flat what `pulumi.runtime.allConfig()` returns: secrets in it are decrypted
 * @param secretKeys the engine's JSON list of secret keys, from where the SDK itself reads it
 */
export function readEngineConfig(
  project: string,
  flat: Readonly<Record<string, string>>,
  secretKeys = process.env.PULUMI_CONFIG_SECRET_KEYS,
): ProjectConfig {
  const listed: unknown = JSON.parse(secretKeys || "[]");
  const secrets = (Array.isArray(listed) ? listed : []).flatMap(
    (key) => inProject(String(key), project) ?? [],
  );
  const config = Object.fromEntries(
    Object.entries(flat).flatMap(([key, value]) => {
      const name = inProject(key, project);
      return name === undefined ? [] : [[name, parsed(value)] as const];
    }),
  );
  return { project, config, secrets };
}

/** Whether Pulumi keeps something in the value encrypted (`secure: v1:...`). */
function holdsSecret(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsSecret);
  if (!isTree(value)) return false;
  return typeof value.secure === "string" || Object.values(value).some(holdsSecret);
}

/** Groups arrive as JSON; a bare word stays one, and is refused by its key later. */
function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function inProject(key: string, project: string): string | undefined {
  return key.startsWith(`${project}:`) ? key.slice(project.length + 1) : undefined;
}

/** Pulumi.yaml's entry of a key: a declaration with `default` or `value`, or the plain value. */
function declaredValue(entry: unknown): unknown {
  const isDeclaration = isTree(entry) && ["default", "value", "type"].some((key) => key in entry);
  return isDeclaration ? (entry.default ?? entry.value) : entry;
}

function configOf(tree: Tree): Tree {
  return isTree(tree.config) ? tree.config : {};
}

function readYaml(root: string, file: string): Tree | undefined {
  const path = join(root, file);
  if (!existsSync(path)) return undefined;
  const document = parseDocument(readFileSync(path, "utf8"));
  const [error] = document.errors;
  if (error) {
    const line = error.linePos ? `:${error.linePos[0].line}` : "";
    throw new SettingsError(`${file}${line}: ${error.message.split("\n")[0]}`);
  }
  const tree: unknown = document.toJS();
  return isTree(tree) ? tree : {};
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
