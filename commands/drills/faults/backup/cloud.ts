import type { Drill, Injected, Scene } from "../../scene.ts";
import { ANSWER_MS, boxOf } from "../tools.ts";
import { clockOf, observe, untilAllRecoverable } from "./facts.ts";
import { undoBy } from "./journal.ts";
import {
  ASIDE,
  bucketFolder,
  builtinS3,
  calmBackups,
  held,
  knownHoles,
  rootScript,
  S3_DATA,
  script,
} from "./place.ts";
import { SECRETS, standInForS3 } from "./standIn.ts";

/** At least so long, so that WAL is written that the cloud misses; at most until the alert is late. */
const OUTAGE = { least: 20, most: 90 };
/** From the repair until the cloud recovers to it. */
export const CLOUD_SECONDS = 60;
/** With a new stanza and a new base backup. */
export const ANEW_SECONDS = 120;

const faultOf = (cause: string) => ({
  name: "RepositoryFault",
  labels: { repository: "cloud", cause },
});

export const clouds: readonly Drill[] = [
  {
    name: "s3-unavailable",
    family: "backup",
    description: "S3 answers 503 to everything: WAL waits in the local repository, writes go on",
    notInAll: true,
    alert: faultOf("unreachable"),
    prepare: ready,
    async inject(scene) {
      const s3 = builtinS3(scene);
      await standInForS3(scene, s3);
      return outage(scene, "S3 was replaced by a server that answers 503 to every request");
    },
  },
  {
    name: "s3-hung",
    family: "backup",
    description: "S3 takes connections and never answers: docker pause",
    notInAll: true,
    alert: faultOf("unreachable"),
    prepare: ready,
    async inject(scene) {
      const s3 = builtinS3(scene);
      undoBy(scene, "S3 goes on", [{ args: ["unpause", s3.name], done: "is not paused" }]);
      await scene.docker.must("pausing S3", ["pause", s3.name], { timeoutMs: ANSWER_MS });
      return outage(scene, "S3 was frozen with docker pause");
    },
  },
  {
    name: "bucket-gone",
    family: "backup",
    description: "the bucket is not there any more, and comes back as it was",
    notInAll: true,
    alert: faultOf("bucket"),
    prepare: ready,
    async inject(scene) {
      const { docker, settings } = scene;
      const s3 = builtinS3(scene);
      const bucket = bucketFolder(settings);
      undoBy(scene, "the bucket is back", [{ args: script(s3, BUCKET_BACK, bucket) }]);
      await docker.must("taking the bucket away", script(s3, 'mv "$1" "$1$2"', bucket, ASIDE));
      return outage(scene, "the bucket was taken away from the S3 server");
    },
  },
  {
    name: "bucket-emptied",
    family: "backup",
    description: "the bucket has lost all that was in it: stanza and base backup are made anew",
    notInAll: true,
    prepare: ready,
    async inject(scene) {
      const { docker, settings } = scene;
      const s3 = builtinS3(scene);
      const bucket = bucketFolder(settings);
      const before = await calmBackups(scene);
      undoBy(scene, "what was in the bucket is back", [
        { args: script(s3, CONTENT_BACK, bucket, `${S3_DATA}/emptied${ASIDE}`) },
      ]);
      const what = script(s3, EMPTY, bucket, `${S3_DATA}/emptied${ASIDE}`);
      await docker.must("emptying the bucket", what);
      // Nothing is put back until the system has mended it by itself: that is the drill.
      await untilAllRecoverable(scene, before, ANEW_SECONDS);
      return {
        fault: "everything in the bucket was taken away",
        whole: () => untilAllRecoverable(scene, before, ANEW_SECONDS),
      };
    },
  },
  {
    name: "credentials-revoked",
    family: "backup",
    description: "S3 does not know the stack's keys any more, and later does again",
    notInAll: true,
    alert: faultOf("credentials"),
    prepare: ready,
    async inject(scene) {
      const s3 = builtinS3(scene);
      const { docker } = scene;
      undoBy(scene, "S3 knows the keys", [
        { args: ["start", s3.name] },
        { args: rootScript(s3, KEYS_BACK, ASIDE, SECRETS) },
        { args: ["restart", s3.name] },
      ]);
      await docker.must("changing S3's keys", rootScript(s3, OTHER_KEYS, ASIDE, SECRETS));
      await docker.must("restarting S3", ["restart", s3.name], { timeoutMs: 60_000 });
      return outage(scene, "the keys that S3 knows were replaced");
    },
  },
];

/** One that was made meanwhile goes: what is in it, the local repository has. */
export const BUCKET_BACK = `
if [ -d "$1${ASIDE}" ]; then
  rm -rf "$1"
  mv "$1${ASIDE}" "$1"
fi`;

/** The bucket itself stays: its attributes are what S3 knows of it. */
export const EMPTY = 'mkdir "$2"; find "$1" -mindepth 1 -maxdepth 1 -exec mv {} "$2"/ ";"';

export const CONTENT_BACK = `
if [ -d "$2" ]; then
  find "$1" -mindepth 1 -delete
  find "$2" -mindepth 1 -maxdepth 1 -exec mv {} "$1"/ ";"
  rmdir "$2"
fi`;

/** A file that nobody may write, not even its owner, is replaced instead. */
export const OTHER_KEYS = `
cd "$2"
for name in s3-key-id s3-key-secret; do
  [ -e "$name$1" ] || cp -p "$name" "$name$1"
  rm -f "$name.new"
  printf %s revoked-by-a-drill >"$name.new"
  chmod 0440 "$name.new"
  mv -f "$name.new" "$name"
done`;

export const KEYS_BACK = `
cd "$2"
for name in s3-key-id s3-key-secret; do
  [ ! -e "$name$1" ] || mv -f "$name$1" "$name"
done`;

async function ready(scene: Scene) {
  builtinS3(scene);
  await calmBackups(scene);
  return scene.lookAgain();
}

/** The cloud is away: the local repository has to go on, and the cloud to follow after the repair. */
async function outage(scene: Scene, fault: string): Promise<Injected> {
  const { docker, settings, note } = scene;
  const backup = boxOf(scene, "backup");
  const before = await knownHoles(scene);
  const since = await clockOf(scene);
  return {
    fault,
    ...held(scene, OUTAGE),
    async check() {
      const observed = await observe(docker, backup);
      const local = observed?.facts.repositories.local;
      const cloud = observed?.facts.repositories.cloud;
      if (!observed || !local || !cloud) {
        return "the backup container does not say how the archive is";
      }
      const { segments, ageSeconds } = observed.facts.backlog;
      note(`the cloud as the system saw it: ${cloud.cause || "up"}: ${cloud.error || "no error"}`);
      note(
        `waiting for the cloud: ${segments} segments, the oldest for ${Math.round(ageSeconds)} s`,
      );
      const age = observed.now - (local.recoverableTo ?? 0);
      const limit = settings.objectives.recoveryPointSeconds;
      const wrong = [
        ...(cloud.up ? ["the cloud was up all the time: nothing was broken"] : []),
        ...(local.up ? [] : [`local is not up: ${local.error}`]),
        ...(age > limit ? [`local recovers to ${Math.round(age)} s ago, above ${limit} s`] : []),
      ];
      return wrong.length > 0 ? wrong.join("; ") : undefined;
    },
    async whole() {
      await untilAllRecoverable(scene, before, CLOUD_SECONDS);
      const took = (await clockOf(scene)) - since;
      note(`both repositories recover to the repair; ${took} s after the fault began`);
    },
  };
}
