import { rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import type { Docker } from "../../docker.ts";
import { run } from "../../exec.ts";
import { diskFullHoldSeconds, HOLD_SECONDS } from "../limits.ts";
import type { Drill, Injected, Scene } from "../scene.ts";
import { FILLER, type LoopDisk, leftOver, moveBack, moveToLoopDisk } from "./loopDisk.ts";
import { aReplica } from "./planned.ts";
import { throttle } from "./throttle.ts";
import { ANSWER_MS, dockerStop, needLocalRoot, start } from "./tools.ts";

const FULL_SECONDS = 120;
const REFILL_MS = 500;

export const disks: readonly Drill[] = [
  {
    name: "disk-full",
    family: "disk",
    description: "the leader's volume, on a small disk of its own, filled to the last byte",
    async prepare(scene) {
      const { docker, settings, cleanUp, untilFull, leader } = scene;
      needLocalRoot(docker, "a small disk is mounted over the leader's volume");
      const replica = aReplica(scene);
      // Registered first: the member starts again, whatever becomes of its disk.
      cleanUp(`${replica.alias} started`, () => start(docker, replica));
      await dockerStop(docker, replica);
      cleanUp("the volume is back in its place", () => mendLoopDisk(docker, settings.stack));
      await moveToLoopDisk(settings.stack, replica);
      await start(docker, replica);
      await untilFull(FULL_SECONDS);
      await docker.must(
        `making ${replica.alias} the leader`,
        ["exec", leader.name, "holdfast-handover", "--to", replica.alias],
        { timeoutMs: 60_000 },
      );
      return untilFull(FULL_SECONDS);
    },
    inject: fillDisk,
  },
  {
    name: "slow-disk",
    family: "disk",
    description: `the leader's disk slowed down for ${HOLD_SECONDS.slowDisk} s`,
    async inject(scene) {
      return (await throttle(scene)) ?? (await stutter(scene));
    },
  },
];

/** What an earlier drill left mounted is put back. Returns whether there was anything. */
export async function mendLoopDisk(docker: Docker, stack: string): Promise<boolean> {
  const disk = leftOver(stack);
  if (!disk) {
    return false;
  }
  await stopMounted(docker, disk);
  await moveBack(stack, disk);
  await docker.run(["start", disk.container], { timeoutMs: ANSWER_MS });
  return true;
}

async function stopMounted(docker: Docker, disk: LoopDisk): Promise<void> {
  await docker.run(["stop", disk.container], { timeoutMs: 120_000 });
}

/** Fills the leader's disk, and keeps it full: PostgreSQL frees a segment now and then. */
async function fillDisk({ leader, settings, undo }: Scene): Promise<Injected> {
  const folder = leader.volumes[0]?.source ?? "";
  const filler = join(folder, FILLER);
  let timer: NodeJS.Timeout | undefined;
  let filling: Promise<unknown> = Promise.resolve();
  undo(`${leader.alias}'s disk has room again`, async () => {
    clearInterval(timer);
    await filling;
    rmSync(filler, { force: true });
  });
  const top = async () => {
    const { bavail, bsize } = statfsSync(folder);
    // Appends what is free, and a block more: dd ends with "no space left", which is what is wanted.
    const bytes = String((bavail + 1) * bsize);
    const flags = ["oflag=append", "conv=notrunc", "iflag=count_bytes", `count=${bytes}`];
    await run("dd", ["if=/dev/zero", `of=${filler}`, "bs=4K", ...flags], { timeoutMs: ANSWER_MS });
  };
  const { bavail, bsize } = statfsSync(folder);
  // All but a little at once, without writing it; ext4 needs some blocks for itself.
  const most = String(Math.max(0, bavail * bsize - 2 ** 20));
  await run("fallocate", ["-l", most, filler], { timeoutMs: ANSWER_MS });
  await top();
  timer = setInterval(() => {
    filling = filling.then(top);
  }, REFILL_MS);
  return {
    fault: `the disk under ${leader.alias}, the leader, was filled to the last byte`,
    holdSeconds: diskFullHoldSeconds(settings),
  };
}

const FROZEN_SECONDS = 0.3;
const RUNNING_SECONDS = 0.2;

/** Where the disk itself cannot be slowed: the leader runs two fifths of the time. */
async function stutter({ docker, leader, undo, sleep }: Scene): Promise<Injected> {
  const unpause = () => docker.run(["unpause", leader.id], { timeoutMs: ANSWER_MS });
  undo(`${leader.alias} runs steadily`, unpause);
  const rounds = HOLD_SECONDS.slowDisk / (FROZEN_SECONDS + RUNNING_SECONDS);
  for (let round = 0; round < rounds; round += 1) {
    await docker.must(`pausing ${leader.alias}`, ["pause", leader.id], { timeoutMs: ANSWER_MS });
    await sleep(FROZEN_SECONDS);
    await unpause();
    await sleep(RUNNING_SECONDS);
  }
  return {
    fault: `${leader.alias}, the leader, was frozen ${FROZEN_SECONDS} s of every ${FROZEN_SECONDS + RUNNING_SECONDS} s for ${HOLD_SECONDS.slowDisk} s`,
  };
}
