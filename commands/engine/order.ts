import type { Ready } from "../setup/setUp.ts";
import { note } from "../ui.ts";
import { operate } from "./operation.ts";
import {
  cancelStaleLocks,
  refuseForeign,
  refuseWhenLocked,
  removeStrays,
  sortBelongings,
} from "./repair.ts";
import { type Engine, readState } from "./workspace.ts";

/**
 * Puts in order what a killed engine left (M8): its lock, containers it had made and not noted, operations it had begun.
 * Costs next to nothing when there is none of these.
 *
 * @returns what there was to do
 * @throws Fault when somebody else holds the lock, or another clone's things have this stack's name
 */
export async function putInOrder(ready: Ready, engine: Engine): Promise<number> {
  let mended = cancelStaleLocks(engine.name);
  refuseWhenLocked(engine.name);
  const state = await readState(engine);
  for (const docker of Object.values(ready.hosts)) {
    const { strays, foreign } = sortBelongings(await docker.objectsOf(engine.name), state);
    refuseForeign(engine.name, foreign);
    await removeStrays(docker, strays);
    mended += strays.length;
  }
  if (state.pendingOperations > 0) {
    mended += state.pendingOperations;
    note(
      `  …    ${state.pendingOperations} unfinished operations: comparing the state with what really runs`,
    );
    const { progress } = await operate(ready, engine, "repair", (hooks) =>
      engine.stack.refresh({ ...hooks, clearPendingCreates: true }),
    );
    note(`  ok   the state says what really runs (${Math.round(progress.seconds)} s)`);
  }
  return mended;
}
