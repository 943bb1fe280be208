import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { hasSites, settingsOfSite, shareHost } from "../settings/sites.ts";
import type { Settings } from "../settings.ts";
import { Authority } from "./backup/authority.ts";
import type { CloudKeys } from "./backup/cloud.ts";
import { type CredentialName, Credentials, SITE_CREDENTIALS } from "./database/credentials.ts";
import type { DnsSecrets } from "./dns/dnsSync.ts";
import { NameServer } from "./dns/nameServer.ts";
import { declareImages, type Image } from "./docker/images.ts";
import type { ImageName } from "./images.ts";
import type { AlertSecrets } from "./monitoring/alerting.ts";
import { declareNetwork } from "./site/network.ts";
import { peerOf } from "./site/peer.ts";
import { Site, type SiteEndpoints, type SiteUrls, urlsOf } from "./site/site.ts";
import { ThirdPlace, type ThirdPlaceArgs } from "./site/thirdPlace.ts";

export interface EnvironmentArgs {
  readonly settings: Settings;
  /** Keys of an S3 account of one's own; `backup.cloud.provider: s3` needs them. @default none */
  readonly cloudKeys?: CloudKeys | undefined;
  /** What Alertmanager needs to reach people. @default none */
  readonly alertSecrets?: AlertSecrets | undefined;
  /** What the public zone is changed with; every `dns.provider` but `builtin` needs it. @default none */
  readonly dnsSecrets?: DnsSecrets | undefined;
}

/** A Docker host and the images on it. */
interface Host {
  readonly address: string;
  readonly provider: docker.Provider;
  readonly images: Readonly<Record<ImageName, Image>>;
}

/**
 * The map of the house: one provider and one set of images a Docker host, one set of passwords, and a
 * site for each entry of `sites`.
 *
 * ```ts
 * const environment = new Environment("holdfast", { settings: loadSettings() });
 * export const appUrl = environment.endpoints.appUrl;
 * ```
 */
export class Environment extends pulumi.ComponentResource {
  /** Random id of this state, label `holdfast.id` of everything it owns (M8). */
  readonly stackId: pulumi.Output<string>;
  /** Where the first site is reached: the active one, unless `site` commands have said otherwise. */
  readonly endpoints: SiteEndpoints;
  /** Where each site is reached, without passwords; undefined for a sole one. */
  readonly siteUrls: Readonly<Record<string, SiteUrls>> | undefined;

  constructor(name: string, args: EnvironmentArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("holdfast:environment:Environment", name, {}, opts);
    const { settings } = args;
    this.stackId = this.declareStackId();
    const several = hasSites(settings);
    const { passwords } = new Credentials("credentials", { parent: this }, [
      ...(several ? SITE_CREDENTIALS : []),
      ...(settings.dns?.provider === "builtin" ? (["dns-tsig"] as const) : []),
    ]);
    const hosts = this.declareHosts(settings);
    const authority = this.declareAuthority(settings, hosts);
    const joint = several && shareHost(settings) ? this.declareJoint(settings, hosts) : undefined;
    const common = { stackId: this.stackId, passwords, authority };
    const third = this.declareThirdPlace(settings, hosts, { ...common, joint });
    const nameServerNetwork = this.declareNameServer(settings, hosts, passwords);
    const sites: Site[] = [];
    const urls: Record<string, SiteUrls> = {};
    for (const [site, { host, subnet }] of Object.entries(settings.sites)) {
      const { address, provider, images } = required(hosts, host);
      const declared = new Site(
        site,
        {
          ...common,
          settings: settingsOfSite(settings, site),
          subnet,
          dockerHost: address,
          provider,
          images,
          peer: peerOf(settings, site, joint),
          // A standby copies the first site's database: that one is there first.
          after: [
            ...(third === undefined ? [] : [third]),
            ...sites.map(({ postgres }) => postgres),
          ],
          cloudKeys: args.cloudKeys,
          alertSecrets: args.alertSecrets ?? {},
          dnsSecrets: args.dnsSecrets,
          nameServerNetwork,
        },
        { parent: this },
      );
      sites.push(declared);
      urls[site] = urlsOf(declared.endpoints);
    }
    const [active] = sites;
    if (active === undefined) {
      throw new Error("settings declare no site");
    }
    this.endpoints = active.endpoints;
    this.siteUrls = several ? urls : undefined;
    this.registerOutputs({});
  }

  private declareStackId(): pulumi.Output<string> {
    // Losing it would make every container a stranger's.
    return new random.RandomId("stack-id", { byteLength: 8 }, { parent: this, protect: true }).hex;
  }

  /** One authority for all sites; any host can make it, so the first one does. */
  private declareAuthority(settings: Settings, hosts: Record<string, Host>): Authority {
    const [first] = Object.keys(hosts);
    const { address, images } = required(hosts, first ?? "");
    return new Authority(
      "authority",
      {
        place: { settings, dockerHost: address, stackId: this.stackId },
        image: images.authority,
      },
      { parent: this },
    );
  }

  /** Outside of every site: the loss of one is not the loss of the names. */
  private declareNameServer(
    settings: Settings,
    hosts: Record<string, Host>,
    passwords: Readonly<Record<CredentialName, pulumi.Output<string>>>,
  ): docker.Network | undefined {
    const { dns } = settings;
    if (dns?.provider !== "builtin") return undefined;
    const { address: dockerHost, provider, images } = required(hosts, dns.host);
    const { stackId } = this;
    return new NameServer(
      "nameserver",
      { settings, dns, dockerHost, provider, images, stackId, passwords },
      { parent: this },
    ).network;
  }

  /** What joins sites on one Docker host: only what leads out of a site stands on it. */
  private declareJoint(settings: Settings, hosts: Record<string, Host>): docker.Network {
    const [site] = Object.values(settings.sites);
    const { provider } = required(hosts, site?.host ?? "");
    const place = {
      settings,
      stackId: this.stackId,
      subnet: settings.network.linkSubnet,
      provider,
    };
    return declareNetwork("link", place, this);
  }

  private declareThirdPlace(
    settings: Settings,
    hosts: Record<string, Host>,
    args: Pick<ThirdPlaceArgs, "stackId" | "passwords" | "authority" | "joint">,
  ): ThirdPlace | undefined {
    if (settings.witness === undefined) return undefined;
    const { host, subnet } = settings.witness;
    const { address, provider, images } = required(hosts, host);
    return new ThirdPlace(
      "witness",
      { ...args, settings, subnet, dockerHost: address, provider, images },
      { parent: this },
    );
  }

  private declareHosts(settings: Settings): Record<string, Host> {
    const entries = Object.entries(settings.hosts).map(([name, { docker: address }]) => {
      const provider = new docker.Provider(name, { host: address }, { parent: this });
      const images = declareImages(settings, name, { parent: this, provider });
      return [name, { address, provider, images }] as const;
    });
    return Object.fromEntries(entries);
  }
}

function required(hosts: Record<string, Host>, name: string): Host {
  const host = hosts[name];
  if (host === undefined) {
    throw new Error(`no Docker host named ${name} in settings.hosts`);
  }
  return host;
}
