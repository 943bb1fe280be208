import { note } from "../ui.ts";

/** The first Ctrl-C ends the drill in order; so many more end the launcher and leave the fault there. */
const PATIENCE = 3;

/**
 * Runs work that must not just vanish at Ctrl-C: a fault that nobody undoes is an outage.
 *
 * @param work is given a signal that the first SIGINT or SIGTERM aborts
 */
export async function whileInterruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const signals = ["SIGINT", "SIGTERM"] as const;
  // The launcher's own handlers end it at once; they come back afterwards.
  const others = signals.map((name) => process.listeners(name));
  let count = 0;
  const handle = (name: NodeJS.Signals) => {
    count += 1;
    controller.abort();
    if (count > PATIENCE) {
      note("\nholdfast: ended; what the drill broke is still broken");
      process.exit(name === "SIGINT" ? 130 : 143);
    }
    note("\nholdfast: interrupted; the fault is being undone");
  };
  for (const name of signals) {
    process.removeAllListeners(name);
    process.on(name, handle);
  }
  try {
    return await work(controller.signal);
  } finally {
    signals.forEach((name, index) => {
      process.removeListener(name, handle);
      for (const other of others[index] ?? []) {
        process.on(name, other);
      }
    });
  }
}
