import type { Failure } from "./progress.ts";

/** Lines of a failed container's log that are shown: a Python traceback with its cause fits. */
export const LOG_LINES = 20;

const INSTANCE = /^[^-]+-app-\d+$/;
const MIGRATIONS = /^[^-]+-migrations$/;

/**
 * What to type after an operation that failed, by what failed. Pure.
 *
 * @param what the operation, e.g. `up`
 */
export function adviceOn(
  what: string,
  stack: string,
  failures: readonly Pick<Failure, "name">[],
): string[] {
  const names = failures.map(({ name }) => name);
  const again = `./holdfast ${what}${stack === "dev" ? "" : ` --stack ${stack}`}`;
  if (what === "up" && names.some((name) => MIGRATIONS.test(name))) {
    return [
      "no instance was replaced: those that served before serve on, with the database as the migrations left it",
      `mend the migration, then: ${again}`,
      `or put the application's former source or setting back (git checkout), then: ${again}`,
    ];
  }
  if (what === "up" && names.some((name) => INSTANCE.test(name))) {
    return [
      "the deploy stopped at the first new instance that did not become healthy; those not yet replaced serve on",
      `mend it, then: ${again}    (it replaces the failed instance and goes on)`,
      `or put the application's former source or setting back (git checkout), then: ${again}`,
    ];
  }
  return ["mend it and repeat: what is done stays done"];
}
