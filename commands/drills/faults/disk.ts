import { rmSync, statfsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Docker } from "../../docker.ts";
import { run } from "../../exec.ts";
import type { Box } from "../boxes.ts";
import { diskFullHoldSeconds, HOLD_SECONDS } from "../limits.ts";
import type { Drill, Injected, Scene } from "../scene.ts";
import { FILLER, type LoopDisk, leftOver, moveBack, moveToLoopDisk } from "./loopDisk.ts";
import { aReplica } from "./planned.ts";
import { throttle } from "./throttle.ts";
import { ANSWER_MS, dockerStop, needLocalRoot, start } from "./tools.ts";

const FULL_SECONDS = 120;
const REFILL_MS = 500;
/** PostgreSQL may free a segment between the filling and the look at what is free. */
const FILL_ROUNDS = 5;

export const disks: readonly Drill[] = [
  {
    name: "disk-full",
    family: "disk",
    description: "the leader's volume, on a small disk of its own, filled to the last byte",
    async prepare(scene) {
      const { docker, settings, cleanUp, untilFull, leader } = scene;
      needLocalRoot(docker, "a small disk is mounted over the leader's volume");
      const replica = aReplica(scene);
      // Registered first, so it comes last.
      cleanUp(`${replica.alias} started`, () => startOnItsData(docker, settings.stack, replica));
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
    alert: "TransactionsSlow",
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
  const stopped = await stopUsers(docker, disk);
  await moveBack(stack, disk);
  // The drill's own container may have been replaced since: one that is gone is no fault.
  for (const id of new Set([...stopped, disk.container])) {
    await docker.run(["start", id], { timeoutMs: ANSWER_MS });
  }
  return true;
}

/** Stops all that runs on the volume: `up` may have replaced the container. Returns their ids. */
async function stopUsers(docker: Docker, disk: LoopDisk): Promise<string[]> {
  // Docker keeps a volume's data in <name>/_data.
  const volume = disk.volume ?? basename(dirname(disk.folder));
  const { stdout } = await docker.must(
    `listing what runs on volume ${volume}`,
    ["ps", "--quiet", "--no-trunc", "--filter", `volume=${volume}`],
    { timeoutMs: ANSWER_MS },
  );
  const ids = stdout.split("\n").filter(Boolean);
  if (ids.length > 0) {
    const what = `stopping what runs on volume ${volume}`;
    await docker.must(what, ["stop", ...ids], { timeoutMs: 120_000 });
  }
  return ids;
}

/** @throws Error while the member's newest data are on the small disk: it would go on without them */
async function startOnItsData(docker: Docker, stack: string, member: Box): Promise<void> {
  const left = leftOver(stack);
  if (left) {
    throw new Error(
      `its data are in ${left.image} still; the next ./holdfast drill --stack ${stack} puts them back first`,
    );
  }
  await start(docker, member);
}

/** Fills the leader's disk, and keeps it full: PostgreSQL frees a segment now and then. */
async function fillDisk({ leader, settings, undo }: Scene): Promise<Injected> {
  const folder = leader.volumes[0]?.source ?? "";
  // Another member may lead by now, on the host's own disk.
  if (
    leftOver(settings.stack)?.folder !== folder ||
    (await run("mountpoint", ["-q", folder])).code !== 0
  ) {
    throw new Error(
      `${leader.alias} leads, and its volume is not the small disk: nothing was filled`,
    );
  }
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
    // Block by block: of a larger piece that does not fit, nothing is written.
    const size = [`bs=${bsize}`, `count=${bavail + 1}`];
    const flags = ["oflag=append", "conv=notrunc", ...size];
    await run("dd", ["if=/dev/zero", `of=${filler}`, ...flags], { timeoutMs: ANSWER_MS });
    return statfsSync(folder).bavail;
  };
  const { bavail, bsize } = statfsSync(folder);
  // All but a little at once, without writing it; ext4 needs some blocks for itself.
  const most = String(Math.max(0, bavail * bsize - 2 ** 20));
  await run("fallocate", ["-l", most, filler], { timeoutMs: ANSWER_MS });
  let free = await top();
  for (let round = 1; free > 0 && round < FILL_ROUNDS; round += 1) {
    free = await top();
  }
  timer = setInterval(() => {
    // A round that fails must not keep the undo from making room.
    filling = filling.then(top).catch(() => undefined);
  }, REFILL_MS);
  return {
    fault: `the disk under ${leader.alias}, the leader, was filled to the last byte`,
    holdSeconds: diskFullHoldSeconds(settings),
    ...(free > 0 ? { wrong: `the disk was not full: ${free} blocks were free` } : {}),
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
