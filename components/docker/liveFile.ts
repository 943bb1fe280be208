import * as command from "@pulumi/command";
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Image } from "./images.ts";
import type { Placement } from "./placement.ts";
import { shellQuote } from "./shell.ts";

export interface LiveFileArgs {
  /** Volume that the reader mounts at `/etc/holdfast/live`. */
  readonly volume: docker.Volume;
  /** Path inside the volume, e.g. `haproxy.cfg` or `targets/app-1.json`. */
  readonly path: string;
  /** The rendered text. A change is an update in place, never a replacement. */
  readonly content: pulumi.Input<string>;
  /** Image that has a shell, and the validator when there is one. */
  readonly image: Image;
  /**
   * Shell command that must succeed before the file takes its place; `$FILE` is the candidate.
   * @default none
   */
  readonly validate?: string;
  /**
   * Shell command on this side of the Docker host, run after each write in the first container of
   * `anyOf` that runs; `$CONTAINER` is its name. With none running there is nothing to reload.
   * @default none: the reader watches the file
   */
  readonly reload?: { readonly anyOf: readonly string[]; readonly command: string };
  /** What has to be there before the file is. @default only what writing it needs */
  readonly after?: readonly pulumi.Resource[];
  /** Remove the file when the resource goes, for files that a directory watcher reads. @default false */
  readonly removeWithResource?: boolean;
}

/**
 * A configuration file that changes without replacing its reader (M10).
 *
 * The content travels on standard input, so a changed line is an update that `preview` can show. A
 * short-lived container validates it and writes it into the volume before the reader first starts;
 * later writes are followed by a reload of what runs. A file the validator refuses never takes its
 * place: the update fails with the validator's words and the old file stays in force.
 */
export function liveFile(
  placement: Placement,
  name: string,
  args: LiveFileArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  const write = pulumi.interpolate`${shortLivedContainer(placement, args)} ${shellQuote(inner(args))}`;
  const script = pulumi.interpolate`set -eu
${write}
${reloadScript(args)}`;
  return new command.local.Command(
    `${placement.site}-${name}`,
    {
      create: script,
      update: script,
      ...(args.removeWithResource === true ? { delete: forgetting(placement, args) } : {}),
      stdin: args.content,
      environment: { DOCKER_HOST: placement.dockerHost },
      triggers: [args.volume.id],
    },
    { ...opts, dependsOn: [args.image.resource, args.volume, ...(args.after ?? [])] },
  );
}

function shortLivedContainer(placement: Placement, args: LiveFileArgs): pulumi.Output<string> {
  return pulumi.interpolate`docker run --rm -i --network none --user 0 --entrypoint /bin/sh --label holdfast.id=${placement.stackId} --label holdfast.stack=${placement.settings.stack} --volume ${args.volume.name}:/live ${args.image.reference} -euc`;
}

/** Runs inside the short-lived container: candidate beside the target, then an atomic rename. */
function inner({ path, validate }: LiveFileArgs): string {
  const target = `/live/${path}`;
  const lines = [
    `umask 022; FILE=${target}.candidate; export FILE`,
    `mkdir -p "$(dirname ${target})"; cat > "$FILE"`,
    ...(validate === undefined ? [] : [`${validate} || { rm -f "$FILE"; exit 1; }`]),
    `mv -f "$FILE" ${target}`,
  ];
  return lines.join("; ");
}

function reloadScript({ reload }: LiveFileArgs): string {
  if (reload === undefined) {
    return "";
  }
  return `for CONTAINER in ${reload.anyOf.join(" ")}; do
  if [ "$(docker inspect --format '{{.State.Running}}' "$CONTAINER" 2>/dev/null)" = true ]; then
    export CONTAINER
    ${reload.command}
    break
  fi
done`;
}

/** Who does not watch the folder is told that the file is gone. */
function forgetting(placement: Placement, args: LiveFileArgs): pulumi.Output<string> {
  const remove = removal(placement, args);
  return args.reload === undefined ? remove : pulumi.interpolate`${remove}\n${reloadScript(args)}`;
}

function removal(placement: Placement, args: LiveFileArgs): pulumi.Output<string> {
  return pulumi.interpolate`docker volume inspect ${args.volume.name} >/dev/null 2>&1 || exit 0
${shortLivedContainer(placement, args)} ${shellQuote(`rm -f /live/${args.path}`)} </dev/null`;
}
