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

export type CredentialName = (typeof NAMES)[number];

/**
 * The generated passwords. Both sites use the same ones: a standby cluster is a copy of its leader,
 * roles and passwords included.
 *
 * Protected: losing one locks everybody out of the data it guards, so `down` keeps them (M7).
 */
export class Credentials extends pulumi.ComponentResource {
  /** Secret outputs by name. */
  readonly passwords: Readonly<Record<CredentialName, pulumi.Output<string>>>;

  constructor(name: string, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:database:Credentials", name, {}, opts);
    const entries = NAMES.map((credential): [CredentialName, pulumi.Output<string>] => {
      const password = new random.RandomPassword(
        credential,
        // Letters and digits alone: safe in URLs, ini files and connection strings; 32 of them carry
        // 190 bits. Django wants 50 characters for its key, and more hurts nobody.
        { length: credential === "django-secret-key" ? 64 : 32, special: false },
        { parent: this, protect: true },
      );
      return [credential, password.result];
    });
    this.passwords = Object.fromEntries(entries) as Record<CredentialName, pulumi.Output<string>>;
    this.registerOutputs({});
  }
}
