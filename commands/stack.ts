import { readPulumiFiles, readRecord } from "../settings/sources.ts";
import { isTree, type Tree } from "../settings/tree.ts";
import { checkStackName, parseSettings, type Settings } from "../settings.ts";
import { ROOT } from "./paths.ts";
import { type StackRecord, withoutDeep } from "./setup/record.ts";

/** A stack's settings with where they come from. */
export interface Stack {
  readonly name: string;
  readonly project: string;
  /** What people wrote into Pulumi.yaml and Pulumi.<stack>.yaml. */
  readonly config: Tree;
  /** What the launcher found out. */
  readonly record: StackRecord;
  /** Both on top of the defaults, checked. */
  readonly settings: Settings;
}

/**
 * Reads and checks a stack's settings without an engine; nothing is touched.
 *
 * @param record in place of the one on disk
 * @throws SettingsError that lists every fault
 */
export function loadStack(name: string, record?: StackRecord): Stack {
  checkStackName(name);
  const { project, config, secrets } = readPulumiFiles(ROOT, name);
  const found = record ?? readRecord(ROOT, name) ?? {};
  // What is no tree is refused by parseSettings, with the file's name.
  const kept = isTree(found) ? prune(found, config) : (found as StackRecord);
  return {
    name,
    project,
    config,
    record: kept,
    settings: parseSettings({ stack: name, project, config, secrets, record: kept }),
  };
}

/** Without the sites and hosts that the config no longer has: a recorded one would come back to life. Pure. */
export function prune(record: StackRecord, config: Tree): StackRecord {
  let kept = record;
  for (const group of ["sites", "hosts"]) {
    const [wanted, recorded] = [config[group], record[group]];
    if (!isTree(wanted) || Object.keys(wanted).length === 0 || !isTree(recorded)) {
      continue;
    }
    for (const name of Object.keys(recorded).filter((name) => !(name in wanted))) {
      kept = withoutDeep(kept, [group, name]);
    }
  }
  return kept;
}
