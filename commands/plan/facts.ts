import { numberOf } from "../scaleIn/gate.ts";
import type { SiteChange } from "../scaleIn/look.ts";
import { scaleInNotes, scaleInRisks } from "../scaleIn/risks.ts";
import type { Stack } from "../stack.ts";
import { readFigures } from "./figures.ts";
import type { Facts } from "./types.ts";

/** Who leads now, what the living members say against a scale-in, and what drills measured. */
export function factsOf({ name, settings }: Stack, sites: readonly SiteChange[]): Facts {
  const leaders: Record<string, number> = {};
  for (const { site, members } of sites) {
    const leader = members.find(({ role }) => /leader$/.test(role));
    if (leader !== undefined) {
      leaders[site] = numberOf(leader.name);
    }
  }
  return {
    leaders,
    figures: readFigures(name),
    scaling: {
      risks: sites.flatMap((site) => scaleInRisks(name, site)),
      notes: sites.flatMap((site) => scaleInNotes(settings.database, site)),
    },
  };
}
