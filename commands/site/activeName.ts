/** Which site takes writes, by its agents' own word. */
import { Fault } from "../fault.ts";
import { DockerControl } from "./dockerControl.ts";
import { dockerAddresses, type SiteFacts } from "./topology.ts";
import { activeIn, statusOf, type View } from "./view.ts";

/**
 * The site that takes writes now. Where no site says so itself: the silent one that the other one follows, which is
 * not to be mistaken for it; else the first one of the settings.
 */
export async function activeName(settings: SiteFacts): Promise<string> {
  const [first = ""] = Object.keys(settings.sites);
  const view = await agentsWords(settings);
  return activeIn(view) ?? followedIn(view) ?? first;
}

/** A site that gives no answer, and of which another one says that it is active. Pure. */
function followedIn(view: View): string | undefined {
  const named = [...view.keys()].flatMap((site) => statusOf(view, site)?.active ?? []);
  return named.find((site) => view.get(site)?.answers === false);
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

/**
 * Each site's own word; nobody's of a sole one.
 *
 * @param answerMs as Docker's
 */
export function agentsWords(settings: SiteFacts, answerMs?: number): Promise<View> {
  return look(settings, dockerAddresses(settings, []), answerMs);
}

/** Asks all at once; a sole site has no agent to ask. */
async function look(
  { stack, sites }: SiteFacts,
  addresses: Readonly<Record<string, string>>,
  answerMs?: number,
): Promise<View> {
  const names = Object.keys(sites);
  const control = new DockerControl(stack, addresses, answerMs);
  const asked = names.length === 1 ? [] : names;
  return new Map(
    await Promise.all(asked.map(async (site) => [site, await control.status(site)] as const)),
  );
}
