import { Fault } from "../fault.ts";
import { note } from "../ui.ts";
import type { Place } from "./members.ts";
import type { RestoreRequest } from "./types.ts";

/**
 * What an earlier run of the same command has restored, where the stack began with it: that run was
 * interrupted, the members have finished without it, and applications may have written since.
 *
 * @param leader who leads and works now
 * @returns the leader's place, with the state of whoever restored; undefined when nothing was
 * @throws Fault when somebody leads whom no restore made: nobody said that its data may be replaced
 */
export function restoredAlready(
  { fresh = false, settings }: Pick<RestoreRequest, "fresh" | "settings">,
  present: readonly Place[],
  leader: string | undefined,
): Place | undefined {
  if (!fresh || leader === undefined) {
    return undefined;
  }
  const over = `./holdfast restore --to latest --overwrite --stack ${settings.stack}`;
  // Only the restorer's label is known to it.
  const done = present.find(({ state }) => state?.phase === "done" && state.label);
  const place = present.find(({ name }) => name === leader);
  if (!done || !place) {
    throw new Fault(
      `${leader} leads stack ${settings.stack} already, with data that this restore did not bring`,
      `to replace them: ${over}`,
    );
  }
  note(`  note an earlier run has restored the database; to restore it again: ${over}`);
  return { ...place, state: done.state };
}
