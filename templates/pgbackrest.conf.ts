/**
 * pgbackrest.conf, for a database node and for the repository host (M23).
 *
 * pgBackRest's standard topology: WAL goes from each node to the repository host, base backups are
 * fetched by it, both over pgBackRest's own TLS server on port 8432. Each side trusts the other by
 * the common name of its certificate; no ssh, no shared volume.
 *
 * The repository host's file is what a person reviews, not what pgBackRest reads: at run time the
 * container makes a file of each repository's lines (`repo1-` is local, `repo2-` is cloud), because a
 * command that knows both fails when one of them is away. It adds what does not belong here: the
 * secrets, and the nodes that run. pgBackRest waits three minutes for each node that does not answer
 * and then fails.
 */

/** Facts that {@link renderNodePgbackrestConf} needs. */
export interface NodePgbackrestConfArgs {
  /** pgBackRest's name for the cluster, `<stack>-<site>`. */
  readonly stanza: string;
  /** The repository host's fixed address; its certificate must name it. */
  readonly repositoryAddress: string;
  /** PostgreSQL's data directory. @default "/var/lib/postgresql/17/main" */
  readonly dataDirectory?: string;
  /** Segments compressed and sent at a time. @default 2 */
  readonly processes?: number;
}

/** Facts that {@link renderRepositoryPgbackrestConf} needs. */
export interface RepositoryPgbackrestConfArgs {
  /** Common names of certificates: the nodes', the whole reserved range, and the restore drills'. */
  readonly clients: readonly string[];
  /** Full base backups kept in the local repository, with the WAL since the oldest of them. */
  readonly keepFull: number;
  /** The second repository. @default none */
  readonly cloud?: CloudRepository;
  /**
   * Path in the same bucket of the other site's archive, which a standby replays from while the link is
   * down; only read. @default none
   */
  readonly otherPath?: string;
  /** Files copied at a time. @default 2 */
  readonly processes?: number;
}

/** Where the second repository is, without its keys. */
export interface CloudRepository {
  /** `https://host[:port]`. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Absolute path inside the bucket: `/<prefix>/<stack's id>`. */
  readonly path: string;
  /** Whether the bucket's name is in the path, not in the host's name. */
  readonly pathStyle: boolean;
  /** File of the endpoint's authority in the container. @default the system's authorities */
  readonly caFile?: string;
  /** Days that one can go back. */
  readonly keepDays: number;
}

/** Common name of the repository host's certificate. */
export const REPOSITORY_COMMON_NAME = "backup";

/** Where the repository host makes the file of one repository. */
export function repositoryConfig(repository: "local" | "cloud" | "other-site"): string {
  return `/run/holdfast/pgbackrest/${repository}.conf`;
}

const PORT = 8432;
const IO_TIMEOUT_SECONDS = 15;
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
# The repository host reads the file of its local repository, not one at this file's path. What goes
# to the cloud is fetched from there: no outage of the cloud holds up a node.
repo1-host-config=${repositoryConfig("local")}
repo1-host-ca-file=${SECRETS}/tls-ca.crt
repo1-host-cert-file=${SECRETS}/tls.crt
repo1-host-key-file=${SECRETS}/tls.key

${server([REPOSITORY_COMMON_NAME], args.stanza)}

# Segments travel side by side, and PostgreSQL waits for none of them. How many may wait is said by
# archive_command.
archive-async=y
spool-path=/var/spool/pgbackrest
# A restore finds its WAL fetched already, half of this ahead at least: 16 segments.
archive-get-queue-max=256MiB
# A repository host that is frozen holds up the queue for minutes, not for half an hour.
db-timeout=60
protocol-timeout=90
${common(args.processes)}

[global:archive-get]
# Most of a fetch is waiting for the network.
process-max=4

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
# For reading: each repository's lines become a file of its own, ${repositoryConfig("local")}
# and ${repositoryConfig("cloud")}, with the secrets and the nodes that run.

[global]
repo1-path=/var/lib/pgbackrest
repo1-retention-full=${args.keepFull}
${format("repo1")}
${cloudPart(args.cloud)}${otherPart(args)}
# Any stanza: a stack that is made from another's backups reads those through this server.
${server(args.clients, "*")}

# From a replica where one runs, from the leader where none does.
backup-standby=prefer
# Begins with a checkpoint of its own instead of waiting for the next one.
start-fast=y
# Compares checksums, not times, when it decides what changed.
delta=y
# After failures PostgreSQL's archiver rests for 60 s: a check that waits less calls that a fault.
archive-timeout=90
# A frozen node holds up a run for minutes, not for half an hour.
db-timeout=300
protocol-timeout=330
${common(args.processes)}
`;
}

/** How a repository keeps its files. */
function format(repo: string): string {
  return `# Small files share one, and of large files only the changed blocks are stored again.
${repo}-bundle=y
${repo}-block=y`;
}

function cloudPart(cloud: CloudRepository | undefined): string {
  if (cloud === undefined) return "";
  return `
${placeOf("repo2", cloud).join("\n")}
# The stack's own id: a cloned or restored stack writes to a path of its own.
repo2-path=${cloud.path}
# Sealed before it leaves this host, with a pass of the stack's own.
repo2-cipher-type=aes-256-cbc
# The oldest backup kept is at least this many days old: one can go back that far.
repo2-retention-full-type=time
repo2-retention-full=${cloud.keepDays}
${format("repo2")}
`;
}

/** Number 3 is the other site's; a file of its own for it is made as for the others. */
function otherPart({ cloud, otherPath }: RepositoryPgbackrestConfArgs): string {
  if (cloud === undefined || otherPath === undefined) return "";
  return `
# The other site's archive, for reading alone.
${placeOf("repo3", cloud).join("\n")}
repo3-path=${otherPath}
repo3-cipher-type=aes-256-cbc
`;
}

/** Where in S3, without a path. */
function placeOf(repo: string, cloud: CloudRepository): string[] {
  return [
    `${repo}-type=s3`,
    `${repo}-s3-endpoint=${cloud.endpoint}`,
    `${repo}-s3-region=${cloud.region}`,
    `${repo}-s3-bucket=${cloud.bucket}`,
    ...(cloud.pathStyle ? [`${repo}-s3-uri-style=path`] : []),
    ...(cloud.caFile === undefined ? [] : [`${repo}-storage-ca-file=${cloud.caFile}`]),
  ];
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
# Who accepts a connection and then says nothing has failed; the default is a minute, and S3 requests
# are tried three times.
io-timeout=${IO_TIMEOUT_SECONDS}
# Docker keeps the log.
log-level-console=info
log-level-file=off`;
}
