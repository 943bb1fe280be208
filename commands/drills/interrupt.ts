import { note } from "../ui.ts";

/** With the exit codes of those who were ended by them. A closed terminal or ssh is SIGHUP. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** The first Ctrl-C ends the drill in order; so many more end the launcher and leave the fault there. */
const PATIENCE = 3;

/**
 * Runs work that must not just vanish at Ctrl-C: a fault that nobody undoes is an outage.
 *
 * @param work is given a signal that the first SIGINT, SIGTERM or SIGHUP aborts
 * @param saying what happens at the first one, and what was not done at the last
 */
export async function whileInterruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  saying = { now: "the fault is being undone", never: "what the drill broke is still broken" },
): Promise<T> {
  const controller = new AbortController();
  outliveTerminal();
  const signals = Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[];
  // The launcher's own handlers end it at once; they come back afterwards.
  const others = signals.map((name) => process.listeners(name));
  let count = 0;
  const handle = (name: keyof typeof EXIT_CODES) => {
    count += 1;
    controller.abort();
    if (count > PATIENCE) {
      note(`\nholdfast: ended; ${saying.never}`);
      process.exit(EXIT_CODES[name]);
    }
    note(`\nholdfast: interrupted; ${saying.now}`);
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

/** A line for a terminal that was closed meanwhile must not end the work; for good: reports follow. */
function outliveTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners("error").includes(ignoreClosed)) {
      stream.on("error", ignoreClosed);
    }
  }
}

function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== "EIO" && error.code !== "EPIPE") {
    throw error;
  }
}
