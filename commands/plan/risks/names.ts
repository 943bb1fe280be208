/** Everything that is refused, and what `--accept-risk NAME` accepts. */
export const RISKS = {
  "delete-data-volume": "a volume with data is deleted or replaced",
  "leave-data-behind": "a member loses its data volume, and begins on another or none",
  "below-quorum": "fewer replicas stay than synchronous replication needs",
  "remove-all-members": "no member of the database stays",
  "change-etcd-members": "members of etcd come or go",
  "etcd-members-at-once": "two members of etcd are replaced at once: the chain is broken",
  "database-members-at-once":
    "two members of the database are replaced at once: the chain is broken",
  "lower-hot-standby":
    "a parameter goes below what replicas run with (max_connections and its like)",
  "postgresql-major": "PostgreSQL's major version changes in place",
  "another-database": "another database is served",
  "weaker-durability":
    "an acknowledged write may be lost: a setting that prevents it is switched off",
  "stop-archiving": "WAL is no longer archived",
  "last-backup-repository": "the last backup repository is dropped",
  "cloud-repository":
    "the repository that outlives this host is dropped, or another one takes its place",
  "backup-cipher": "the pass that seals the cloud repository is replaced or deleted",
  "replace-password": "a password is replaced or deleted",
  "replace-authority": "the certificate authority is made anew or deleted",
  "replace-network": "a site's network is replaced or deleted, and everything on it with it",
  "replace-stack-id": "the stack's id is replaced or deleted",
  "another-docker-host": "a Docker host's address changes: what runs is looked for elsewhere",
  "lift-protection": "what cannot be made again is no longer protected from deletion",
} as const;

export type RiskName = keyof typeof RISKS;

export function isRiskName(name: string): name is RiskName {
  return Object.hasOwn(RISKS, name);
}
