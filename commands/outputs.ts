import { endpointsOf } from "./engine/outputs.ts";
import { openStack } from "./engine/workspace.ts";
import type { GlobalOptions } from "./options.ts";
import { setUpEngine } from "./setup/engine.ts";
import { loadStack } from "./stack.ts";
import { alignedBlock, print } from "./ui.ts";

export interface OutputsOptions extends GlobalOptions {
  readonly showSecrets: boolean;
}

/** The stack's outputs: `{name: value}` with `--json`, else one aligned block; secrets only when asked for. */
export async function outputs({
  stack: name,
  showSecrets,
  json,
}: OutputsOptions): Promise<undefined> {
  const stack = loadStack(name);
  const engine = await openStack({ stack, enginePath: await setUpEngine(true), hosts: {} });
  const rows = endpointsOf(await engine.stack.outputs(), showSecrets);
  print(json ? JSON.stringify(Object.fromEntries(rows), null, 2) : alignedBlock(rows, ""));
}
