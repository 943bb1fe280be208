import { Fault } from "../fault.ts";
import { LEASE_SECONDS, MARGIN_SECONDS } from "./machine.ts";
import type { SitePorts, Topology, WitnessView } from "./types.ts";
import { typed } from "./view.ts";

export interface LeaseWait {
  /** Who shall take the lease next, and is asked what the witness says. */
  readonly site: string;
  readonly other: string;
  /** Of the promotion that waits for it. */
  readonly epoch: number;
}

/** A live site renews its lease for ever: after so many leases it is not worth waiting. */
const LEASES_WAITED = 3;
const POLL_SECONDS = 1;
/** Of a witness without memory its agent counts the time, too, and may have begun a little later. */
const FORGOTTEN_SECONDS = LEASE_SECONDS + MARGIN_SECONDS + 3;

/**
 * Waits until the other site's lease at the witness has run out: from then on it takes no writes.
 *
 * @throws Fault while somebody renews it, or the witness does not answer
 */
export async function waitForLease(
  { control, say, now, sleep }: SitePorts,
  topology: Topology,
  { site, other, epoch }: LeaseWait,
): Promise<void> {
  const begun = now();
  const patience = LEASES_WAITED * LEASE_SECONDS + MARGIN_SECONDS;
  let freeSince: number | undefined;
  let told = false;
  for (;;) {
    const seen = await control.status(site);
    const lease = seen.answers ? seen.status.witness : null;
    const at = now();
    // What nobody saw was perhaps not free.
    freeSince = lease?.reachable && lease.holder === null ? (freeSince ?? at) : undefined;
    if (lease?.reachable && isOver(lease, site, epoch, at - (freeSince ?? at))) {
      return;
    }
    if (at - begun > patience) {
      throw fault(lease, topology, { site, other, epoch }, at - begun);
    }
    if (!told) {
      say(`waiting until site ${other}'s lease has run out: ${LEASE_SECONDS} s and a margin`);
      told = true;
    }
    await sleep(POLL_SECONDS);
  }
}

/**
 * Nobody holds it, and who did has stopped by itself: the witness remembers an epoch, so the lease ran out
 * there. A witness that has lost its memory may have lost a living lease: then the whole time.
 */
function isOver(lease: WitnessView, site: string, epoch: number, freeSeconds: number): boolean {
  if (lease.holder !== null) {
    return lease.holder === site;
  }
  const remembers = lease.epoch !== null && lease.epoch < epoch;
  return remembers || freeSeconds >= FORGOTTEN_SECONDS;
}

function fault(
  lease: WitnessView | null,
  topology: Topology,
  { site, other }: LeaseWait,
  waited: number,
): Fault {
  const seconds = Math.round(waited);
  return lease?.reachable
    ? new Fault(
        `site ${lease.holder ?? other} still renews its lease at the witness after ${seconds} s: it is alive`,
        `if it answers you, hand over instead: ${typed(topology, `switchover --to ${site}`)}`,
        "else stop it where it runs, and repeat",
      )
    : new Fault(
        `the witness has not answered site ${site} for ${seconds} s, and without its lease no site takes writes`,
        "start the witness, or mend its network, and repeat",
      );
}
