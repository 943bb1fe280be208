/** Which site takes writes, by its agents' own word. */
import { Fault } from "../fault.ts";
import { DockerControl } from "./dockerControl.ts";
import { dockerAddresses, type SiteFacts } from "./topology.ts";
import { activeIn, statusOf, type View } from "./view.ts";

/** The site that takes writes now; the first one of the settings where there is one, and where nobody says. */
export async function activeName(settings: SiteFacts): Promise<string> {
  const [first = ""] = Object.keys(settings.sites);
  return activeIn(await agentsWords(settings)) ?? first;
}

/**
 * The same for whoever must not guess.
 *
 * @param addresses Docker's address for each site
 * @throws Fault when no site says that it is active, or two do
 */
export async function certainName(
  settings: SiteFacts,
  addresses: Readonly<Record<string, string>>,
): Promise<string> {
  const [first = "", ...others] = Object.keys(settings.sites);
  return others.length === 0 ? first : certainIn(await look(settings, addresses), settings.stack);
}

/** Pure. @throws Fault */
export function certainIn(view: View, stack: string): string {
  const active = activeIn(view);
  if (active !== undefined) {
    return active;
  }
  const statuses = [...view.keys()].flatMap((site) => statusOf(view, site) ?? []);
  const said = statuses.map(({ site, role }) => `site ${site} is ${role}`).join(", ");
  const whose = statuses.some(({ role }) => role === "active")
    ? "two sites say that they take writes"
    : "no site says that it takes writes";
  throw new Fault(
    `${whose} (${said || "none answers"}): the names stay where they are`,
    `./holdfast site status --stack ${stack}`,
  );
}

/** Each site's own word; nobody's of a sole one. */
export function agentsWords(settings: SiteFacts): Promise<View> {
  return look(settings, dockerAddresses(settings, []));
}

/** Asks all at once; a sole site has no agent to ask. */
async function look(
  { stack, sites }: SiteFacts,
  addresses: Readonly<Record<string, string>>,
): Promise<View> {
  const names = Object.keys(sites);
  const control = new DockerControl(stack, addresses);
  const asked = names.length === 1 ? [] : names;
  return new Map(
    await Promise.all(asked.map(async (site) => [site, await control.status(site)] as const)),
  );
}
