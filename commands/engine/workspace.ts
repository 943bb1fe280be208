import * as automation from "@pulumi/pulumi/automation/index.js";
import { ROOT } from "../paths.ts";
import type { Ready } from "../setup/setUp.ts";
import { isSharedBackend } from "./backend.ts";
import { engineEnvironment } from "./env.ts";
import { keepingStackFile } from "./salt.ts";
import { parseDeployment, readLocalState, type State } from "./state.ts";

/** A stack with the engine that works on it. */
export interface Engine {
  readonly stack: automation.Stack;
  readonly name: string;
  /** What every engine process is given. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Opens a stack of the program in this folder (M1: the local program, never an inline one); makes it where it is new. The
 * committed stack file is left as it was.
 */
export async function openStack(ready: Ready): Promise<Engine> {
  const { name } = ready.stack;
  const env = engineEnvironment(name, ready.enginePath);
  // The Automation API looks for `pulumi` on this process's own PATH.
  process.env.PATH = env.PATH ?? "";
  const stack = await keepingStackFile(name, () =>
    automation.LocalWorkspace.createOrSelectStack(
      { stackName: name, workDir: ROOT },
      { envVars: env },
    ),
  );
  return { stack, name, env };
}

/** The state as it is now; for a backend elsewhere by asking the engine, which takes a second or two. */
export async function readState(engine: Engine): Promise<State> {
  const local = isSharedBackend() ? undefined : readLocalState(engine.name);
  if (local) {
    return local;
  }
  const { deployment } = await engine.stack.exportStack();
  return parseDeployment(deployment);
}
