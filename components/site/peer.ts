import type * as docker from "@pulumi/docker";
import { hasSites, otherSite, shareHost, siteNames } from "../../settings/sites.ts";
import type { Settings } from "../../settings.ts";

/** Where something outside of this site is reached. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** The other site as seen from one, and how to get there. */
export interface Peer {
  /** The other site's name. */
  readonly name: string;
  /** Whether this is the site that is active when the environment is made. */
  readonly founding: boolean;
  /** The other site's leader, behind its link. */
  readonly leader: Endpoint;
  /** The other site's agent, behind its link. */
  readonly agent: Endpoint;
  /** The witness; undefined without one. */
  readonly witness: Endpoint | undefined;
  /** The network between sites on one Docker host, with this site's address on it. */
  readonly joint: { readonly network: docker.Network; readonly address: string } | undefined;
  /** This host's address, where the other site is on another one. */
  readonly hostAddress: string | undefined;
}

/** What the link offers to the other site: the leader here, and the agent. */
export const LINK_PORTS = { leader: 7432, agent: 7433 } as const;
/** etcd's port with TLS (images/etcd). */
export const WITNESS_PORT = 2378;

/** Last octets on the network between sites. Links are numbered like their sites. */
const JOINT = { link: 10, witness: 20, s3: 21, backup: 30, "restore-drill": 40 } as const;

/** Address on the network between sites of what stands there once, or once for each site. Pure. */
export function jointAddress(
  settings: Pick<Settings, "network" | "sites">,
  what: keyof typeof JOINT,
  site?: string,
): string {
  const [prefix = ""] = /^\d+\.\d+\.\d+/.exec(settings.network.linkSubnet) ?? [];
  const number = site === undefined ? 0 : siteNames(settings).indexOf(site) + 1;
  return `${prefix}.${JOINT[what] + number}`;
}

/** How one site reaches the other; undefined for a sole site. Pure but for the network it hands on. */
export function peerOf(
  settings: Settings,
  site: string,
  network: docker.Network | undefined,
): Peer | undefined {
  const name = otherSite(settings, site);
  if (!hasSites(settings) || name === undefined) return undefined;
  const { hosts, sites, ports, witness } = settings;
  const together = shareHost(settings);
  const addressOfHost = (host: string | undefined): string => hosts[host ?? ""]?.address ?? "";
  const there = together
    ? { address: jointAddress(settings, "link", name), ...LINK_PORTS }
    : {
        address: addressOfHost(sites[name]?.host),
        leader: ports.link + (sites[name]?.portOffset ?? 0),
        agent: ports.link + (sites[name]?.portOffset ?? 0) + 1,
      };
  return {
    name,
    founding: siteNames(settings)[0] === site,
    leader: { address: there.address, port: there.leader },
    agent: { address: there.address, port: there.agent },
    witness:
      witness === undefined
        ? undefined
        : together
          ? { address: jointAddress(settings, "witness"), port: WITNESS_PORT }
          : { address: addressOfHost(witness.host), port: ports.witness },
    joint:
      network === undefined
        ? undefined
        : { network, address: jointAddress(settings, "link", site) },
    hostAddress: together ? undefined : addressOfHost(sites[site]?.host),
  };
}
