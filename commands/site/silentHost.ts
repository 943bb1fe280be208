/** What to type when a site's Docker host is gone. */
import { hasSites } from "../../settings/sites.ts";
import type { Settings } from "../../settings.ts";
import { HostSilent } from "../docker.ts";
import { typed } from "./view.ts";

/** The command that needs neither that host nor the engine. Pure. */
export function whereToLook(stack: Pick<Settings, "stack">): string {
  return `which site takes writes, and what helps: ${typed(stack, "status")}`;
}

/** What a site's Docker host was asked. @throws HostSilent, of several sites with where to look */
export async function orWhatHelps<T>(settings: Settings, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof HostSilent) || !hasSites(settings)) {
      throw error;
    }
    throw new HostSilent(error.message, ...error.advice, whereToLook(settings));
  }
}
