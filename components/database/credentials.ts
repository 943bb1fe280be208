import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/** Every password of the environment, by the name of its file (M12). */
const NAMES = [
  "postgres-superuser",
  "postgres-replication",
  "postgres-rewind",
  "postgres-pgbouncer",
  "postgres-application",
  "postgres-monitor",
  "postgres-backup",
  "pooler-admin",
  "pooler-monitor",
  "pooler-agent",
  "patroni-rest",
  "etcd-root",
  "etcd-patroni",
  "etcd-guard",
  "etcd-autoscaler",
  "etcd-token-key",
  "django-secret-key",
  "grafana-admin",
  "backup-cipher",
  "s3-key-id",
  "s3-key-secret",
] as const;

/** What several sites need to know of each other. */
export const SITE_CREDENTIALS = [
  "etcd-site",
  "witness-root",
  "witness-site",
  "witness-token-key",
] as const;
/** Those that only some stacks need: the sites', and the builtin name server's key. */
const OPTIONAL = [...SITE_CREDENTIALS, "dns-tsig"] as const;

export type OptionalCredential = (typeof OPTIONAL)[number];
export type CredentialName = (typeof NAMES)[number] | OptionalCredential;

/** Characters where 32 are not enough: Django wants 50 for its key, and HMAC-SHA256 a key of 256 bits in base64. */
const LENGTHS: Partial<Record<CredentialName, number>> = {
  "django-secret-key": 64,
  "dns-tsig": 44,
};

/**
 * The generated passwords. Both sites use the same ones: a standby cluster is a copy of its leader,
 * roles and passwords included.
 *
 * Protected: losing one locks everybody out of the data it guards, so `down` keeps them (M7).
 */
export class Credentials extends pulumi.ComponentResource {
  /** Secret outputs by name. */
  readonly passwords: Readonly<Record<CredentialName, pulumi.Output<string>>>;

  /** @param optional those that the settings ask for beside what every stack has */
  constructor(
    name: string,
    opts: pulumi.ComponentResourceOptions,
    optional: readonly OptionalCredential[] = [],
  ) {
    super("holdfast:database:Credentials", name, {}, opts);
    const entries = [...NAMES, ...optional].map(
      (credential): [CredentialName, pulumi.Output<string>] => {
        const password = new random.RandomPassword(
          credential,
          // Letters and digits alone: safe in URLs, ini files and connection strings; 32 of them carry
          // 190 bits.
          { length: LENGTHS[credential] ?? 32, special: false },
          { parent: this, protect: true },
        );
        return [credential, password.result];
      },
    );
    this.passwords = Object.fromEntries(entries) as Record<CredentialName, pulumi.Output<string>>;
    this.registerOutputs({});
  }
}
