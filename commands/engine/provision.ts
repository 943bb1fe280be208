import { liftedBy } from "../plan/gate.ts";
import type { Ready } from "../setup/setUp.ts";
import { duration, note } from "../ui.ts";
import { isApplied, noteApplied, programHash } from "./applied.ts";
import { announceDeploy } from "./deploying.ts";
import { operate } from "./operation.ts";
import type { Outputs } from "./outputs.ts";
import type { Previewed } from "./previewing.ts";
import { liftProtection } from "./protection.ts";
import { type Engine, readState } from "./workspace.ts";

/**
 * Lets Pulumi make what was previewed, and nothing where that is certain to change nothing.
 *
 * @param previewed undefined for the first `up`: there is no state to compare with
 * @param refresh compares the state with what runs first, which a preview cannot note down
 */
export async function provision(
  ready: Ready,
  engine: Engine,
  previewed: Pick<Previewed, "changes" | "idle"> | undefined,
  refresh: boolean,
): Promise<Outputs> {
  const { stack } = ready;
  if (previewed?.idle && !refresh && isApplied(stack, await readState(engine))) {
    note(`  ok   stack ${stack.name}: nothing to change`);
    return engine.stack.outputs();
  }
  const program = programHash(stack);
  const lifted = liftedBy(previewed?.changes ?? []).map(({ urn }) => urn);
  const deployed = await announceDeploy(ready);
  const { result, progress } = await liftProtection(engine, lifted)
    .then(() => operate(ready, engine, "up", (hooks) => engine.stack.up({ ...hooks, refresh })))
    .finally(deployed);
  note(`  ok   stack ${stack.name}: ${progress.summary} (${duration(progress.seconds)})`);
  noteApplied(stack.name, program, await readState(engine));
  return result.outputs;
}
