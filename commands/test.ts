import type { GlobalOptions } from "./options.ts";
import { stopStartedDocker } from "./setup/docker.ts";
import { setUp } from "./setup/setUp.ts";
import { lint, python, type Suite, types, vitest } from "./testing/suites.ts";
import { note, print } from "./ui.ts";

export interface TestOptions extends GlobalOptions {
  readonly unit: boolean;
}

/** Everything CI runs, to the end even when something fails; closes with `N passed, N failed`. */
export async function test({ unit, stack }: TestOptions): Promise<number> {
  if (unit) {
    return runAll([lint, types, vitest("unit"), python]);
  }
  try {
    await setUp(stack);
    return await runAll([lint, types, vitest("unit"), python, vitest("validate"), vitest("live")]);
  } finally {
    await stopStartedDocker();
  }
}

async function runAll(suites: readonly Suite[]): Promise<number> {
  let passed = 0;
  let failed = 0;
  for (const suite of suites) {
    const counts = await suite();
    passed += counts.passed;
    failed += counts.failed;
  }
  note();
  print(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
