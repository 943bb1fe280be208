import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { DnsSettings, Settings } from "../../settings.ts";
import { renderKnotConf } from "../../templates/dns/knot.conf.ts";
import { renderZone } from "../../templates/dns/zone.ts";
import type { CredentialName } from "../database/credentials.ts";
import { addressOf } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import type { Image } from "../docker/images.ts";
import { liveFile } from "../docker/liveFile.ts";
import { type Placement, physicalName } from "../docker/placement.ts";
import { secretFile } from "../docker/secretFile.ts";
import { volume } from "../docker/volume.ts";
import type { ImageName } from "../images.ts";
import { declareNetwork } from "../site/network.ts";
import { namesOf, primaryOf, recordsOf, TSIG_FILE } from "./publicNames.ts";

export interface NameServerArgs {
  readonly settings: Settings;
  readonly dns: DnsSettings;
  /** Address of the Docker host that carries it. */
  readonly dockerHost: string;
  readonly provider: docker.Provider;
  readonly images: Readonly<Record<ImageName, Image>>;
  readonly stackId: pulumi.Output<string>;
  readonly passwords: Readonly<Record<CredentialName, pulumi.Output<string>>>;
}

/** Where it stands: no site, and too long for the name of one. */
const PLACE = "nameserver";

/**
 * The name server of `dns.provider: builtin`: Knot DNS with one zone, on a network of its own, so that the
 * loss of a site is not its loss. The zone is run-time data (M26): where it begins is rendered, and
 * afterwards only updates with the TSIG key change it.
 *
 * ```ts
 * new NameServer("nameserver", { settings, dns, dockerHost, provider, images, stackId, passwords });
 * ```
 */
export class NameServer extends pulumi.ComponentResource {
  /** What containers on the same Docker host join to reach it. */
  readonly network: docker.Network;

  constructor(name: string, args: NameServerArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:dns:NameServer", name, {}, opts);
    const { dns, passwords } = args;
    this.network = declareNetwork(PLACE, { ...args, subnet: dns.subnet }, this);
    const placement: Placement = {
      ...args,
      site: PLACE,
      subnet: dns.subnet,
      network: this.network,
      peer: undefined,
      declared: new Map(),
    };
    // Without it the names would point to where they began, whichever site is active.
    const data = volume(placement, "dns-data", kind(true), { parent: this });
    const live = volume(placement, "dns-config", kind(false), { parent: this });
    container(
      placement,
      {
        tier: "dns",
        image: placement.images.dns,
        environment: { HOLDFAST_ZONE: dns.zone },
        health: { command: ["holdfast-health"], startPeriodSeconds: 10 },
        memoryMiB: 64,
        volumes: [
          { volume: data, path: "/var/lib/knot" },
          { volume: live, path: "/etc/holdfast/live", readOnly: true },
        ],
        tmpfs: { "/run/knot": "rw,nosuid,nodev,noexec,size=1m,uid=993,gid=993,mode=0700" },
        secrets: [secretFile(TSIG_FILE, passwords["dns-tsig"])],
        ports: [
          { internal: 53, external: dns.port },
          { internal: 53, external: dns.port, protocol: "udp" },
        ],
        stopSeconds: 5,
      },
      { parent: this, dependsOn: this.declareFiles(placement, dns, live) },
    );
    this.registerOutputs({});
  }

  private declareFiles(
    placement: Placement,
    dns: DnsSettings,
    live: docker.Volume,
  ): pulumi.Resource[] {
    const { settings } = placement;
    const [first = ""] = Object.keys(settings.sites);
    const common = { volume: live, image: placement.images.dns };
    const conf = liveFile(
      placement,
      "knot.conf",
      {
        ...common,
        path: "knot.conf",
        content: renderKnotConf({ zone: dns.zone, names: Object.values(namesOf(dns)) }),
        validate: 'holdfast-validate conf "$FILE"',
        reload: {
          anyOf: [physicalName(settings, `${PLACE}-dns`)],
          command: 'docker kill --signal HUP "$CONTAINER" >/dev/null',
        },
      },
      { parent: this },
    );
    const zone = liveFile(
      placement,
      "zone",
      {
        ...common,
        path: "zone",
        // Read when the volume has no zone yet, and never again: there is nothing to reload.
        content: renderZone({
          zone: dns.zone,
          ttlSeconds: dns.ttlSeconds,
          nameServerAddress: primaryOf(settings, dns, first)?.host ?? addressOf(dns.subnet, "dns"),
          records: recordsOf(settings, dns, first),
        }),
        validate: `holdfast-validate zone ${dns.zone} "$FILE"`,
      },
      { parent: this },
    );
    return [conf, zone];
  }
}

function kind(precious: boolean) {
  return { component: "dns", precious };
}
