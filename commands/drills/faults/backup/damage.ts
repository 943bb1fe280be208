import { RESTORE_DRILL, runRestore } from "../../restore/run.ts";
import { type Drill, type Injected, type Scene, Skipped } from "../../scene.ts";
import { boxOf } from "../tools.ts";
import { untilAllRecoverable } from "./facts.ts";
import { undoBy } from "./journal.ts";
import { isBase, listed, newestOf, untilNewer, verified } from "./listed.ts";
import { ASIDE, calmBackups, cloudFolder, knownHoles, REPOSITORY, script } from "./place.ts";

/** Until a damaged backup that was found has a sound one beside it. */
const ANEW_SECONDS = 120;
const ALERT = { least: 0, most: 60 };
const WHOLE_SECONDS = 60;
/** For a drill of the schedule that runs just then. */
const ANOTHER_SECONDS = 120;

export const damages: readonly Drill[] = [
  {
    name: "bit-flip",
    family: "backup",
    description: "one byte of a base backup is another, in each repository: found, and taken anew",
    notInAll: true,
    alert: { name: "BackupDamaged", labels: { repository: "local" } },
    prepare: ready,
    async inject(scene) {
      const { docker, settings } = scene;
      const backup = boxOf(scene, "backup");
      const known = await knownHoles(scene);
      const rows = await listed(docker, backup);
      const places = [
        { repository: "local", box: backup, root: REPOSITORY },
        ...(settings.backup.cloud.provider === "builtin"
          ? [{ repository: "cloud", box: boxOf(scene, "s3"), root: cloudFolder(settings, backup) }]
          : []),
      ];
      const before = new Map<string, (typeof rows)[number]>();
      for (const { repository, box, root } of places) {
        const newest = newestOf(rows, repository, isBase);
        if (!newest) {
          throw new Error(`${repository} has no base backup`);
        }
        before.set(repository, newest);
        const found = await docker.must("choosing a byte", script(box, CHOOSE, root, newest.label));
        const [at = "", value = "", ...name] = found.stdout.trim().split(" ");
        const file = name.join(" ");
        undoBy(scene, `the byte in ${repository} is what it was`, [
          { args: script(box, PUT, file, at, value) },
        ]);
        const flipped = String(Number(value) ^ 1);
        await docker.must("flipping a bit", script(box, PUT, file, at, flipped));
      }
      const begin = scene.now();
      await mustBeFound(scene, before.keys());
      return {
        fault: `one bit of the newest base backup was flipped in ${[...before.keys()].join(" and ")}`,
        holdSeconds: ALERT.most,
        untilAlertSeconds: ALERT.least,
        check: async () => {
          for (const [repository, { label }] of before) {
            await mustNotServe(scene, repository, "physical", label);
          }
          await untilNewer(scene, before, isBase, ANEW_SECONDS);
          scene.note(`sound base backups after ${Math.round(scene.now() - begin)} s`);
          for (const repository of before.keys()) {
            await mustPass(scene, repository, "physical");
          }
          return undefined;
        },
        whole: () => soundAgain(scene, known),
      };
    },
  },
  {
    name: "dump-truncated",
    family: "backup",
    description: "the newest dump has lost its second half: found, and taken anew",
    notInAll: true,
    alert: { name: "BackupDamaged", labels: { repository: "local", kind: "logical" } },
    prepare: ready,
    async inject(scene): Promise<Injected> {
      const { docker } = scene;
      const backup = boxOf(scene, "backup");
      const known = await knownHoles(scene);
      const isDump = ({ kind }: { kind: string }) => kind === "logical";
      const newest = newestOf(await listed(docker, backup), "local", isDump);
      if (!newest) {
        throw new Skipped("this stack has no dump yet: ./holdfast backup --now logical");
      }
      const aside = `${REPOSITORY}/tail${ASIDE}`;
      const folder = `${REPOSITORY}/dumps/${newest.label}`;
      const found = await docker.must("choosing a file", script(backup, LARGEST, folder));
      const [size = "", ...name] = found.stdout.trim().split(" ");
      const [file, half] = [name.join(" "), String(Math.floor(Number(size) / 2))];
      undoBy(scene, "the dump is whole", [{ args: script(backup, APPEND, file, half, aside) }]);
      await docker.must("truncating a dump", script(backup, TRUNCATE, file, half, aside));
      await mustBeFound(scene, ["local"]);
      const before = new Map([["local", newest]]);
      return {
        fault: `${newest.label}, the newest dump, was cut to ${half} of ${size} bytes`,
        holdSeconds: ALERT.most,
        untilAlertSeconds: ALERT.least,
        check: async () => {
          await mustNotServe(scene, "local", "logical", newest.label);
          await untilNewer(scene, before, isDump, ANEW_SECONDS);
          await mustPass(scene, "local", "logical");
          return undefined;
        },
        whole: () => soundAgain(scene, known),
      };
    },
  },
];

