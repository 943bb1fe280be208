import { engineWords } from "../engine/operation.ts";
import { plain } from "../engine/progress.ts";
import type { Engine } from "../engine/workspace.ts";
import { Fault } from "../fault.ts";
import type { Ready } from "../setup/setUp.ts";
import { note } from "../ui.ts";
import { type Examined, examine } from "./examine.ts";
import { refusalLines } from "./gate.ts";
import { planLines } from "./text.ts";

/**
 * Previews an update, says what it will do, and refuses what endangers data and was not accepted by name.
 *
 * @throws Fault before anything is touched
 */
export async function planBeforeUp(
  ready: Ready,
  engine: Engine,
  { accepted, refresh }: { readonly accepted: readonly string[]; readonly refresh: boolean },
): Promise<Examined> {
  const args = ["--color", "never", ...(refresh ? ["--refresh"] : [])];
  const examined = await examine(ready, engine, accepted, args);
  // Refused first: of a preview that failed as well, that is the part which has a mend.
  if (examined.refused.length > 0) {
    throw new Fault(
      "this endangers data, and nothing was changed",
      ...refusalLines(examined.refused),
    );
  }
  if (examined.code !== 0) {
    const { errors, text } = examined;
    const words = errors.length > 0 ? errors.map(plain) : engineWords(text);
    throw new Fault("the preview failed, and nothing was changed", ...words);
  }
  for (const line of planLines(examined.plan)) {
    note(line);
  }
  return examined;
}
