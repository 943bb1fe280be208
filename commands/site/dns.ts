/** The public names, for whoever changes the active site: commands/dns/ does it. */
import type { Settings } from "../../settings.ts";

/** The part of commands/dns/flip.ts that is called here. */
interface Names {
  /** Points the public names to a site; one line for a person. @throws Fault */
  flipNames(settings: Settings, site: string): Promise<string>;
}

/** Loaded when it is needed, as every command's code is. */
const FLIP = "../dns/flip.ts";

/** @throws Fault */
export async function flipNames(settings: Settings, site: string): Promise<string> {
  if ((settings as { dns?: unknown }).dns === undefined) {
    return "no public names: dns.zone is not set";
  }
  const names = (await import(FLIP)) as Names;
  return names.flipNames(settings, site);
}
