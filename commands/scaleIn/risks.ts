import type { Settings } from "../../settings.ts";
import type { Risk } from "../plan/types.ts";
import { numberOf, scaleInRefusals, staysIn } from "./gate.ts";
import type { SiteChange } from "./look.ts";

/** What the living members of a site say against those that leave, for the plan. Pure. */
export function scaleInRisks(
  stack: string,
  { site, members, leaving }: Pick<SiteChange, "site" | "members" | "leaving">,
): Risk[] {
  const names = leaving.map(({ name }) => name);
  const back = Math.max(...names.map(numberOf)) - 1;
  const set = `pulumi config set --path database.replicas ${back} --stack ${stack}`;
  return scaleInRefusals(members, names).map(({ name, reason }) => ({
    name,
    resources: names.map((member) => `${site}-${member}`),
    what: reason,
    instead: `with the number of before it can be mended: ${set} && ./holdfast up --stack ${stack}; then lower it again`,
  }));
}

/** What becomes of volumes that members left, when members of their names come anew. Pure. */
export function scaleInNotes(
  database: Pick<Settings["database"], "replicas">,
  { orphans }: Pick<SiteChange, "orphans">,
): string[] {
  return orphans
    .filter(({ member }) => staysIn(database, member))
    .map(
      ({ member, volume }) =>
        `${member} comes anew: what an earlier one left on ${volume} is removed first`,
    );
}
