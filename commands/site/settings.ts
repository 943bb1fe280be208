import type { Settings } from "../../settings.ts";
import { Fault } from "../fault.ts";
import { openKit } from "../restore/kitFile.ts";
import { readPassphrase } from "../secret.ts";
import { loadStack } from "../stack.ts";

export interface SettingsSource {
  readonly stack: string;
  /** Where the folder with the stack's file is lost: the recovery kit. */
  readonly kit: string | undefined;
  readonly passphraseFile: string | undefined;
}

/**
 * A stack's settings: of its file and this machine's record, or of its recovery kit. Pulumi's state is not
 * read.
 *
 * @throws Fault
 */
export async function settingsFrom(source: SettingsSource): Promise<Settings> {
  const { stack, kit: file, passphraseFile } = source;
  if (file === undefined) {
    return loadStack(stack).settings;
  }
  const kit = await openKit(file, await readPassphrase(passphraseFile));
  if (kit.stack !== stack) {
    throw new Fault(
      `${file} is the kit of stack ${kit.stack}, not of ${stack}`,
      `repeat it with --stack ${kit.stack}`,
    );
  }
  // Written from checked settings, by the same program.
  return kit.settings as unknown as Settings;
}
