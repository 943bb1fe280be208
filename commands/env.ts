import { exportLines } from "./engine/env.ts";
import { openStack } from "./engine/workspace.ts";
import type { GlobalOptions } from "./options.ts";
import { setUp } from "./setup/setUp.ts";
import { print } from "./ui.ts";

/**
 * Prints `export` lines, and nothing else on stdout, for `eval "$(./holdfast env)"`: a `pulumi` typed by hand then works
 * on the same state. Sets up what that needs.
 */
export async function env({ stack, json }: GlobalOptions): Promise<undefined> {
  const ready = await setUp(stack, { scope: "plan" });
  const engine = await openStack(ready);
  print(json ? JSON.stringify(engine.env, null, 2) : exportLines(engine.env));
}