/** The largest file of a folder: `SIZE PATH`. */
export const LARGEST = `find "$1" -type f ! -name "backup.manifest*" -printf "%s %p\\n" | sort -n | tail -n 1`;

/** `OFFSET VALUE PATH` of the byte in the middle of a base backup's largest file. */
export const CHOOSE = `
file=$(find "$1"/backup/*/"$2" -type f ! -name "backup.manifest*" -printf "%s %p\\n" | sort -n | tail -n 1)
path=\${file#* } at=$((\${file%% *} / 2))
echo "$at" $(od -An -tu1 -j "$at" -N 1 "$path") "$path"`;

/** Expired meanwhile: there is nothing to put right. */
export const PUT = `
[ -e "$1" ] || exit 0
printf "\\\\$(printf %03o "$3")" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none`;

export const TRUNCATE = 'tail -c "+$(($2 + 1))" "$1" >"$3"; truncate -s "$2" "$1"';
export const APPEND = `
if [ -e "$1" ] && [ -e "$3" ] && [ "$(stat -c %s "$1")" = "$2" ]; then cat "$3" >>"$1"; fi
rm -f "$3"`;

async function ready(scene: Scene) {
  boxOf(scene, RESTORE_DRILL);
  await calmBackups(scene);
  return scene.lookAgain();
}

/** @throws Error */
async function mustBeFound(scene: Scene, repositories: Iterable<string>): Promise<void> {
  const faults = await verified(scene.docker, boxOf(scene, "backup"));
  for (const repository of repositories) {
    const found = faults.find((fault) => (fault.repository ?? repository) === repository);
    if (!found) {
      throw new Error(`holdfast-backups --verify found nothing wrong in ${repository}`);
    }
    scene.note(`--verify: ${repository} ${found.label}: ${found.file} ${found.problem}`);
  }
}

/** What was put back is known as damaged until it is read again. @throws Error */
async function soundAgain(scene: Scene, known: ReadonlySet<string>): Promise<void> {
  const faults = await verified(scene.docker, boxOf(scene, "backup"));
  if (faults.length > 0) {
    const found = faults.map(({ repository, label, file }) => `${repository} ${label} ${file}`);
    throw new Error(`after all was put back, --verify finds: ${found.join("; ")}`);
  }
  await untilAllRecoverable(scene, known, WHOLE_SECONDS);
}

/**
 * The damaged backup is not taken for a sound one: a restore of it fails, or the system has already put a
 * new one in its place.
 *
 * @throws Error
 */
async function mustNotServe(
  scene: Scene,
  repository: string,
  kind: string,
  damaged: string,
): Promise<void> {
  const { passed, error, record } = await restore(scene, repository, kind);
  if (passed && record.label === damaged) {
    throw new Error(`a ${kind} restore drill from ${repository} passed with a damaged backup`);
  }
  const said = passed ? `${record.label} is there already and restores` : error;
  scene.note(`the restore drill of ${repository}, ${kind}: ${said}`);
}

/** @throws Error */
async function mustPass(scene: Scene, repository: string, kind: string): Promise<void> {
  const { passed, error } = await restore(scene, repository, kind);
  if (!passed) {
    throw new Error(`after a new backup, a ${kind} restore from ${repository}: ${error}`);
  }
}

function restore(scene: Scene, repository: string, kind: string) {
  const { docker, signal } = scene;
  const request = { repository, kind, wait: ANOTHER_SECONDS };
  return runRestore(docker, boxOf(scene, RESTORE_DRILL), request, signal);
}
