import * as pulumi from "@pulumi/pulumi";
import { archiveSuffix, foundingSite } from "../../settings/sites.ts";
import { addressOf } from "../docker/addresses.ts";
import type { Placement } from "../docker/placement.ts";
import { scopeOf } from "../docker/placement.ts";
import { SECRETS_DIRECTORY, type SecretFile, secretFile } from "../docker/secretFile.ts";
import type { TierArgs } from "../docker/tier.ts";
import { jointAddress } from "../site/peer.ts";
import type { Authority } from "./authority.ts";

/** Keys of an S3 account. */
export interface CloudKeys {
  readonly id: pulumi.Output<string>;
  readonly secret: pulumi.Output<string>;
}

/** The second repository, as those who use it need it. */
export interface Cloud {
  /** `https://host[:port]`. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Absolute path in the bucket, the stack's own. */
  readonly path: pulumi.Output<string>;
  /** The same of the other site; absent at a sole one. */
  readonly otherPath?: pulumi.Output<string>;
  readonly pathStyle: boolean;
  readonly keys: CloudKeys;
  /** What everything there is sealed with. */
  readonly cipherPass: pulumi.Output<string>;
  /** PEM of the endpoint's authority; absent where the system knows it. */
  readonly caCertificate?: pulumi.Output<string>;
}

export interface CloudArgs extends TierArgs {
  readonly authority: Authority;
  /** Keys of provider s3. */
  readonly cloudKeys: CloudKeys | undefined;
}

/** Port of the builtin S3 server. */
export const S3_PORT = 7070;

/** Where the endpoint's authority is in the containers. */
export const CLOUD_CA_FILE = `${SECRETS_DIRECTORY}/cloud-ca.crt`;

/** The cloud repository of a site; none where the settings want none. */
export function cloudOf(args: CloudArgs): Cloud | undefined {
  const { placement, passwords, authority } = args;
  const { cloud } = placement.settings.backup;
  if (cloud.provider === "none") return undefined;
  const common = {
    region: cloud.region,
    bucket: cloud.bucket,
    // The id tells this state from a clone's: two never write to one path (M24).
    path: cloudPath(placement, placement.site),
    ...(placement.peer === undefined
      ? {}
      : { otherPath: cloudPath(placement, placement.peer.name) }),
    pathStyle: cloud.pathStyle,
    cipherPass: passwords["backup-cipher"],
  };
  if (cloud.provider === "builtin") {
    return {
      ...common,
      endpoint: `https://${s3Address(placement)}:${S3_PORT}`,
      keys: { id: passwords["s3-key-id"], secret: passwords["s3-key-secret"] },
      caCertificate: authority.certificate,
    };
  }
  if (args.cloudKeys === undefined) {
    throw new Error("provider s3 without keys; index.ts reads them from the stack's secrets");
  }
  const own = cloud.caCertificate.trim() !== "";
  return {
    ...common,
    endpoint: cloud.endpoint,
    keys: args.cloudKeys,
    ...(own ? { caCertificate: pulumi.secret(cloud.caCertificate) } : {}),
  };
}

/** Where a site's archive and backups are in the bucket. */
export function cloudPath(
  { settings, stackId }: Pick<Placement, "settings" | "stackId">,
  site: string,
): pulumi.Output<string> {
  const { prefix } = settings.backup.cloud;
  const suffix = archiveSuffix(settings, site);
  return pulumi.interpolate`/${prefix}/${stackId}${suffix}`;
}

/** The builtin server stands on the first site's network; the other one reaches it beside the link. */
function s3Address({ settings, site, subnet }: Placement): string {
  return site === foundingSite(settings) ? addressOf(subnet, "s3") : jointAddress(settings, "s3");
}

/** What a container that uses the cloud repository is given; nothing without one. */
export function cloudSecrets(cloud: Cloud | undefined): SecretFile[] {
  if (cloud === undefined) return [];
  const { keys, cipherPass, caCertificate } = cloud;
  return [
    secretFile("cloud-key-id", keys.id),
    secretFile("cloud-key-secret", keys.secret),
    secretFile("cipher-pass", cipherPass),
    ...(caCertificate === undefined ? [] : [secretFile("cloud-ca.crt", caCertificate)]),
  ];
}

/**
 * All that a stranger needs to read the cloud repository, as JSON: for the recovery kit, and for a
 * stack that is made from another's backups. Secret.
 */
export function backupAccess(placement: Placement, cloud: Cloud): pulumi.Output<string> {
  const { endpoint, region, bucket, path, pathStyle, keys, cipherPass, caCertificate } = cloud;
  const open = { endpoint, region, bucket, pathStyle };
  return pulumi.secret(
    pulumi
      .all([path, keys.id, keys.secret, cipherPass, caCertificate ?? null] as const)
      .apply(([place, keyId, keySecret, pass, certificate]) =>
        JSON.stringify({
          stanza: scopeOf(placement),
          path: place,
          ...open,
          keyId,
          keySecret,
          cipherPass: pass,
          caCertificate: certificate,
        }),
      ),
  );
}
