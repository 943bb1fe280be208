import * as command from "@pulumi/command";
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings.ts";
import type { HostEntry } from "./addresses.ts";
import type { Image } from "./images.ts";
import { type Placement, siteAgentOf } from "./placement.ts";
import { shellQuote } from "./shell.ts";

/** Where a job runs; a `Placement` is one. */
export interface JobPlace {
  readonly settings: Settings;
  /** Address of the Docker host. */
  readonly dockerHost: string;
  readonly stackId: pulumi.Output<string>;
  /** The network it joins. @default none at all */
  readonly network?: docker.Network;
}

export interface JobArgs {
  readonly image: Image;
  /** Program and arguments inside the image. */
  readonly command: readonly string[];
  /** What the program reads on standard input; the way in for secrets. @default nothing */
  readonly stdin?: pulumi.Input<string>;
  /** Facts, never secrets. @default none */
  readonly environment?: Readonly<Record<string, string>>;
  /** Static hosts entries. @default none */
  readonly hosts?: readonly HostEntry[];
  /** Directory → mount options. @default none */
  readonly tmpfs?: Readonly<Record<string, string>>;
  /** Memory limit in MiB. @default 256 */
  readonly memoryMiB?: number;
  /** Values whose change runs the job again, beside its input and image. @default none */
  readonly triggers?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Container of the site's agent, where there is one: the job runs on the active site alone. What it does
   * reaches a standby by replication.
   * @default the job always runs
   */
  readonly onlyWhereActive?: string;
  /** Whether its output may be shown and kept in plain. @default "shown" */
  readonly output?: "shown" | "secret";
}

/**
 * Something that runs to its end in a container of its own during `up`: migrations, roles,
 * certificates. It runs again when its image, input or triggers change. A failure stops the update
 * with the job's own words, so whatever depends on it stays as it was.
 */
export function job(
  place: JobPlace,
  name: string,
  args: JobArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  const script = pulumi.interpolate`${guard(args)}docker run --rm -i --label holdfast.id=${place.stackId} --label holdfast.stack=${place.settings.stack} --network ${place.network?.name ?? "none"} ${fixedArguments(args)}`;
  const secret = args.output === "secret";
  return new command.local.Command(
    name,
    {
      create: script,
      update: script,
      environment: { DOCKER_HOST: place.dockerHost },
      ...(args.stdin === undefined ? {} : { stdin: args.stdin }),
      ...(args.triggers === undefined ? {} : { triggers: args.triggers }),
      ...(secret ? { logging: command.local.Logging.Stderr } : {}),
    },
    {
      ...opts,
      dependsOn: [args.image.resource, ...asArray(opts.dependsOn)],
      ...(secret ? { additionalSecretOutputs: ["stdout"] } : {}),
    },
  );
}

/** After a `down` every site starts cold, and the other one, which confirms it, may still be starting. */
const CONFIRMATION_SECONDS = 180;

/** For what changes the database: on the active site alone, where there are several. */
export function onlyWhereActive(placement: Placement): Pick<JobArgs, "onlyWhereActive"> {
  const agent = siteAgentOf(placement);
  return agent === undefined ? {} : { onlyWhereActive: agent };
}

/** Nothing for a standby; a site that nobody has confirmed is no place to change anything. */
function guard({ onlyWhereActive: agent }: JobArgs): string {
  if (agent === undefined) return "";
  return `role=$(docker exec ${agent} holdfast-site role --wait ${CONFIRMATION_SECONDS}) || exit 1
case "$role" in
  active) ;;
  standby) echo 'this site is a standby: it comes by replication'; exit 0 ;;
  *) echo "this site is $role: see ./holdfast site status" >&2; exit 1 ;;
esac
`;
}

function fixedArguments(args: JobArgs): string {
  const [program, ...rest] = args.command;
  const words = [
    `--memory=${args.memoryMiB ?? 256}m`,
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges:true",
    ...(args.hosts ?? []).map(({ host, ip }) => `--add-host=${host}:${ip}`),
    ...Object.entries(args.environment ?? {}).map(([key, value]) => `--env=${key}=${value}`),
    ...Object.entries(args.tmpfs ?? {}).map(([path, options]) => `--tmpfs=${path}:${options}`),
    `--entrypoint=${program}`,
    args.image.reference,
    ...rest,
  ];
  return words.map(shellQuote).join(" ");
}

function asArray(value: pulumi.CustomResourceOptions["dependsOn"]): pulumi.Resource[] {
  if (value === undefined) {
    return [];
  }
  return (Array.isArray(value) ? value : [value]) as pulumi.Resource[];
}
