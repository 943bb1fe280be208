import { adviceOf } from "./advice.ts";
import { DockerControl } from "./dockerControl.ts";
import { dockerAddresses, type SiteFacts, topologyOf } from "./topology.ts";

/**
 * The site that takes writes now, by the agents' own word; the first one of the settings where there is one
 * site, and where nobody says.
 */
export async function activeName(settings: SiteFacts): Promise<string> {
  const [first = "", ...others] = Object.keys(settings.sites);
  if (others.length === 0) {
    return first;
  }
  const topology = topologyOf(settings);
  const control = new DockerControl(settings.stack, dockerAddresses(settings, []));
  const seen = await Promise.all(
    topology.sites.map(async (site) => [site, await control.status(site)] as const),
  );
  return adviceOf(new Map(seen), topology).active ?? first;
}
