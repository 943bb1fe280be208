import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { linkName, renderLinkHaproxyCfg } from "../../templates/link/haproxy.cfg.ts";
import type { Authority } from "../backup/authority.ts";
import { addressOf, slotsOf } from "../docker/addresses.ts";
import { haproxy } from "../docker/haproxy.ts";
import type { TierArgs } from "../docker/tier.ts";
import { type Endpoint, LINK_PORTS, type Peer } from "./peer.ts";

export interface LinkArgs extends TierArgs {
  readonly authority: Authority;
  readonly peer: Peer;
}

/** HAProxy opens the certificates when it checks a file, and where files are checked there are none. */
const CHECK_WITHOUT_TLS = "sed 's/ ssl .*//' \"$FILE\" | holdfast-validate";

/**
 * The only way from this site to the other one: an HAProxy that stands on the site's network and, for
 * the other site, on a network between them or on published ports of the host. Everything between sites
 * goes through it, by TLS with certificates on both ends; whoever disconnects it has cut the link.
 */
export class Link extends pulumi.ComponentResource {
  readonly container: docker.Container;

  constructor(name: string, args: LinkArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:site:Link", name, {}, opts);
    const { placement, authority, peer } = args;
    const { settings, site, subnet } = placement;
    const certificate = authority.issue(placement, "link", {
      commonName: linkName(site),
      altNames: ["link", addressOf(subnet, "link")],
    });
    this.container = haproxy(
      placement,
      {
        tier: "link",
        config: renderLinkHaproxyCfg({
          site,
          other: peer.name,
          members: slotsOf("postgres").map((n) => addressOf(subnet, "postgres", n)),
          agent: addressOf(subnet, "site-agent"),
          otherLeader: text(peer.leader),
          otherAgent: text(peer.agent),
          ...(peer.witness === undefined ? {} : { witness: text(peer.witness) }),
          check: settings.timings.routerCheck,
        }),
        validate: CHECK_WITHOUT_TLS,
        memoryMiB: 128,
        secrets: certificate.files,
        aliases: [`site-${peer.name}`, ...(peer.witness === undefined ? [] : ["witness"])],
        ...(peer.joint === undefined
          ? { ports: published(peer.hostAddress ?? "", settings.ports.link) }
          : { joins: [{ ...peer.joint, aliases: [linkName(site)] }] }),
      },
      { parent: this, dependsOn: [] },
    );
    this.registerOutputs({});
  }
}

/** On the host's own address, whatever the others bind to: the other site has to get here. */
function published(ip: string, first: number) {
  return [
    { internal: LINK_PORTS.leader, external: first, ip },
    { internal: LINK_PORTS.agent, external: first + 1, ip },
  ];
}

function text({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}
