import type { ContainerState } from "../cluster/containers.ts";
import type { Docker, DockerObject } from "../docker.ts";
import { dockerIdsOf, type State, stackIdOf } from "../engine/state.ts";
import { numberOf, staysIn } from "./gate.ts";

/** The data volume of a member that left (M20): nothing uses it, and no state knows it. */
export interface Orphan {
  /** Docker's name. */
  readonly volume: string;
  readonly site: string;
  /** Whose data it was, e.g. `postgres-4`. */
  readonly member: string;
}

/** Where the mark that a new member heeds is on the volume; images/postgres/lib/leaving.py reads it. */
const MARK = "left.json";

/** A stack's data volumes of database members. Pure. */
function memberVolumes(volumes: readonly DockerObject[]): (Orphan & { readonly id: string })[] {
  return volumes
    .filter(({ labels }) => labels["holdfast.component"] === "postgres")
    .filter(({ labels }) => labels["holdfast.instance"] !== undefined)
    .map(({ name, labels }) => ({
      volume: name,
      site: labels["holdfast.site"] ?? "",
      member: `postgres-${labels["holdfast.instance"]}`,
      id: labels["holdfast.id"] ?? "",
    }))
    .sort((a, b) => numberOf(a.member) - numberOf(b.member));
}

/** Volumes of this state's own that it no longer knows: the exact answer. Pure. */
export function orphansOf(volumes: readonly DockerObject[], state: State): Orphan[] {
  const stackId = stackIdOf(state);
  const known = dockerIdsOf(state);
  return memberVolumes(volumes)
    .filter(({ volume, id }) => id === stackId && !known.has(volume))
    .map(({ volume, site, member }) => ({ volume, site, member }));
}

/**
 * The same for one site without the state, which `status` does not ask for: volumes of members that
 * the settings do not want and that have no container. Pure.
 *
 * @param containers the site's
 */
export function apparentOrphans(
  volumes: readonly DockerObject[],
  site: string,
  containers: readonly Pick<ContainerState, "alias">[],
  database: { readonly replicas: number },
): Orphan[] {
  const alive = new Set(containers.map(({ alias }) => alias));
  return memberVolumes(volumes)
    .filter((one) => one.site === site && !alive.has(one.member) && !staysIn(database, one.member))
    .map(({ volume, member }) => ({ volume, site, member }));
}

/**
 * Marks volumes whose member could not be told that it leaves, so that a new member on one starts
 * empty. One that has a mark keeps it. An empty one needs none: it may be a first member's, made by an
 * engine that was killed before it noted that, and nobody could lead while that one waits for a leader.
 *
 * @param image one with a shell that is on the host
 */
export async function markOrphans(
  docker: Docker,
  image: string,
  orphans: readonly Orphan[],
  stack: { readonly name: string; readonly id: string },
): Promise<void> {
  const mounts = orphans.flatMap(({ volume, member }) => ["--volume", `${volume}:/left/${member}`]);
  await docker.must("marking the volumes of members that left", [
    ...["run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "/bin/sh"],
    ...["--label", `holdfast.id=${stack.id}`, "--label", `holdfast.stack=${stack.name}`],
    ...mounts,
    ...[image, "-euc", markScript("/left")],
  ]);
}

/** A shell's lines: each folder below `root` is a volume, named by the member that left it. Pure. */
export function markScript(root: string): string {
  return `for folder in ${root}/*; do
  [ -e "$folder/${MARK}" ] || [ -z "$(ls -A "$folder")" ] && continue
  printf '{"member": "%s", "at": "%s", "token": ""}' "\${folder##*/}" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" > "$folder/${MARK}.part"
  mv "$folder/${MARK}.part" "$folder/${MARK}"
done`;
}

/** Removes the data for good. @throws Fault with Docker's words for one that is in use */
export async function dropOrphans(docker: Docker, orphans: readonly Orphan[]): Promise<void> {
  const names = orphans.map(({ volume }) => volume);
  await docker.must("removing orphaned volumes", ["volume", "rm", ...names]);
}
