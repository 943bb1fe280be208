import { must } from "../exec.ts";
import { ROOT } from "../paths.ts";
import { note } from "../ui.ts";
import { nameOf } from "./state.ts";
import { type Engine, readState } from "./workspace.ts";

/** Lifts the state's protection (M7) from exactly these resources, by URN. */
export async function liftProtection(engine: Engine, urns: readonly string[]): Promise<void> {
  if (urns.length > 0) {
    await setProtection(engine, "unprotect", urns, "up");
    note(`  ok   no longer protected, as planned: ${urns.map(nameOf).join(", ")}`);
  }
}

/**
 * Whatever of these resources is still there, and without protection, when the work fails is protected
 * again. When it succeeds, they are as the program declares them, or gone.
 *
 * @param urns of what cannot be made again and may be lifted meanwhile
 */
export async function protectingAgain<T>(
  engine: Engine,
  urns: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await protectAgain(engine, urns).catch(() =>
      note(`  …    may be without protection until an up succeeds: ${urns.map(nameOf).join(", ")}`),
    );
    throw error;
  }
}

async function protectAgain(engine: Engine, urns: readonly string[]): Promise<void> {
  if (urns.length === 0) {
    return;
  }
  const { resources } = await readState(engine);
  const bare = resources.filter(({ urn, protect }) => urns.includes(urn) && protect !== true);
  const left = [...new Set(bare.map(({ urn }) => urn))];
  if (left.length > 0) {
    await setProtection(engine, "protect", left, "up");
    note(`  ok   protected again: ${left.map(nameOf).join(", ")}`);
  }
}

/**
 * Protects resources of the state, or lifts that.
 *
 * @param which their URNs, or `--all`
 * @param log whose log the engine's words go to, e.g. `up`
 */
export async function setProtection(
  engine: Engine,
  verb: "protect" | "unprotect",
  which: readonly string[],
  log: string,
): Promise<void> {
  const what = verb === "unprotect" ? "lifting the protection" : "protecting again";
  const args = ["state", verb, ...which, "--yes", "--stack", engine.name, "--non-interactive"];
  await must(what, "pulumi", args, { cwd: ROOT, env: { ...process.env, ...engine.env }, log });
}
