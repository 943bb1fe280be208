import { listed, numberOf } from "../scaleIn/gate.ts";
import type { SiteChange } from "../scaleIn/look.ts";
import { scaleInNotes, scaleInRisks } from "../scaleIn/risks.ts";
import type { Stack } from "../stack.ts";
import { readFigures } from "./figures.ts";
import type { Facts } from "./types.ts";

/**
 * Who leads now and where, what the living members say against a scale-in, and what drills measured. Pure but for
 * the figures.
 *
 * @param review it is a review, maybe on a machine that has nothing of the stack: nobody there is no objection
 */
export function factsOf(
  { name, settings }: Stack,
  sites: readonly SiteChange[],
  review: boolean,
): Facts {
  const unasked = sites.filter(({ elsewhere }) => review && elsewhere);
  const asked = sites.filter((site) => !unasked.includes(site));
  const leaders: Record<string, number> = {};
  const standbys: string[] = [];
  for (const { site, members } of sites) {
    const leader = members.find(({ role }) => /leader$/.test(role));
    if (leader !== undefined) {
      leaders[site] = numberOf(leader.name);
      standbys.push(...(leader.role === "standby_leader" ? [site] : []));
    }
  }
  return {
    leaders,
    standbys,
    figures: readFigures(name),
    scaling: {
      risks: asked.flatMap((site) => scaleInRisks(name, site)),
      notes: [
        ...asked.flatMap((site) => scaleInNotes(settings.database, site)),
        ...unasked
          .filter(({ leaving }) => leaving.length > 0)
          .map(
            ({ site, leaving }) =>
              `site ${site} cannot be asked from here whether ${listed(leaving.map((one) => one.name))} may leave: up asks`,
          ),
      ],
    },
  };
}
