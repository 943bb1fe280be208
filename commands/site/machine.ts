/**
 * The state machine of one site: what each verb makes of its document, and what it does by itself. Pure.
 *
 * These are the agent's rules (M29; images/site-agent/lib/sites/rules.py), written down where the model of
 * the commands' property test can use them. An epoch names one site as the active one; who knows a higher
 * epoch is right.
 */
import type { SiteDocument, WitnessView } from "./types.ts";

/** How long a lease at the witness lasts without renewal; an active site without it takes no writes. */
export const LEASE_SECONDS = 20;
/** Beyond it, before anybody else may be sure: two clocks, and etcd, which looks twice a second. */
export const MARGIN_SECONDS = 5;
/** A confirmed epoch passes every promotion that was reckoned from the same one (view.ts: three above). */
const CONFIRMED_EPOCHS = 3;

/** The witness as an agent knows it. */
export interface Lease extends WitnessView {
  /** How long it has shown the same free lease. Seconds. */
  readonly freeSeconds: number;
}

export type Verb =
  | { readonly verb: "drain" | "promote" | "activate"; readonly epoch: number }
  | { readonly verb: "demote"; readonly epoch: number; readonly follow: string };

/** What a verb makes of a site, or why it is refused. */
export type Outcome = { readonly document: SiteDocument } | { readonly refused: string };

/**
 * One verb on one site. Repeating what is done already changes nothing.
 *
 * @param lease what the site knows of the witness; undefined where the stack has none
 */
export function apply(document: SiteDocument, verb: Verb, lease: Lease | undefined): Outcome {
  const { site, epoch: known, role } = document;
  if (verb.epoch < known) {
    return { refused: `epoch ${verb.epoch} is over: site ${site} knows epoch ${known}` };
  }
  switch (verb.verb) {
    case "drain":
      return role === "active" || role === "draining"
        ? { document: { ...document, role: "draining", epoch: verb.epoch } }
        : { refused: `site ${site} is ${role}, not active` };
    case "demote":
      return { document: { site, role: "standby", epoch: verb.epoch, active: verb.follow } };
    default:
      return becomeActive(document, verb, lease);
  }
}

function becomeActive(
  { site, epoch: known, role, active }: SiteDocument,
  { verb, epoch }: Verb,
  lease: Lease | undefined,
): Outcome {
  if (role === "active") {
    return epoch === known
      ? { document: { site, role, epoch, active } }
      : { refused: `site ${site} is active with epoch ${known}` };
  }
  if (epoch === known) {
    return { refused: `epoch ${epoch} is used up at site ${site}` };
  }
  if (verb === "activate" && role !== "unconfirmed") {
    return { refused: `site ${site} is ${role}: only one that starts cold is activated` };
  }
  const refused = leaseRefusal(site, epoch, lease);
  return refused === undefined
    ? { document: { site, role: "active", epoch, active: site } }
    : { refused };
}

/** Why the witness does not give a site the lease for an epoch; undefined when it does. Pure. */
export function leaseRefusal(
  site: string,
  epoch: number,
  lease: Lease | undefined,
): string | undefined {
  if (lease === undefined) {
    return undefined;
  }
  if (!lease.reachable) {
    return `the witness does not answer site ${site}`;
  }
  if (lease.holder !== null && lease.holder !== site) {
    return `site ${lease.holder} holds the lease at the witness`;
  }
  // One that has lost its memory may have lost a living lease with it.
  if (lease.epoch === null && lease.freeSeconds < LEASE_SECONDS + MARGIN_SECONDS) {
    return `the witness knows no epoch: nobody has had its lease for ${lease.freeSeconds} s only`;
  }
  return lease.epoch !== null && epoch <= lease.epoch
    ? `the witness knows epoch ${lease.epoch}, and ${epoch} is not above it`
    : undefined;
}

/** A site that starts: one that was active takes no writes until its epoch is confirmed. */
export function coldStart(document: SiteDocument): SiteDocument {
  return document.role === "active" ? { ...document, role: "unconfirmed" } : document;
}

/** A site whose etcd has lost the document (M18). */
export function forgotten(site: string): SiteDocument {
  return { site, role: "unconfirmed", epoch: 0, active: null };
}

/**
 * What the other site's word changes: an active one of a higher epoch always wins. Only a standby follows
 * by itself; another one's data may hold what the other site never got, and people say what becomes of it.
 */
export function heard(own: SiteDocument, peer: SiteDocument): SiteDocument {
  if (peer.role !== "active" || peer.epoch <= own.epoch) {
    return own;
  }
  switch (own.role) {
    case "active":
      return { ...own, role: "unconfirmed", active: peer.site };
    case "standby":
      return { ...own, epoch: peer.epoch, active: peer.site };
    default:
      return { ...own, active: peer.site };
  }
}

/**
 * Whether a site confirms the other one, which starts cold and was active, and what it becomes by that: it
 * writes down that the other is active in an epoch to come before it says so, or a failover that has begun
 * meanwhile would make a second one. Without a witness only.
 */
export function confirms(own: SiteDocument, cold: SiteDocument): SiteDocument | undefined {
  const wasActive = cold.role === "unconfirmed" && cold.active === cold.site && cold.epoch > 0;
  const follows = own.role === "standby" && own.active === cold.site && own.epoch === cold.epoch;
  return wasActive && follows ? { ...own, epoch: cold.epoch + CONFIRMED_EPOCHS } : undefined;
}

/**
 * Whether a site that was active takes up its lease again: nobody has had it since. A witness without an
 * epoch has lost it, with a lease that may still be running: then only people can say so.
 */
export function resumes(own: SiteDocument, lease: WitnessView): boolean {
  const isFree = lease.reachable && (lease.holder === null || lease.holder === own.site);
  const wasActive = own.role === "unconfirmed" && own.active === own.site && own.epoch > 0;
  return isFree && wasActive && lease.epoch === own.epoch;
}

/** What a standby that may promote itself knows. */
export interface Watch {
  readonly lease: Lease;
  /** The other site, as heard over the link; undefined when it is silent. */
  readonly peer: SiteDocument | undefined;
}

/**
 * Whether a standby promotes itself (`failover.sites: automatic`), and with which epoch. The lease has run
 * out where the witness remembers whose it was; the active site has ended some seconds before.
 */
export function promotesItself(own: SiteDocument, watch: Watch): number | undefined {
  const { lease, peer } = watch;
  const isFree = lease.reachable && lease.holder === null && lease.epoch === own.epoch;
  const isGone = peer === undefined || (peer.role !== "active" && peer.role !== "draining");
  return own.role === "standby" && isFree && isGone && lease.freeSeconds >= 2
    ? own.epoch + 1
    : undefined;
}
