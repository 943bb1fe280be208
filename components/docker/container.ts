import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { LINE_LABELS } from "../../templates/collector/lines.ts";
import { addressOf, aliasOf, type HostEntry, isOffline, type Tier } from "./addresses.ts";
import { labelsOf, type Placement } from "./placement.ts";
import type { SecretFile } from "./secretFile.ts";

/** When Docker calls a container healthy. */
export interface HealthCheck {
  /** Program and arguments, run inside the container. */
  readonly command: readonly string[];
  /**
   * Seconds between two checks, and until the first. Each starts a process in the container, some 50
   * ms of CPU; so short ones are for members of a chain, which `up` waits for one by one.
   * @default 5
   */
  readonly intervalSeconds?: number;
  /** Seconds until a check counts as failed. @default 3 */
  readonly timeoutSeconds?: number;
  /** Failures in a row until unhealthy. @default 3 */
  readonly retries?: number;
  /** Seconds after the start in which failures do not count. @default 60 */
  readonly startPeriodSeconds?: number;
}

/** A named volume in a container. */
export interface VolumeMount {
  readonly volume: docker.Volume;
  readonly path: string;
  /** @default false */
  readonly readOnly?: boolean;
}

/**
 * A path of the Docker host in a container. For what exists only there, such as Docker's own socket:
 * data belongs into volumes.
 */
export interface HostMount {
  /** On the Docker host; it has to exist, else Docker makes a folder there. */
  readonly hostPath: string;
  readonly path: string;
  /** A socket can be talked to all the same: this keeps the file itself. @default false */
  readonly readOnly?: boolean;
}

/** A file put into the container before it starts; a change replaces the container (M10). */
export interface FixedFile {
  readonly path: string;
  readonly content: pulumi.Input<string>;
}

/** A port of the container that clients reach by the host's address. */
export interface PublishedPort {
  readonly internal: number;
  readonly external: number;
  /** @default "tcp" */
  readonly protocol?: "udp";
  /** The host's address that it listens on. @default `network.bindAddress` */
  readonly ip?: string;
}

/** A place on a network that is not the site's. */
export interface Attachment {
  readonly network: docker.Network;
  /** @default Docker chooses one */
  readonly address?: string;
  /** @default none */
  readonly aliases?: readonly string[];
}

export interface ContainerArgs {
  /** Which tier, and so which address, alias and labels. */
  readonly tier: Tier;
  /** Number within the tier, from 1; only for tiers that have several. */
  readonly instance?: number;
  /** Image reference, and what must exist before it can be used. */
  readonly image: { readonly reference: string; readonly resource?: pulumi.Resource };
  /** What runs in place of the image's entry point: program and arguments. @default the image's */
  readonly entrypoint?: readonly string[];
  /** Arguments for the image's entry point. @default none: the image's own */
  readonly command?: readonly string[];
  /** Facts, never secrets. @default none */
  readonly environment?: Readonly<Record<string, string>>;
  readonly health: HealthCheck;
  /** Memory limit in MiB; no swap on top of it. A change is applied in place. */
  readonly memoryMiB: number;
  /**
   * Whether it has to run. If not, it is started once it is made, and whoever stops it later is in
   * the right: Pulumi sees no change in that, with and without a refresh (M27). @default true
   */
  readonly mustRun?: boolean;
  /** `/dev/shm` in MiB. @default Docker's 64 */
  readonly shmMiB?: number;
  readonly volumes?: readonly VolumeMount[];
  /** Paths of the Docker host. @default none */
  readonly hostMounts?: readonly HostMount[];
  /** `uid:gid` that the program runs as. @default the image's */
  readonly user?: string;
  /** Directory → mount options, for what must not outlive the container. */
  readonly tmpfs?: Readonly<Record<string, string>>;
  readonly files?: readonly FixedFile[];
  /** Secrets, each a file of its own (M12). */
  readonly secrets?: readonly SecretFile[];
  /** Published ports, container port → host port. */
  readonly ports?: readonly PublishedPort[];
  /** Further names on the site's network. @default none */
  readonly aliases?: readonly string[];
  /** Networks beside the site's own. @default none */
  readonly joins?: readonly Attachment[];
  /** The label `holdfast.site` of what belongs to no site, such as a cloud. @default the site's name */
  readonly siteLabel?: string;
  /** Static hosts entries. @default none */
  readonly hosts?: readonly HostEntry[];
  /**
   * Seconds between the polite stop and SIGKILL. Without it the provider kills at once, so it has no
   * default: whoever declares a container says how long its goodbye takes.
   */
  readonly stopSeconds: number;
  /** Seconds `up` waits for health. @default 120 */
  readonly waitSeconds?: number;
  /** Signal of a polite stop. @default the image's STOPSIGNAL, else SIGTERM */
  readonly stopSignal?: string;
  /** Linux capabilities beyond none at all, written `CAP_X`. @default none */
  readonly capabilities?: readonly string[];
}

/**
 * The one place that makes containers: labels, limits, health, restart policy, graceful stop, log
 * rotation and secrets are the same everywhere.
 *
 * Containers have fixed names, addresses and ports, so a replacement deletes first. `healthcheck` and
 * `tmpfs` are reported as updated by the provider and not applied (lab §2): they replace as well.
 */
