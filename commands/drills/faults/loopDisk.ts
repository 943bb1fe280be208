import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { must, run } from "../../exec.ts";
import { privatePath } from "../../paths.ts";
import type { Box } from "../boxes.ts";
import { Skipped } from "../scene.ts";

/** A member's volume that was moved onto a small disk of its own. */
export interface LoopDisk {
  /** Docker's id of the member's container. */
  readonly container: string;
  /** Docker's name of the volume; a record of before lacks it. */
  readonly volume?: string;
  /** The volume's folder on the host; the small disk is mounted over it. */
  readonly folder: string;
  /** The file that is the small disk. */
  readonly image: string;
  /**
   * The way back has begun: the image has the member's newest data, mounted or not. Not noted
   * earlier: after a restart of the machine the member goes on in its folder, and that is newer.
   */
  readonly movingBack?: boolean;
}

const MIB = 1024 * 1024;
/** A larger one takes too long to copy there and back. */
const MOST_DATA_MIB = 4096;
/** Beside the data: ext4's own, and WAL that the drill's load writes. */
const ROOM_MIB = 300;
const COPY_MS = 300_000;

/** Remembers what is mounted, so that a later drill can mend what a killed one left. */
function recordFile(stack: string): string {
  return privatePath("drills", stack, "disk.json");
}

/** What an earlier drill of this stack left mounted. */
export function leftOver(stack: string): LoopDisk | undefined {
  const file = recordFile(stack);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as LoopDisk) : undefined;
}

function remember(stack: string, disk: LoopDisk): void {
  writeFileSync(recordFile(stack), JSON.stringify(disk));
}

/** The small disk's size for so much data. Pure. @throws Skipped when that is too much */
export function diskMiB(dataMiB: number, freeMiB: number): number {
  if (dataMiB > MOST_DATA_MIB) {
    throw new Skipped(`the data take ${dataMiB} MiB; above ${MOST_DATA_MIB} they are not copied`);
  }
  const wanted = Math.ceil(dataMiB * 1.3) + ROOM_MIB;
  if (wanted + dataMiB > freeMiB) {
    throw new Skipped(`${wanted + dataMiB} MiB would be needed on the disk, ${freeMiB} are free`);
  }
  return wanted;
}

/**
 * Moves a stopped member's data onto a small disk that is mounted over its volume's folder.
 *
 * @throws Skipped when the machine cannot do that; nothing is changed then
 */
export async function moveToLoopDisk(stack: string, box: Box): Promise<LoopDisk> {
  const { name: volume = "", source: folder = "" } = box.volumes[0] ?? {};
  if (!existsSync(folder)) {
    throw new Skipped(`the volume's folder ${folder} is not on this machine`);
  }
  const image = privatePath("drills", stack, "disk.img");
  const { stdout } = await must("measuring the data", "du", ["-sm", folder]);
  const free = statfsSync(dirname(image));
  const size = diskMiB(Number.parseInt(stdout, 10), Math.floor((free.bavail * free.bsize) / MIB));
  rmSync(image, { force: true });
  // Of an earlier way back that had come to its end but for these.
  rmSync(freshOf(folder), { recursive: true, force: true });
  rmSync(oldOf(folder), { recursive: true, force: true });
  const disk: LoopDisk = { container: box.id, volume, folder, image };
  const stage = stageOf(stack);
  try {
    await must("making a small disk", "truncate", ["-s", `${size}M`, image]);
    // No blocks for root alone: full is full for PostgreSQL, too.
    await must("making a file system", "mkfs.ext4", ["-q", "-m", "0", image]);
    await must("mounting it", "mount", ["-o", "loop", image, stage]);
  } catch (error) {
    rmSync(image, { force: true });
    throw new Skipped(`no loop mount on this machine: ${(error as Error).message}`);
  }
  // From here on a crash leaves something behind, which `moveBack` mends from this file.
  remember(stack, disk);
  await must("copying the data", "cp", ["-a", `${folder}/.`, stage], { timeoutMs: COPY_MS });
  await must("unmounting it", "umount", [stage]);
  await must("mounting it over the volume", "mount", ["-o", "loop", image, folder]);
  return disk;
}

/**
 * Puts the volume's folder back with the small disk's data in it. Nothing may run on it. May be
 * called at any point of `moveToLoopDisk` and of itself, also by a later run.
 */
export async function moveBack(stack: string, disk: LoopDisk): Promise<void> {
  const { folder, image } = disk;
  const stage = stageOf(stack);
  await unmount(stage);
  // Only a disk that had been put in the volume's place holds anything newer.
  if (disk.movingBack || (await isMounted(folder))) {
    remember(stack, { ...disk, movingBack: true });
    await unmount(folder);
    await restore(disk, stage);
  }
  // The record first: without it nobody takes the image for newer than what the member writes next.
  rmSync(recordFile(stack), { force: true });
  rmSync(image, { force: true });
  rmSync(oldOf(folder), { recursive: true, force: true });
}

/** Each step is done once, by whichever call comes to it. */
async function restore({ folder, image }: LoopDisk, stage: string): Promise<void> {
  const [fresh, old] = [freshOf(folder), oldOf(folder)];
  // The old folder is put aside only when the copy is whole.
  if (!existsSync(old)) {
    await must("mounting the small disk", "mount", ["-o", "loop", image, stage]);
    rmSync(fresh, { recursive: true, force: true });
    await must("copying the data back", "cp", ["-a", stage, fresh], { timeoutMs: COPY_MS });
    rmSync(join(fresh, "lost+found"), { recursive: true, force: true });
    rmSync(join(fresh, FILLER), { force: true });
    await unmount(stage);
    await must("putting the volume back", "mv", ["-T", folder, old]);
  }
  if (existsSync(fresh)) {
    await must("putting the volume back", "mv", ["-T", fresh, folder]);
  }
}

function freshOf(folder: string): string {
  return `${folder}.drill`;
}

function oldOf(folder: string): string {
  return `${folder}.before-drill`;
}

/** The file that fills the disk, in the volume's folder. */
export const FILLER = "drill-filler";

function stageOf(stack: string): string {
  const stage = join(dirname(privatePath("drills", stack, "stage")), "stage");
  mkdirSync(stage, { recursive: true });
  return stage;
}

async function isMounted(folder: string): Promise<boolean> {
  return (await run("mountpoint", ["-q", folder])).code === 0;
}

/** Where something is mounted. `-d` frees the loop device. */
async function unmount(folder: string): Promise<void> {
  if (await isMounted(folder)) {
    await must(`unmounting ${folder}`, "umount", ["-d", folder]);
  }
}
