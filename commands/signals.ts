import { enginePids } from "./engine/pids.ts";
import { endChildren } from "./exec.ts";
import { note } from "./ui.ts";

let engineRuns = false;
let interrupts = 0;

/**
 * Ends this command as a person expects (M8). While the set-up runs, its programs go with it. While an engine runs, the
 * engine is left to finish what it has begun and to note it in the state:
 *
 * - a Ctrl-C on a terminal reached the engine already, so it is not passed on; a second one makes it end at once;
 * - without a terminal only this process was told, so it is passed on.
 */
export function handleSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => (engineRuns ? duringEngine(signal) : duringSetUp(signal)));
  }
}

/** Whether somebody interrupted the engine's current or last run. */
export function wasInterrupted(): boolean {
  return interrupts > 0;
}

/** Runs work in which an engine is at it. */
export async function whileEngineRuns<T>(work: () => Promise<T>): Promise<T> {
  engineRuns = true;
  interrupts = 0;
  try {
    return await work();
  } finally {
    engineRuns = false;
  }
}

function duringSetUp(signal: NodeJS.Signals): never {
  note("\nholdfast: interrupted; what is done stays done, repeat to go on");
  endChildren();
  process.exit(signal === "SIGINT" ? 130 : 143);
}

function duringEngine(signal: NodeJS.Signals): void {
  interrupts += 1;
  const first = interrupts === 1;
  note(
    first
      ? "\nholdfast: interrupted; the engine finishes what it has begun (once more: it ends at once)"
      : "\nholdfast: the engine ends at once; the next ./holdfast up puts in order what it leaves",
  );
  const reachedEngine = signal === "SIGINT" && hasTerminal();
  if (!reachedEngine) {
    for (const pid of enginePids()) {
      process.kill(pid, "SIGINT");
    }
  }
}

function hasTerminal(): boolean {
  return [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
}
