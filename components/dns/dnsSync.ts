import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { DnsSettings } from "../../settings.ts";
import { renderDnsJson } from "../../templates/dns.json.ts";
import { renderOctodnsYaml } from "../../templates/octodns/octodns.yaml.ts";
import { renderOctodnsZone } from "../../templates/octodns/zone.yaml.ts";
import { container } from "../docker/container.ts";
import { liveFile } from "../docker/liveFile.ts";
import type { Placement } from "../docker/placement.ts";
import { type SecretFile, secretFile } from "../docker/secretFile.ts";
import type { TierArgs } from "../docker/tier.ts";
import { volume } from "../docker/volume.ts";
import {
  askedBy,
  namesOf,
  octodnsTarget,
  recordsOf,
  SECRET_FILES,
  type ServerAddress,
  siteAddresses,
  TSIG_FILE,
} from "./publicNames.ts";

/** What the zone is changed with: secrets of the stack's config, beside the settings. */
export interface DnsSecrets {
  /** A TSIG key in base64, a token, or a secret key. */
  readonly secret: pulumi.Output<string>;
  /** The id beside a secret key. @default none */
  readonly keyId?: pulumi.Output<string> | undefined;
}

export interface DnsSyncArgs extends TierArgs {
  readonly dns: DnsSettings;
  /** Of a provider that is not our own. @default none */
  readonly secrets: DnsSecrets | undefined;
  /** The builtin name server's network, where that is on the same Docker host. @default none */
  readonly nameServerNetwork: docker.Network | undefined;
  /**
   * The site's agent, where a failover is nobody's decision: the names follow the site that it lets take
   * writes. Only with a witness, which keeps two sites from doing so. @default none: commands move the names
   */
  readonly follow?: ServerAddress | undefined;
}

/**
 * Points the public names to a site when it is told to (`holdfast-dns flip`), and asks all the while what
 * they answer, for Prometheus. Each site has one, with all that the change needs: a site that takes over
 * needs neither the other one nor Pulumi's state for it.
 *
 * The records of every site are rendered in advance, so that `preview` shows them; which of them holds is
 * run-time data (M26).
 */
export class DnsSync extends pulumi.ComponentResource {
  constructor(name: string, args: DnsSyncArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:dns:DnsSync", name, {}, opts);
    const { placement, nameServerNetwork } = args;
    const live = volume(
      placement,
      "dns-sync-config",
      { component: "dns-sync", precious: false },
      { parent: this },
    );
    const files = [
      this.declareFacts(args, live),
      ...Object.keys(placement.settings.sites).flatMap((site) =>
        this.declareRecords(args, live, site),
      ),
    ];
    container(
      placement,
      {
        tier: "dns-sync",
        image: placement.images["dns-sync"],
        environment: { HOLDFAST_SITE: placement.site },
        health: { command: ["holdfast-health"], startPeriodSeconds: 20 },
        // 17 MiB at rest and 36 MiB at most with a flip by RFC 2136 beside it (n = 20); a service's library may be
        // several times as large as that one's.
        memoryMiB: 192,
        volumes: [{ volume: live, path: "/etc/holdfast/live", readOnly: true }],
        tmpfs: { "/run/dns-sync": "rw,nosuid,nodev,noexec,size=1m,uid=992,gid=992,mode=0700" },
        secrets: secretFiles(args),
        ...(nameServerNetwork === undefined ? {} : { joins: [{ network: nameServerNetwork }] }),
        stopSeconds: 5,
      },
      { parent: this, dependsOn: files },
    );
    this.registerOutputs({});
  }

  private declareFacts(
    { placement, dns, follow }: DnsSyncArgs,
    live: docker.Volume,
  ): pulumi.Resource {
    const { settings, site } = placement;
    return liveFile(
      placement,
      "dns.json",
      {
        volume: live,
        path: "dns.json",
        // Read at each look: there is nobody to tell.
        content: renderDnsJson({
          zone: dns.zone,
          provider: dns.provider,
          names: namesOf(dns),
          sites: siteAddresses(settings, dns),
          servers: askedBy(settings, dns, site),
          follow,
        }),
        image: placement.images["dns-sync"],
      },
      { parent: this },
    );
  }

  /** One site's records, and octoDNS' way from there to the DNS service. */
  private declareRecords(
    { placement, dns }: DnsSyncArgs,
    live: docker.Volume,
    of: string,
  ): pulumi.Resource[] {
    const { settings } = placement;
    const common = { volume: live, image: placement.images["dns-sync"], removeWithResource: true };
    const folder = `sites/${of}`;
    return [
      liveFile(
        placement,
        `dns-records-${of}`,
        {
          ...common,
          path: `${folder}/${dns.zone}.yaml`,
          content: renderOctodnsZone({
            ttlSeconds: dns.ttlSeconds,
            records: recordsOf(settings, dns, of),
          }),
          validate: `holdfast-validate zone ${dns.zone} "$FILE"`,
        },
        { parent: this },
      ),
      liveFile(
        placement,
        `octodns-${of}.yaml`,
        {
          ...common,
          path: `${folder}/octodns.yaml`,
          content: renderOctodnsYaml({
            zone: dns.zone,
            names: Object.values(namesOf(dns)),
            directory: `/etc/holdfast/live/${folder}`,
            target: octodnsTarget(settings, dns, placement.site),
          }),
          validate: `holdfast-validate config ${dns.zone} "$FILE"`,
        },
        { parent: this },
      ),
    ];
  }
}

function secretFiles({ dns, passwords, secrets }: DnsSyncArgs): SecretFile[] {
  if (dns.provider === "builtin") return [secretFile(TSIG_FILE, passwords["dns-tsig"])];
  if (secrets === undefined) {
    throw new Error(`provider ${dns.provider} without secrets; index.ts reads them from the stack`);
  }
  if (dns.provider === "rfc2136") return [secretFile(TSIG_FILE, secrets.secret)];
  return [
    secretFile(SECRET_FILES.dnsSecret, secrets.secret),
    ...(secrets.keyId === undefined ? [] : [secretFile(SECRET_FILES.dnsKeyId, secrets.keyId)]),
  ];
}

/** The placement's name server network, when the builtin one stands on the same host. */
export function besideNameServer(
  { settings, site }: Pick<Placement, "settings" | "site">,
  network: docker.Network | undefined,
): docker.Network | undefined {
  return settings.sites[site]?.host === settings.dns?.host ? network : undefined;
}
