import { putInOrder } from "./engine/order.ts";
import { openStack } from "./engine/workspace.ts";
import type { GlobalOptions } from "./options.ts";
import { setUp } from "./setup/setUp.ts";
import { note } from "./ui.ts";

/** Puts in order what an interrupted run left; `up` does the same first. */
export async function repair({ stack }: GlobalOptions): Promise<undefined> {
  const ready = await setUp(stack, { scope: "engine" });
  const mended = await putInOrder(ready, await openStack(ready));
  note(
    mended === 0 ? "  ok   nothing to repair" : "  ok   repaired; ./holdfast up goes on from here",
  );
}
