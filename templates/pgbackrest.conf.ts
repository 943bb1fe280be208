/**
 * pgbackrest.conf, for a database node and for the repository host (M23).
 *
 * pgBackRest's standard topology: WAL goes from each node to the repository host, base backups are
 * fetched by it, both over pgBackRest's own TLS server on port 8432. Each side trusts the other by
 * the common name of its certificate; no ssh, no shared volume.
 *
 * The repository host's file names no node: pgBackRest waits three minutes for each node that does
 * not answer and then fails, so the backup container adds the nodes that run at each command.
 */

/** Facts that {@link renderNodePgbackrestConf} needs. */
export interface NodePgbackrestConfArgs {
  /** pgBackRest's name for the cluster, `<stack>-<site>`. */
  readonly stanza: string;
  /** The repository host's fixed address; its certificate must name it. */
  readonly repositoryAddress: string;
  /**
   * WAL that may wait on the node for the repository, in MiB. Beyond it pgBackRest drops WAL rather
   * than fill the disk, and the hole needs a new base backup. @default 1024
   */
  readonly archiveQueueMiB?: number;
  /** PostgreSQL's data directory. @default "/var/lib/postgresql/17/main" */
  readonly dataDirectory?: string;
  /** Segments compressed and sent at a time. @default 2 */
  readonly processes?: number;
}

/** Facts that {@link renderRepositoryPgbackrestConf} needs. */
export interface RepositoryPgbackrestConfArgs {
  /** pgBackRest's name for the cluster, `<stack>-<site>`. */
  readonly stanza: string;
  /** Common names of the nodes' certificates, the whole reserved range: postgres-1 … postgres-11. */
  readonly nodes: readonly string[];
  /** Full base backups kept, with the WAL since the oldest of them. */
  readonly keepFull: number;
  /** Files copied at a time. @default 2 */
  readonly processes?: number;
}

/** Common name of the repository host's certificate. */
export const REPOSITORY_COMMON_NAME = "backup";

const PORT = 8432;
const SECRETS = "/etc/holdfast/secrets";
const HEADER =
  "# Rendered by Holdfast from templates/pgbackrest.conf.ts. Edit the settings, not this file.";

/** Renders a node's pgbackrest.conf. Pure; the same on every node of a site. */
export function renderNodePgbackrestConf(args: NodePgbackrestConfArgs): string {
  return `${HEADER}

[global]
repo1-host=${args.repositoryAddress}
repo1-host-type=tls
repo1-host-port=${PORT}
# The repository host reads its own file, not one at this file's path.
repo1-host-config=/etc/holdfast/live/pgbackrest.conf
repo1-host-ca-file=${SECRETS}/tls-ca.crt
repo1-host-cert-file=${SECRETS}/tls.crt
repo1-host-key-file=${SECRETS}/tls.key

${server([REPOSITORY_COMMON_NAME], args.stanza)}

# Segments travel side by side, and PostgreSQL waits for none of them.
archive-async=y
spool-path=/var/spool/pgbackrest
archive-push-queue-max=${args.archiveQueueMiB ?? 1024}MiB
${common(args.processes)}

[${args.stanza}]
pg1-path=${args.dataDirectory ?? "/var/lib/postgresql/17/main"}
pg1-socket-path=/run/postgresql
pg1-port=5432
pg1-user=postgres
`;
}

/** Renders the repository host's pgbackrest.conf. Pure; independent of how many nodes exist. */
export function renderRepositoryPgbackrestConf(args: RepositoryPgbackrestConfArgs): string {
  return `${HEADER}

[global]
repo1-path=/var/lib/pgbackrest
repo1-retention-full=${args.keepFull}
# Small files share one, and of large files only the changed blocks are stored again.
repo1-bundle=y
repo1-block=y

${server(args.nodes, args.stanza)}

# From a replica where one runs, from the leader where none does.
backup-standby=prefer
# Begins with a checkpoint of its own instead of waiting for the next one.
start-fast=y
# Compares checksums, not times, when it decides what changed.
delta=y
# After failures PostgreSQL's archiver rests for 60 s: a check that waits less calls that a fault.
archive-timeout=90
${common(args.processes)}
`;
}

/** The TLS server's part: who may come in, each by its certificate's common name. */
function server(clients: readonly string[], stanza: string): string {
  return `tls-server-address=*
tls-server-port=${PORT}
tls-server-ca-file=${SECRETS}/tls-ca.crt
tls-server-cert-file=${SECRETS}/tls.crt
tls-server-key-file=${SECRETS}/tls.key
${clients.map((name) => `tls-server-auth=${name}=${stanza}`).join("\n")}`;
}

function common(processes: number | undefined): string {
  return `compress-type=zst
process-max=${processes ?? 2}
# Docker keeps the log.
log-level-console=info
log-level-file=off`;
}
