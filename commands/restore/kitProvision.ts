import { setTimeout as sleep } from "node:timers/promises";
import { enginePids } from "../engine/pids.ts";
import { up } from "../up.ts";
import { followRestore } from "./follow.ts";
import { together } from "./kitTogether.ts";
import type { RestoreOptions, RestoreOutcome, RestoreRequest } from "./types.ts";

/** How long an engine may take to finish what it has begun, before it is told to end at once. */
const FINISH_MS = 10_000;

/**
 * Provisions a stack, and restores its database while that waits for the first member: `up` makes the
 * rest only when it is healthy.
 *
 * @throws the fault of whichever failed first; the other has ended then
 */
export function provisionAndRestore(
  options: RestoreOptions,
  request: RestoreRequest,
): Promise<RestoreOutcome> {
  const { stack } = request.settings;
  return together({
    // With --json, standard output is one document: the restore's.
    provision: () => up({ ...options, stack, refresh: false, silent: options.json }),
    follow: (signal) => followRestore({ ...request, signal }),
    endProvision: endEngine,
  });
}

/** Ends the engine that waits for a member which will not become healthy. */
async function endEngine(ended: AbortSignal): Promise<void> {
  for (let times = 0; times < 2 && !ended.aborted; times++) {
    for (const pid of enginePids()) {
      process.kill(pid, "SIGINT");
    }
    await sleep(FINISH_MS, undefined, { signal: ended }).catch(() => undefined);
  }
}
