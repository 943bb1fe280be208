import type { Docker } from "../docker.ts";
import { isSharedBackend } from "../engine/backend.ts";
import { refuseForeign, sortBelongings } from "../engine/repair.ts";
import { readLocalState, type State } from "../engine/state.ts";

/**
 * Containers are found by the stack's name, which another clone may use, too: its stack is not this
 * one's to break.
 *
 * @throws Fault when a container of that name is not of this clone's state
 */
export async function refuseOthersStack(docker: Docker, stack: string): Promise<void> {
  const state = isSharedBackend() ? await sharedState(stack) : readLocalState(stack);
  const containers = (await docker.objectsOf(stack)).filter(({ kind }) => kind === "container");
  refuseForeign(stack, sortBelongings(containers, state).foreign);
}

/** By asking the engine, whose library takes a second to load: only where there is no file to read. */
async function sharedState(stack: string): Promise<State> {
  const [{ setUp }, { openStack, readState }] = await Promise.all([
    import("../setup/setUp.ts"),
    import("../engine/workspace.ts"),
  ]);
  return readState(await openStack(await setUp(stack, { scope: "engine" })));
}
