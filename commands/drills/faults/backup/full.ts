import { rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../../exec.ts";
import type { Box } from "../../boxes.ts";
import type { Drill, Scene } from "../../scene.ts";
import { mendLoopDisk } from "../disk.ts";
import { FILLER, moveToLoopDisk } from "../loopDisk.ts";
import { ANSWER_MS, boxOf, dockerStop, needLocalRoot, start } from "../tools.ts";
import { observe, untilAllRecoverable } from "./facts.ts";
import { calmBackups, held, knownHoles, REPOSITORY } from "./place.ts";

/** Left free: some segments still find room, then none does. */
const LEFT_MIB = 8;
/** Until the disk is full of the load's own WAL, and the alert on it. */
const FULL = { least: 30, most: 180 };
const DRAIN_SECONDS = 90;
const HEALTHY_SECONDS = 120;
const MIB = 1024 * 1024;

export const fulls: readonly Drill[] = [
  {
    name: "repository-full",
    family: "backup",
    description: "the local repository's volume, on a small disk of its own, is full",
    notInAll: true,
    alert: { name: "RepositoryFault", labels: { repository: "local", cause: "full" } },
    async prepare(scene) {
      const { docker, settings, cleanUp, untilFull } = scene;
      needLocalRoot(docker, "a small disk is mounted over the repository's volume");
      const backup = onRepository(boxOf(scene, "backup"));
      await calmBackups(scene);
      const users = usersOf(scene);
      // Registered first, so it comes last.
      cleanUp("the backup containers started", () => startAll(scene, users));
      for (const user of users) {
        await dockerStop(docker, user);
      }
      cleanUp("the repository is back in its place", () => mendLoopDisk(docker, settings.stack));
      await moveToLoopDisk(settings.stack, backup);
      await startAll(scene, users);
      const look = await untilFull(HEALTHY_SECONDS);
      await calmBackups(scene);
      return look;
    },
    async inject(scene) {
      const { docker, note, undo } = scene;
      const backup = boxOf(scene, "backup");
      const folder = onRepository(backup).volumes[0]?.source ?? "";
      await must("looking for the small disk", "mountpoint", ["-q", folder]);
      const known = await knownHoles(scene);
      const filler = join(folder, FILLER);
      undo("the repository's disk has room again", async () => rmSync(filler, { force: true }));
      const { bavail, bsize } = statfsSync(folder);
      const size = Math.max(0, bavail * bsize - LEFT_MIB * MIB);
      await must("filling the disk", "fallocate", ["-l", String(size), filler], {
        timeoutMs: ANSWER_MS,
      });
      return {
        fault: `the local repository's disk was filled but for ${LEFT_MIB} MiB`,
        ...held(scene, FULL),
        async check() {
          const observed = await observe(docker, backup);
          const local = observed?.facts.repositories.local;
          note(`the full repository, as the system saw it: ${local?.cause}: ${local?.error}`);
          const queues = Object.entries(observed?.facts.queues ?? {});
          note(`waiting: ${queues.map(([name, count]) => `${name} ${count}`).join(", ")} segments`);
          return undefined;
        },
        whole: () => untilAllRecoverable(scene, known, DRAIN_SECONDS),
      };
    },
  },
];

/** The backup container with the repository as its first volume. */
function onRepository(backup: Box): Box {
  return { ...backup, volumes: backup.volumes.filter(({ path }) => path === REPOSITORY) };
}

/** Both that have the repository's volume: a mount over its folder is seen after a restart alone. */
function usersOf({ look }: Scene): Box[] {
  return look.boxes.filter(({ component }) => ["backup", "restore-drill"].includes(component));
}

async function startAll({ docker }: Scene, boxes: readonly Box[]): Promise<void> {
  for (const box of boxes) {
    await start(docker, box);
  }
}
