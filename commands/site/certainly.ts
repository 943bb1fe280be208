import { Fault } from "../fault.ts";
import { Refused, type SitePorts, type Topology, Unanswered } from "./types.ts";
import { typed } from "./view.ts";

/**
 * Makes a site active, and looks where the answer was no or was lost: it may be active all the same.
 *
 * @param work the verb
 * @param word what it does to a site, for the error
 * @throws Fault when the site takes no writes
 */
export async function certainlyActive(
  { control, say }: SitePorts,
  topology: Topology,
  { site, epoch, word }: { readonly site: string; readonly epoch: number; readonly word: string },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Unanswered)) {
      throw error;
    }
    const seen = await control.status(site);
    if (!(seen.answers && seen.status.role === "active" && seen.status.writes)) {
      throw new Fault(
        `site ${site} was not ${word}: ${error.message}`,
        ...(error instanceof Refused && error.next !== undefined ? [error.next] : []),
        `see both, and what helps: ${typed(topology, "status")}`,
      );
    }
  }
  say(`site ${site} is active, epoch ${epoch}`);
}
