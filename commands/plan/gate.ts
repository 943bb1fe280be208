import { Fault } from "../fault.ts";
import { isRiskName, RISKS } from "./risks/names.ts";
import type { Change, Plan, Risk } from "./types.ts";

/** @throws Fault for a name that is none of a risk's: a typing error must not look like consent */
export function checkRiskNames(names: readonly string[]): void {
  const unknown = names.filter((name) => !isRiskName(name));
  if (unknown.length > 0) {
    throw new Fault(
      `--accept-risk ${unknown.join(" ")}: there is no such risk`,
      ...Object.entries(RISKS).map(([name, what]) => `${name.padEnd(26)} ${what}`),
    );
  }
}

/** What is left to refuse. Pure. */
export function refusedOf(plan: Plan, accepted: readonly string[]): Risk[] {
  return plan.risks.filter(({ name }) => !accepted.includes(name));
}

/** The lines of a refusal, and the option that would accept all of it. Pure. */
export function refusalLines(refused: readonly Risk[]): string[] {
  const names = [...new Set(refused.map(({ name }) => name))];
  return [
    ...refused.flatMap(({ name, resources, what, instead }) => [
      `${name}: ${resources.join(", ")}`,
      `    ${what}`,
      `    ${instead}`,
    ]),
    `to do it all the same: ${names.map((name) => `--accept-risk ${name}`).join(" ")}`,
  ];
}

/** What the state protects and the update deletes or replaces: the engine refuses it until that is lifted. Pure. */
export function liftedBy(changes: readonly Change[]): Change[] {
  return changes.filter(
    ({ protect, action }) => protect && (action === "replace" || action === "delete"),
  );
}
