import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings.ts";
import type { ImageName } from "../images.ts";
import type { Peer } from "../site/peer.ts";
import { addressOf } from "./addresses.ts";
import type { Image } from "./images.ts";

/** Where a tier's resources go: which site, on which network, of which Docker host. */
export interface Placement {
  readonly settings: Settings;
  /** The site's name, e.g. `a`; the beginning of every logical name. */
  readonly site: string;
  /** The site's /24. */
  readonly subnet: string;
  /** The Docker host's address, e.g. `unix:///var/run/docker.sock`. */
  readonly dockerHost: string;
  readonly provider: docker.Provider;
  readonly network: docker.Network;
  /** Random id of this stack's state (M8): tells our containers from another clone's. */
  readonly stackId: pulumi.Output<string>;
  /** The images on this site's host. */
  readonly images: Readonly<Record<ImageName, Image>>;
  /** The other site and the way there; undefined for a sole site, which plays no role. */
  readonly peer: Peer | undefined;
  /** The site's containers by alias, each from when it is declared: what observes one waits for it. */
  readonly declared: Map<string, docker.Container>;
}

/** Patroni's scope and pgBackRest's stanza: one database cluster of one stack at one site. */
export function scopeOf(placement: Pick<Placement, "settings" | "site">): string {
  return `${placement.settings.stack}-${placement.site}`;
}

/** Docker's name for a logical name; the same pattern as autonaming in Pulumi.yaml (M5). */
export function physicalName(settings: Settings, logicalName: string): string {
  return `${settings.project}-${settings.stack}-${logicalName}`;
}

/** Whom to ask whether this site may take writes; nobody at a sole site. */
export function siteFacts({ peer, subnet }: Placement): Record<string, string> {
  return peer === undefined ? {} : { HOLDFAST_SITE_AGENT: addressOf(subnet, "site-agent") };
}

/** Docker's name of the site's agent; undefined at a sole site. */
export function siteAgentOf({ settings, site, peer }: Placement): string | undefined {
  return peer === undefined ? undefined : physicalName(settings, `${site}-site-agent`);
}

/** Labels of everything that belongs to a site (DESIGN, contract). */
export function labelsOf(
  placement: Pick<Placement, "settings" | "site" | "stackId">,
  component: string,
  instance?: number,
): { label: string; value: pulumi.Input<string> }[] {
  return [
    { label: "holdfast.id", value: placement.stackId },
    { label: "holdfast.stack", value: placement.settings.stack },
    { label: "holdfast.site", value: placement.site },
    { label: "holdfast.component", value: component },
    ...(instance === undefined ? [] : [{ label: "holdfast.instance", value: String(instance) }]),
  ];
}
