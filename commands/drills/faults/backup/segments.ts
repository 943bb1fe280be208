import type { Docker } from "../../../docker.ts";
import type { Box } from "../../boxes.ts";
import { type Scene, Skipped } from "../../scene.ts";
import { boxOf } from "../tools.ts";
import { undoBy } from "./journal.ts";
import { ASIDE, builtinS3, cloudFolder, REPOSITORY, S3_DATA, script } from "./place.ts";

const POLL_SECONDS = 0.5;
const DATA = "/var/lib/postgresql/17/main";
/** For a timeline that has just begun to have some segments in both: the load writes them. */
const SOME_SECONDS = 120;

/** One repository's archive as files. */
export interface Store {
  readonly repository: string;
  readonly box: Box;
  /** With `archive/` in it. */
  readonly root: string;
  /** Where its files are put aside: on the same file system, in nobody's way. */
  readonly aside: string;
}

export function storesOf(scene: Scene): Store[] {
  const [backup, s3] = [boxOf(scene, "backup"), builtinS3(scene)];
  const cloud = cloudFolder(scene.settings, backup);
  return [
    { repository: "local", box: backup, root: REPOSITORY, aside: REPOSITORY },
    { repository: "cloud", box: s3, root: cloud, aside: S3_DATA },
  ];
}

/** Paths of stored segments below `archive/`, oldest first. */
export const SEGMENTS = `
cd "$1/archive"
find . -type f -regextype posix-extended -regex '.*/[0-9A-F]{24}-[0-9a-f]{40}(\\.[a-z0-9]+)?' | sort`;

/** The segments' names in a listing, in order. Pure. */
export function segmentsIn(text: string): string[] {
  const names = text.split("\n").flatMap((line) => /\/([0-9A-F]{24})-/.exec(line)?.[1] ?? []);
  return [...new Set(names)].sort();
}

async function segmentsOf(docker: Docker, { repository, box, root }: Store): Promise<string[]> {
  const { stdout } = await docker.must(`listing ${repository}`, script(box, SEGMENTS, root));
  return segmentsIn(stdout);
}

async function commonSegments({ docker }: Scene, stores: readonly Store[]): Promise<string[]> {
  const lists = await Promise.all(stores.map((store) => segmentsOf(docker, store)));
  const [first = [], ...others] = lists;
  return first.filter((name) => others.every((list) => list.includes(name)));
}

/** The newest timeline's last segments that every repository has, oldest first. @throws Error */
export async function lastSegments(
  scene: Scene,
  stores: readonly Store[],
  count: number,
): Promise<string[]> {
  const end = scene.now() + SOME_SECONDS;
  for (;;) {
    const found = ofNewestTimeline(await commonSegments(scene, stores));
    if (found.length > count) {
      return found.slice(-count);
    }
    if (scene.now() > end) {
      throw new Error(`the archive did not get ${count} segments in ${SOME_SECONDS} s`);
    }
    await scene.sleep(POLL_SECONDS);
  }
}

/** Of an older timeline the last segment is nobody's. Pure. */
export function ofNewestTimeline(names: readonly string[]): string[] {
  const timeline = names.at(-1)?.slice(0, 8) ?? "";
  return names.filter((name) => name.startsWith(timeline));
}

/** It stays where one can put it back, in case nobody else does. */
export async function putAside(
  scene: Scene,
  { repository, box, root, aside }: Store,
  name: string,
) {
  undoBy(scene, `segment ${name} of ${repository} is there`, [
    { args: script(box, PUT_BACK, root, aside, name) },
  ]);
  await scene.docker.must("deleting a segment", script(box, PUT_ASIDE, root, aside, name));
}

/** Its path below the archive is in the name of what was put aside. */
export const PUT_ASIDE = `
cd "$1/archive"
path=$(find . -name "$3-*" | head -n 1)
[ -n "$path" ]
mkdir -p "$2/wal${ASIDE}/$(dirname "$path")"
mv "$path" "$2/wal${ASIDE}/$path"`;

export const PUT_BACK = `
[ -d "$2/wal${ASIDE}" ] || exit 0
cd "$2/wal${ASIDE}"
for path in $(find . -name "$3-*"); do
  if [ -z "$(find "$1/archive" -name "$3-*")" ] && [ -d "$1/archive/$(dirname "$path")" ]; then
    mv "$path" "$1/archive/$path"
  else
    rm -f "$path"
  fi
done
find . -depth -mindepth 1 -type d -empty -delete
rmdir "$2/wal${ASIDE}" 2>/dev/null || true`;

export async function untilThere(scene: Scene, store: Store, name: string, seconds: number) {
  const end = scene.now() + seconds;
  while (!(await segmentsOf(scene.docker, store)).includes(name)) {
    if (scene.now() > end) {
      throw new Error(`${name} was not brought back to ${store.repository} within ${seconds} s`);
    }
    await scene.sleep(POLL_SECONDS);
  }
}

/**
 * The oldest segment after the newest base backup that every repository has and no member has.
 *
 * @throws Skipped when the members still have them all
 */
export async function segmentOfNobody(scene: Scene, stores: readonly Store[]): Promise<string> {
  const { docker, leader, replicas } = scene;
  const members = [leader, ...replicas];
  const held = new Set<string>();
  for (const member of members) {
    const checkpoint = ["psql", "-XAtq", "-h", "/run/postgresql", "-c", "CHECKPOINT", "postgres"];
    await docker.must("a checkpoint", ["exec", member.name, ...checkpoint], { timeoutMs: 60_000 });
    const { stdout } = await docker.must("listing WAL", [
      "exec",
      member.name,
      "ls",
      `${DATA}/pg_wal`,
    ]);
    for (const name of stdout.split("\n")) {
      held.add(name.trim());
    }
  }
  const { stdout } = await docker.must(
    "looking for the newest base backup",
    script(
      boxOf(scene, "backup"),
      'find "$1/archive" -name "*.backup" -printf "%f\\n"',
      REPOSITORY,
    ),
  );
  const begun =
    stdout
      .split("\n")
      .map((name) => name.slice(0, 24))
      .sort()
      .at(-1) ?? "";
  const chosen = loseable(await commonSegments(scene, stores), begun, held);
  if (chosen === undefined) {
    throw new Skipped("the members have every segment since the newest base backup still");
  }
  return chosen;
}

/** The oldest that is newer than the base backup's and not held. Pure. */
export function loseable(
  names: readonly string[],
  begun: string,
  held: ReadonlySet<string>,
): string | undefined {
  // The next but one: the backup itself may end in the one after its first.
  const after = names.filter((name) => name.slice(0, 8) === begun.slice(0, 8) && name > begun);
  return after.slice(2).find((name) => !held.has(name));
}
