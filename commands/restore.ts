import { Fault } from "./fault.ts";
import type { RestoreOptions } from "./restore/types.ts";

/** What cannot be said together: each begins another kind of restore. */
const KINDS = ["kit", "from", "table", "cancel", "empty", "forget"] as const;

/**
 * Brings data back from a backup: this stack's database in place, a lost environment from its kit, a
 * new stack from another's backups, or single tables beside the live ones.
 *
 * @throws Fault
 */
export async function restore(options: RestoreOptions): Promise<number | undefined> {
  refuseMixed(options);
  if (options.kit) {
    return (await import("./restore/kit.ts")).restoreFromKit(options);
  }
  if (options.from) {
    return (await import("./restore/clone.ts")).restoreClone(options);
  }
  if (options.table && options.table.length > 0) {
    return (await import("./restore/table.ts")).restoreTables(options);
  }
  const { restoreInPlace, tellMembers } = await import("./restore/inPlace.ts");
  if (options.cancel) {
    return tellMembers(options, "cancel");
  }
  if (options.empty) {
    return tellMembers(options, "fresh");
  }
  return options.forget ? tellMembers(options, "forget") : restoreInPlace(options);
}

/** @throws Fault */
export function refuseMixed(options: RestoreOptions): void {
  const given = KINDS.filter((name) => {
    const value = options[name];
    return Array.isArray(value) ? value.length > 0 : Boolean(value);
  });
  // A kit says where the backups are, `--from` whose they are: these two may stand together.
  const both = given.length === 2 && given.includes("kit") && given.includes("from");
  if (given.length > 1 && !both) {
    throw new Fault(`${given.map((name) => `--${name}`).join(" and ")} cannot be said together`);
  }
}
