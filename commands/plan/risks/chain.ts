import { membersIn } from "../resources.ts";
import type { Change } from "../types.ts";

/**
 * The members of a tier that go at once: replaced in one update without one waiting for the other (M14).
 * Pure.
 *
 * Two ways break a chain. A member that waits for no other is replaced beside it. And one whose inputs
 * are computed from another's outputs waits, but is deleted with it, up front. Without dependencies in
 * the preview (events alone, no saved plan) nothing can be said, and nothing is.
 */
export function atOnce(changes: readonly Change[], site: string, tier: string): Change[] {
  const replaced = membersIn(changes, site, tier).filter(({ action }) => action === "replace");
  const byUrn = new Map(changes.map((change) => [change.urn, change]));
  const unordered = new Set<Change>();
  replaced.forEach((one, index) => {
    for (const other of replaced.slice(index + 1)) {
      if (one.dependsOn === undefined || other.dependsOn === undefined) {
        continue;
      }
      const chained =
        reaches(byUrn, one, other, "dependsOn") || reaches(byUrn, other, one, "dependsOn");
      const together =
        reaches(byUrn, one, other, "computedFrom") || reaches(byUrn, other, one, "computedFrom");
      if (!chained || together) {
        unordered.add(one).add(other);
      }
    }
  });
  return replaced.filter((member) => unordered.has(member));
}

/** Whether `from` comes to `to` by the given links, over any number of resources. */
function reaches(
  byUrn: ReadonlyMap<string, Change>,
  from: Change,
  to: Change,
  links: "dependsOn" | "computedFrom",
): boolean {
  const seen = new Set<string>();
  const open = [...(from[links] ?? [])];
  for (let urn = open.pop(); urn !== undefined; urn = open.pop()) {
    if (urn === to.urn) {
      return true;
    }
    if (!seen.has(urn)) {
      seen.add(urn);
      open.push(...(byUrn.get(urn)?.[links] ?? []));
    }
  }
  return false;
}
