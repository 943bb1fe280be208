/** What `up` and `preview` refuse, and `--accept-risk NAME` accepts there. */
export const RISKS = {
  "delete-data-volume": "a volume with data is deleted or replaced",
  "leave-data-behind": "a member loses its data volume, and begins on another or none",
  "below-quorum": "fewer replicas stay, or stream, than synchronous replication needs",
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

/** What `volumes` refuses, and `--accept-risk NAME` accepts there. */
export const VOLUME_RISKS = {
  "drop-orphan-volumes": "what members left behind is removed for good",
} as const;

/** What is refused whatever is accepted: no option makes it safe, and another way does. */
export const NEVER = {
  "nobody-leads": "members leave while nobody leads: what they have may be nowhere else",
  "nobody-takes-over": "the leader leaves, and nobody who stays can take over",
} as const;

export type RiskName = keyof typeof RISKS;
export type RefusalName = RiskName | keyof typeof NEVER;

/** Whether `up` and `preview` let somebody accept it. */
export function isRiskName(name: string): name is RiskName {
  return Object.hasOwn(RISKS, name);
}

/** What a name stands for. */
export function meaningOf(name: string): string {
  return Object.entries({ ...RISKS, ...NEVER }).find(([key]) => key === name)?.[1] ?? "";
}
