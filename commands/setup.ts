import type { GlobalOptions } from "./options.ts";
import { setUp } from "./setup/setUp.ts";
import { note, seconds } from "./ui.ts";

export interface SetUpOnlyOptions extends GlobalOptions {
  readonly again: boolean;
}

/** The set-up by itself, e.g. for a machine's image. */
export async function setUpOnly({ stack, again }: SetUpOnlyOptions): Promise<undefined> {
  const start = Date.now();
  await setUp(stack, { again });
  note(`  ok   the machine is ready (${seconds(start)})`);
}
