import type { Objectives } from "../objectives.ts";
import { readPulumiFiles } from "../settings/sources.ts";
import { isTree } from "../settings/tree.ts";
import { parseSettings, type Settings } from "../settings.ts";
import { reportBackups } from "./cluster/backups.ts";
import { readableSite } from "./cluster/leader.ts";
import { readLatest } from "./drills/latest.ts";
import { Fault } from "./fault.ts";
import type { Records } from "./objectives/judge.ts";
import { exitCodeOf, objectivesReport } from "./objectives/report.ts";
import { objectivesText } from "./objectives/table.ts";
import type { GlobalOptions } from "./options.ts";
import { ROOT } from "./paths.ts";
import { loadStack, type Stack } from "./stack.ts";
import { note, print } from "./ui.ts";

export interface ObjectivesOptions extends GlobalOptions {
  /** As in `objectives.recoveryPoint`, e.g. `30 s`. */
  readonly recoveryPoint?: string;
  readonly recoveryTime?: string;
}

/** What the objectives derive, what was measured last, and where the two disagree. Changes nothing. */
export async function objectives(options: ObjectivesOptions): Promise<number> {
  const stack = loadStack(options.stack);
  const wanted = wantedOf(stack, options);
  const records: Records = {
    drills: readLatest(stack.name),
    repositories: await repositoriesOf(stack.settings),
  };
  const report = objectivesReport(stack.settings, records, wanted);
  print(options.json ? JSON.stringify(report, null, 2) : objectivesText(report));
  return exitCodeOf(report);
}

/** Without Docker there is nobody to ask, and the rest is still said. */
async function repositoriesOf(settings: Settings): Promise<Records["repositories"]> {
  try {
    const { docker, containers } = await readableSite(settings);
    return (await reportBackups(docker, containers)).repositories;
  } catch (error) {
    const advice = error instanceof Fault ? error.advice : [];
    note(`  …    the backup container was not asked: ${(error as Error).message}`);
    for (const line of advice) {
      note(`         ${line}`);
    }
    return [];
  }
}

/**
 * The objectives that a person asks about, checked as settings are.
 *
 * @returns undefined when none was named
 * @throws SettingsError that says what is wrong with them
 */
function wantedOf(stack: Stack, { recoveryPoint, recoveryTime }: ObjectivesOptions) {
  if (recoveryPoint === undefined && recoveryTime === undefined) {
    return undefined;
  }
  const { project, secrets } = readPulumiFiles(ROOT, stack.name);
  return objectivesUnder(stack, { project, secrets }, { recoveryPoint, recoveryTime });
}

/** Pure. @throws SettingsError */
export function objectivesUnder(
  { name, config, record }: Pick<Stack, "name" | "config" | "record">,
  about: { readonly project: string; readonly secrets: readonly string[] },
  wanted: {
    readonly recoveryPoint?: string | undefined;
    readonly recoveryTime?: string | undefined;
  },
): Objectives {
  const given = Object.fromEntries(
    Object.entries(wanted).filter(([, value]) => value !== undefined),
  );
  const before = isTree(config.objectives) ? config.objectives : {};
  const changed = { ...config, objectives: { ...before, ...given } };
  return parseSettings({ stack: name, ...about, config: changed, record }).objectives;
}