export function container(
  placement: Placement,
  args: ContainerArgs,
  opts: pulumi.CustomResourceOptions,
): docker.Container {
  const { settings, site } = placement;
  const alias = aliasOf(args.tier, args.instance);
  const declared = new docker.Container(
    `${site}-${alias}`,
    {
      image: args.image.reference,
      hostname: alias,
      labels: labelsOf({ ...placement, site: args.siteLabel ?? site }, args.tier, args.instance),
      restart: "unless-stopped",
      mustRun: args.mustRun ?? true,
      envs: Object.entries(args.environment ?? {}).map(([key, value]) => `${key}=${value}`),
      ...(args.entrypoint === undefined ? {} : { entrypoints: [...args.entrypoint] }),
      ...(args.command === undefined ? {} : { command: [...args.command] }),
      ...(args.user === undefined ? {} : { user: args.user }),
      ...memoryLimits(args),
      ...network(placement, args),
      hosts: (args.hosts ?? []).map(({ host, ip }) => ({ host, ip })),
      // A lookup that hangs for ten seconds keeps a cut-off leader leading (lab §4, pitfall 2).
      dnsOpts: ["timeout:1", "attempts:1"],
      ports: (args.ports ?? []).map(({ internal, external, protocol, ip }) => ({
        internal,
        external,
        ...(protocol === undefined ? {} : { protocol }),
        ip: ip ?? settings.network.bindAddress,
      })),
      volumes: mounts(args),
      ...(args.tmpfs === undefined ? {} : { tmpfs: { ...args.tmpfs } }),
      uploads: [...(args.files ?? []).map(upload), ...(args.secrets ?? []).map(secretUpload)],
      // Secrets belong to root:root, mode 0440; the group lets the unprivileged process read them.
      ...(args.secrets === undefined || args.secrets.length === 0 ? {} : { groupAdds: ["0"] }),
      securityOpts: ["no-new-privileges:true"],
      capabilities: { drops: ["ALL"], adds: [...(args.capabilities ?? [])] },
      healthcheck: healthcheck(args.health),
      wait: true,
      waitTimeout: args.waitSeconds ?? 120,
      stopTimeout: args.stopSeconds,
      destroyGraceSeconds: args.stopSeconds,
      ...(args.stopSignal === undefined ? {} : { stopSignal: args.stopSignal }),
      logDriver: "json-file",
      // Docker writes the labels beside each line: the collector knows from the line alone whose it is.
      logOpts: { "max-size": "10m", "max-file": "3", labels: LINE_LABELS.join(",") },
    },
    {
      ...opts,
      provider: placement.provider,
      deleteBeforeReplace: true,
      replaceOnChanges: ["healthcheck", "tmpfs", "shmSize"],
      dependsOn: dependencies(args, opts),
    },
  );
  placement.declared.set(alias, declared);
  return declared;
}

/** A fixed address on each of its networks, or no network at all. */
function network({ network: { name }, subnet }: Placement, args: ContainerArgs) {
  const { tier, instance, aliases = [], joins = [] } = args;
  if (isOffline(tier)) {
    return { networkMode: "none" };
  }
  const own = { name, aliases: [aliasOf(tier, instance), ...aliases] };
  return {
    networksAdvanced: [
      { ...own, ipv4Address: addressOf(subnet, tier, instance) },
      ...joins.map((join) => ({
        name: join.network.name,
        aliases: [...(join.aliases ?? [])],
        ...(join.address === undefined ? {} : { ipv4Address: join.address }),
      })),
    ],
  };
}

function mounts({ volumes = [], hostMounts = [] }: ContainerArgs) {
  return [
    ...volumes.map(({ volume, path, readOnly }) => ({
      volumeName: volume.name,
      containerPath: path,
      readOnly: readOnly ?? false,
    })),
    ...hostMounts.map(({ hostPath, path, readOnly }) => ({
      hostPath,
      containerPath: path,
      readOnly: readOnly ?? false,
    })),
  ];
}

function memoryLimits(args: ContainerArgs) {
  return {
    memory: args.memoryMiB,
    // Equal to memory means no swap; without it every preview shows a change (lab §2).
    memorySwap: args.memoryMiB,
    ...(args.shmMiB === undefined ? {} : { shmSize: args.shmMiB }),
  };
}

function upload(file: FixedFile) {
  return { file: file.path, content: file.content, permissions: "0644" };
}

function secretUpload(secret: SecretFile) {
  return { file: secret.path, content: secret.content, permissions: "0440" };
}

function healthcheck(check: HealthCheck) {
  return {
    tests: ["CMD", ...check.command],
    interval: duration(check.intervalSeconds ?? 5),
    timeout: duration(check.timeoutSeconds ?? 3),
    retries: check.retries ?? 3,
    startPeriod: duration(check.startPeriodSeconds ?? 60),
  };
}

/** As Docker writes it back (`2m0s`, not `120s`): anything else is a change after every refresh. */
function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`;
}

function dependencies(args: ContainerArgs, opts: pulumi.CustomResourceOptions): pulumi.Resource[] {
  const given = (opts.dependsOn ?? []) as pulumi.Resource | pulumi.Resource[];
  const image = args.image.resource === undefined ? [] : [args.image.resource];
  return [...image, ...(Array.isArray(given) ? given : [given])];
}
