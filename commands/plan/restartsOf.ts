import { fileOf } from "./liveFiles.ts";
import { HOT_STANDBY, type ParameterChange, parameterChanges } from "./parameters.ts";
import type { Change } from "./types.ts";

/** PostgreSQL's parameters of a site that change; none where the file does not, or is not known. */
export function parametersOf(changes: readonly Change[], site: string): ParameterChange[] {
  const file = fileOf(changes, site, "postgresql.conf", "postgres-");
  return file?.before === undefined || file.after === undefined
    ? []
    : parameterChanges(file.before, file.after);
}

/** A rolling restart of a site's members for changed parameters; undefined when none needs it. */
export interface Restart {
  readonly parameters: readonly string[];
  /** Replicas may not undercut a value that goes down: the leader restarts first, as leader. */
  readonly leaderInPlace: boolean;
}

/** Whether and how the members restart (images/postgres/lib/apply_settings.py, `directions`). */
export function restartOf(changes: readonly Change[], site: string): Restart | undefined {
  const pending = parametersOf(changes, site).filter(({ how }) => how === "restart");
  return pending.length === 0
    ? undefined
    : {
        parameters: pending.map(({ name }) => name),
        leaderInPlace: pending.some(
          ({ name, lowered }) => HOT_STANDBY.has(name) && lowered === true,
        ),
      };
}
