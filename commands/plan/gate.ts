import { Fault } from "../fault.ts";
import { isDataVolume } from "./resources.ts";
import { isRiskName, RISKS, VOLUME_RISKS } from "./risks/names.ts";
import type { Change, Plan, Risk } from "./types.ts";

/**
 * @param table the risks of this command. @default those of `up` and `preview`
 * @throws Fault for a name that is none of them: a typing error must not look like consent
 */
export function checkRiskNames(
  names: readonly string[],
  table: Readonly<Record<string, string>> = RISKS,
): void {
  const unknown = names.filter((name) => !Object.hasOwn(table, name));
  if (unknown.length === 0) {
    return;
  }
  const elsewhere = unknown.filter((name) => Object.hasOwn({ ...RISKS, ...VOLUME_RISKS }, name));
  throw new Fault(
    `--accept-risk ${unknown.join(" ")}: ${elsewhere.length === unknown.length ? "that belongs to another command" : "there is no such risk"}`,
    ...Object.entries(table).map(([name, what]) => `${name.padEnd(26)} ${what}`),
  );
}

/** What is left to refuse. Pure. */
export function refusedOf(plan: Plan, accepted: readonly string[]): Risk[] {
  return plan.risks.filter(({ name }) => !accepted.includes(name));
}

/** The lines of a refusal, and the option that would accept all of it, where one can. Pure. */
export function refusalLines(refused: readonly Risk[]): string[] {
  const names = [...new Set(refused.map(({ name }) => name))];
  const never = names.filter((name) => !isRiskName(name));
  return [
    ...refused.flatMap(({ name, resources, what, instead }) => [
      `${name}: ${resources.join(", ")}`,
      `    ${what}`,
      `    ${instead}`,
    ]),
    never.length > 0
      ? `no --accept-risk helps against ${never.join(", ")}`
      : `to do it all the same: ${names.map((name) => `--accept-risk ${name}`).join(" ")}`,
  ];
}

/**
 * What cannot be made again and the update deletes or replaces: protected by the state, or not any more,
 * because an earlier run was killed on its way. Pure.
 */
export function guardedBy(changes: readonly Change[]): Change[] {
  return changes
    .filter(({ action }) => action === "replace" || action === "delete")
    .filter((change) => change.protect || isDataVolume(change));
}

/** What of it the state protects: `up` lifts that, once nothing is refused. Pure. */
export function liftedBy(changes: readonly Change[]): Change[] {
  return guardedBy(changes).filter(({ protect }) => protect);
}
