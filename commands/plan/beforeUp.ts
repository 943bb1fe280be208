import { engineWords } from "../engine/operation.ts";
import { previewStack } from "../engine/previewing.ts";
import type { Engine } from "../engine/workspace.ts";
import { must } from "../exec.ts";
import { Fault } from "../fault.ts";
import { ROOT } from "../paths.ts";
import type { Ready } from "../setup/setUp.ts";
import { note } from "../ui.ts";
import { assess } from "./assess.ts";
import { readFacts } from "./facts.ts";
import { liftedBy, refusalLines, refusedOf } from "./gate.ts";
import { planLines } from "./text.ts";
import type { Change, Facts } from "./types.ts";

/** How an update is looked at before it begins. */
interface Look {
  readonly accepted: readonly string[];
  readonly refresh: boolean;
  readonly facts: Facts;
}

/**
 * Previews an update, says what it will do, and refuses what endangers data and was not accepted by name.
 * Protection in the state is lifted from exactly what accepted risks delete or replace.
 *
 * @throws Fault before anything is touched
 */
export async function planBeforeUp(
  ready: Ready,
  engine: Engine,
  { accepted, refresh }: Pick<Look, "accepted" | "refresh">,
): Promise<void> {
  const look: Look = { accepted, refresh, facts: await readFacts(ready) };
  const lifted: Change[] = [];
  try {
    // An engine that meets something protected ends: what else is protected shows when that is lifted.
    for (;;) {
      const { code, text, changes } = await examine(engine, look);
      if (code === 0) {
        return;
      }
      const next = liftedBy(changes).filter(({ urn }) => !lifted.some((one) => one.urn === urn));
      if (next.length === 0) {
        throw new Fault("the preview failed, and nothing was changed", ...engineWords(text));
      }
      await protection(engine, "unprotect", next);
      lifted.push(...next);
    }
  } catch (error) {
    if (lifted.length > 0) {
      await protection(engine, "protect", lifted);
    }
    throw error;
  }
}

async function examine(engine: Engine, { accepted, refresh, facts }: Look) {
  const args = ["--color", "never", ...(refresh ? ["--refresh"] : [])];
  const previewed = await previewStack(engine, args);
  const plan = assess(previewed.changes, facts);
  const refused = refusedOf(plan, accepted);
  if (refused.length > 0) {
    throw new Fault("this endangers data, and nothing was changed", ...refusalLines(refused));
  }
  for (const line of previewed.code === 0 ? planLines(plan) : []) {
    note(line);
  }
  return previewed;
}

async function protection(
  engine: Engine,
  verb: "protect" | "unprotect",
  changes: readonly Change[],
): Promise<void> {
  const urns = changes.map(({ urn }) => urn);
  const args = ["state", verb, ...urns, "--yes", "--stack", engine.name, "--non-interactive"];
  const options = { cwd: ROOT, env: { ...process.env, ...engine.env }, log: "up" };
  await must(
    verb === "unprotect" ? "lifting the protection" : "protecting again",
    "pulumi",
    args,
    options,
  );
  const names = changes.map(({ name }) => name).join(", ");
  note(
    `  ok   ${verb === "unprotect" ? "no longer protected, as accepted" : "protected again"}: ${names}`,
  );
}
