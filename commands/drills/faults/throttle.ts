import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HOLD_SECONDS } from "../limits.ts";
import type { Injected, Scene } from "../scene.ts";
import { cgroupsOf, isLocalRoot, isProcessOf } from "./tools.ts";

const CGROUPS = "/sys/fs/cgroup";
/** An old disk in a bad hour; WAL of the drill's load is about ten times that. */
const SLOW_BYTES_PER_SECOND = 64 * 1024;
const SLOW_WRITES_PER_SECOND = 20;

/** A file of a control group that limits writes, with the lines that set and lift the limit. */
export interface Limiter {
  readonly file: string;
  readonly set: string;
  readonly lift: string;
}

/**
 * Slows down what the leader writes, by its control group.
 *
 * @returns undefined where that is out of reach: a remote host, no such controller, no real disk
 */
export async function throttle({ docker, leader, undo }: Scene): Promise<Injected | undefined> {
  const folder = leader.volumes[0]?.source ?? "";
  if (!isLocalRoot(docker) || !existsSync(folder)) {
    return undefined;
  }
  const disk = diskOf(statSync(folder).dev);
  const groups = cgroupsOf(leader.pid);
  // The host's own group, or another program's that has the pid by now, must not be slowed.
  const limiters =
    disk && isProcessOf(leader, groups)
      ? limitersOf(groups, disk).filter(({ file }) => existsSync(file))
      : [];
  if (limiters.length === 0) {
    return undefined;
  }
  for (const { file, set, lift } of limiters) {
    undo(`${leader.alias}'s disk is as fast as before`, async () => writeFileSync(file, lift));
    writeFileSync(file, set);
  }
  return {
    fault: `${leader.alias}, the leader, could write ${SLOW_BYTES_PER_SECOND / 1024} KiB and ${SLOW_WRITES_PER_SECOND} times a second to its disk`,
    holdSeconds: HOLD_SECONDS.slowDisk,
  };
}

/** The limits of a process's control groups, in version 1 or 2. Pure. */
export function limitersOf(groups: string, disk: string): Limiter[] {
  const lines = groups.split("\n").map((line) => line.split(":"));
  const old = lines.find(([, controllers = ""]) => controllers.split(",").includes("blkio"))?.[2];
  if (old !== undefined) {
    const limit = (what: string, value: number): Limiter => ({
      file: join(CGROUPS, "blkio", old, `blkio.throttle.write_${what}_device`),
      set: `${disk} ${value}`,
      lift: `${disk} 0`,
    });
    return [limit("bps", SLOW_BYTES_PER_SECOND), limit("iops", SLOW_WRITES_PER_SECOND)];
  }
  const unified = lines.find(([number]) => number === "0")?.[2];
  if (unified === undefined) {
    return [];
  }
  return [
    {
      file: join(CGROUPS, unified, "io.max"),
      set: `${disk} wbps=${SLOW_BYTES_PER_SECOND} wiops=${SLOW_WRITES_PER_SECOND}`,
      lift: `${disk} wbps=max wiops=max`,
    },
  ];
}

/**
 * The disk that a file system's device is (a part) of, `MAJOR:MINOR`; undefined for one without a disk
 * (btrfs, ZFS, overlay).
 */
function diskOf(device: number): string | undefined {
  // Linux's own coding of a device number.
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  const folder = `/sys/dev/block/${major}:${minor}`;
  if (major === 0 || !existsSync(folder)) {
    return undefined;
  }
  const isPart = existsSync(join(folder, "partition"));
  return isPart ? readFileSync(join(folder, "..", "dev"), "utf8").trim() : `${major}:${minor}`;
}
