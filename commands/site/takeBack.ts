import { Fault } from "../fault.ts";
import { waitForLease } from "./lease.ts";
import { Refused, type SitePorts, type Topology, Unanswered } from "./types.ts";
import { epochsFor, lookAt, typed } from "./view.ts";

/**
 * Makes a drained site active again, once the other one can no longer be promoted by what was sent to it.
 *
 * @param why what went wrong, for the error
 * @throws Fault when that cannot be made sure: then nobody takes writes
 */
export async function takeBack(
  ports: SitePorts,
  topology: Topology,
  from: string,
  to: string,
  why: string,
): Promise<void> {
  const { control, say } = ports;
  const epochs = epochsFor(await lookAt(ports, topology), topology, from);
  const stuck = (reason: string) =>
    new Fault(
      `the switchover to site ${to} failed (${why}), and whether site ${from} takes writes again is not known: ${reason}`,
      `see both, and what helps: ${typed(topology, "status")}`,
      `if site ${to} is lost: ${typed(topology, `failover --to ${from}`)}`,
      `if site ${from} is lost: ${typed(topology, `failover --to ${to}`)}`,
    );
  try {
    // A promotion that is still on its way there is refused from now on.
    await control.demote(to, epochs.clearing, from);
  } catch (error) {
    const known = error instanceof Refused || error instanceof Unanswered;
    if (!known || !topology.witness) {
      throw known ? stuck(error.message) : error;
    }
    // The lease decides between them, once nobody's is running.
    await waitForLease(ports, topology, { site: from, other: to, epoch: epochs.promotion });
  }
  try {
    await control.promote(from, epochs.promotion);
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Unanswered)) {
      throw error;
    }
    // It may never have been drained.
    const seen = await control.status(from);
    if (!(seen.answers && seen.status.role === "active")) {
      throw stuck(error.message);
    }
  }
  say(`site ${from} is active again`);
}
