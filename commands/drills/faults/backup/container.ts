import type { Drill, Injected, Scene } from "../../scene.ts";
import { Skipped } from "../../scene.ts";
import { ANSWER_MS, boxOf } from "../tools.ts";
import { observe, untilAllRecoverable } from "./facts.ts";
import { type Command, undoBy } from "./journal.ts";
import { ASIDE, calmBackups, held, knownHoles, rootScript } from "./place.ts";

/** Until the alert on it: the container is scraped, and missed for 30 s. */
const AWAY = { least: 20, most: 90 };
/** As the issue asks. */
const PAUSED = { least: 60, most: 90 };
/** The alert on it waits for a minute. */
const SKEWED = { least: 60, most: 150 };
/** What waited on the members goes to both repositories. */
const DRAIN_SECONDS = 60;
const RESTART_MS = 90_000;
const SKEW = "+20m";

export const containers: readonly Drill[] = [
  {
    name: "backup-killed",
    family: "backup",
    description: "docker kill of the backup container: WAL waits on the members, then drains",
    notInAll: true,
    alert: "BackupContainerDown",
    prepare: ready,
    inject: (scene) =>
      away(scene, AWAY, "kill", "the backup container started", (name) => ({
        args: ["start", name],
      })),
  },
  {
    name: "backup-paused",
    family: "backup",
    description: `the backup container frozen for ${PAUSED.least} s: WAL waits on the members, then drains`,
    notInAll: true,
    alert: "BackupContainerDown",
    prepare: ready,
    inject: (scene) =>
      away(scene, PAUSED, "pause", "the backup container goes on", (name) => ({
        args: ["unpause", name],
        done: "is not paused",
      })),
  },
  {
    name: "clock-skew",
    family: "backup",
    description:
      "the backup container's clock is 20 minutes ahead: S3 refuses it, an alert says why",
    notInAll: true,
    alert: "ClockSkew",
    async prepare(scene) {
      await needFaketime(scene);
      return ready(scene);
    },
    async inject(scene) {
      const { docker } = scene;
      const backup = boxOf(scene, "backup");
      const holes = await knownHoles(scene);
      undoBy(scene, "the backup container has the right clock", [
        { args: ["start", backup.name] },
        { args: rootScript(backup, RIGHT_CLOCK, SUPERVISOR) },
        { args: ["restart", backup.name] },
      ]);
      await docker.must("changing its clock", rootScript(backup, WRONG_CLOCK, SUPERVISOR, SKEW));
      await docker.must("restarting the backup container", ["restart", backup.name], {
        timeoutMs: RESTART_MS,
      });
      return {
        fault: "the backup container was restarted with a clock that is 20 minutes ahead",
        ...held(scene, SKEWED),
        async check() {
          const cloud = (await observe(docker, backup))?.facts.repositories.cloud;
          if (cloud) {
            const cause = cloud.up ? "nothing" : `${cloud.cause}: ${cloud.error}`;
            scene.note(`what the cloud said to that clock: ${cause}`);
          }
          return undefined;
        },
        whole: () => untilAllRecoverable(scene, holes, DRAIN_SECONDS),
      };
    },
  },
];

const SUPERVISOR = "/usr/local/bin/holdfast-backup-supervisor";
const FAKETIME = '/usr/lib/"$(uname -m)"-linux-gnu/faketime/libfaketime.so.1';

/** In front of the container's own program; every process that it starts inherits it. */
export const WRONG_CLOCK = `
[ -e "$1${ASIDE}" ] || cp -p "$1" "$1${ASIDE}"
cat >"$1.new" <<END
#!/bin/sh
# A steady clock stays as it is: only the date is wrong.
export FAKETIME='$2' FAKETIME_DONT_FAKE_MONOTONIC=1 LD_PRELOAD="$(echo ${FAKETIME})"
exec "$1${ASIDE}"
END
chmod 0755 "$1.new"
mv -f "$1.new" "$1"`;

export const RIGHT_CLOCK = `[ ! -e "$1${ASIDE}" ] || mv -f "$1${ASIDE}" "$1"`;

/** One command of docker takes the backup container away, another brings it back. */
async function away(
  scene: Scene,
  lasts: typeof AWAY,
  verb: "kill" | "pause",
  undone: string,
  undo: (name: string) => Command,
): Promise<Injected> {
  const backup = boxOf(scene, "backup");
  const holes = await knownHoles(scene);
  undoBy(scene, undone, [undo(backup.name)]);
  await scene.docker.must("taking the backup container away", [verb, backup.name], {
    timeoutMs: ANSWER_MS,
  });
  return {
    fault: `docker ${verb} of the backup container`,
    ...held(scene, lasts),
    whole: () => untilAllRecoverable(scene, holes, DRAIN_SECONDS),
  };
}

/** @throws Skipped */
async function needFaketime(scene: Scene): Promise<void> {
  const backup = boxOf(scene, "backup");
  const look = ["exec", backup.name, "sh", "-c", `test -e ${FAKETIME}`];
  if ((await scene.docker.run(look, { timeoutMs: ANSWER_MS })).code !== 0) {
    throw new Skipped("the backup image has no libfaketime");
  }
}

async function ready(scene: Scene) {
  boxOf(scene, "backup");
  await calmBackups(scene);
  return scene.lookAgain();
}
