import { openStack } from "../engine/workspace.ts";
import { Fault } from "../fault.ts";
import { setUpEngine } from "../setup/engine.ts";
import { loadStack } from "../stack.ts";

/** Asking the engine takes a second or two; the URL does not change while a stack lives. */
const databaseUrls = new Map<string, Promise<string>>();

/** A stack's output `databaseUrl`. @throws Fault when it has none */
export function databaseUrlOf(stack: string): Promise<string> {
  const known = databaseUrls.get(stack) ?? askForDatabaseUrl(stack);
  databaseUrls.set(stack, known);
  known.catch(() => databaseUrls.delete(stack));
  return known;
}

async function askForDatabaseUrl(name: string): Promise<string> {
  const stack = loadStack(name);
  const engine = await openStack({ stack, enginePath: await setUpEngine(true), hosts: {} });
  const value: unknown = (await engine.stack.outputs()).databaseUrl?.value;
  if (typeof value !== "string") {
    throw new Fault(`stack ${name} has no output databaseUrl`, `./holdfast up --stack ${name}`);
  }
  return value;
}
