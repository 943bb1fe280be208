import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Settings } from "../settings.ts";
import { Authority } from "./backup/authority.ts";
import type { CloudKeys } from "./backup/cloud.ts";
import { type CredentialName, Credentials } from "./database/credentials.ts";
import type { DnsSecrets } from "./dns/dnsSync.ts";
import { NameServer } from "./dns/nameServer.ts";
import { declareImages, type Image } from "./docker/images.ts";
import type { ImageName } from "./images.ts";
import type { AlertSecrets } from "./monitoring/alerting.ts";
import { Site, type SiteEndpoints } from "./site/site.ts";

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
  /** Where the active site is reached. */
  readonly endpoints: SiteEndpoints;

  constructor(name: string, args: EnvironmentArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("holdfast:environment:Environment", name, {}, opts);
    const { settings } = args;
    this.stackId = this.declareStackId();
    const builtinDns = settings.dns?.provider === "builtin";
    const { passwords } = new Credentials(
      "credentials",
      { parent: this },
      builtinDns ? ["dns-tsig"] : [],
    );
    const hosts = this.declareHosts(settings);
    const authority = this.declareAuthority(settings, hosts);
    const nameServerNetwork = this.declareNameServer(settings, hosts, passwords);
    const sites = Object.entries(settings.sites).map(([site, { host, subnet }]) => {
      const { address, provider, images } = required(hosts, host);
      return new Site(
        site,
        {
          settings,
          subnet,
          dockerHost: address,
          provider,
          images,
          stackId: this.stackId,
          passwords,
          authority,
          cloudKeys: args.cloudKeys,
          alertSecrets: args.alertSecrets ?? {},
          dnsSecrets: args.dnsSecrets,
          nameServerNetwork,
        },
        { parent: this },
      );
    });
    const [active] = sites;
    if (active === undefined) {
      throw new Error("settings declare no site");
    }
    this.endpoints = active.endpoints;
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
