import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Docker } from "../../../../commands/docker.ts";
import { disks, mendLoopDisk } from "../../../../commands/drills/faults/disk.ts";
import { leftOver, moveBack, moveToLoopDisk } from "../../../../commands/drills/faults/loopDisk.ts";
import type { Scene } from "../../../../commands/drills/scene.ts";
import { box, settings } from "./fakes.ts";

const at = vi.hoisted(() => ({ root: "" }));

vi.mock("../../../../commands/paths.ts", async (original) => ({
  ...(await original<object>()),
  privatePath: (...parts: string[]) => join(at.root, ...parts),
}));
vi.mock("../../../../commands/exec.ts", async (original) => ({
  ...(await original<object>()),
  run: async (program: string, args: string[]) => ({ ...nothing, code: perform(program, args) }),
  must: async (what: string, program: string, args: string[]) => {
    if (perform(program, args) !== 0) {
      throw new Error(what);
    }
    return { ...nothing, stdout: "1\t/folder" };
  },
}));

const nothing = { code: 0, stdout: "", stderr: "" };

/** What a mount point shows is a folder of the image's own, swapped in; `under` it waits the real one. */
const under = (folder: string) => `${folder}.under`;
/** The program and the number of its call that fails, e.g. `mv 2`; thrown: the launcher is killed there. */
let failing = "";
const calls = new Map<string, number>();

/** Mounts without a kernel: enough to see which data end up where. */
function perform(program: string, args: readonly string[]): number {
  const count = (calls.get(program) ?? 0) + 1;
  calls.set(program, count);
  if (failing === `${program} ${count}`) {
    return 1;
  }
  const [last = "", before = ""] = args.toReversed();
  switch (program) {
    case "mountpoint":
      return existsSync(under(last)) ? 0 : 1;
    case "truncate":
      writeFileSync(last, "");
      mkdirSync(`${last}.content/lost+found`, { recursive: true });
      return 0;
    case "mount":
      if (!existsSync(before)) {
        return 1;
      }
      renameSync(last, under(last));
      cpSync(`${before}.content`, last, { recursive: true });
      writeFileSync(`${under(last)}.of`, before);
      return 0;
    case "umount": {
      const image = readFileSync(`${under(last)}.of`, "utf8");
      rmSync(`${image}.content`, { recursive: true });
      renameSync(last, `${image}.content`);
      renameSync(under(last), last);
      rmSync(`${under(last)}.of`);
      return 0;
    }
    case "cp":
      cpSync(before.replace(/\/\.$/, ""), last, { recursive: true });
      return 0;
    case "mv":
      renameSync(before, last);
      return 0;
    default:
      return 0;
  }
}

let folder = "";
beforeEach(() => {
  at.root = mkdtempSync(join(tmpdir(), "holdfast-disk-"));
  folder = join(at.root, "volumes", "data", "_data");
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(at.root, "drills", "lab", "stage"), { recursive: true });
  writeFileSync(join(folder, "rows"), "old");
  failing = "";
  calls.clear();
});
afterEach(() => rmSync(at.root, { recursive: true, force: true }));

const member = () =>
  box("postgres-2", { volumes: [{ name: "data", source: folder, path: "/data" }] });

/** The member on its small disk, with rows that only that has. */
async function inPlace(): Promise<void> {
  await moveToLoopDisk("lab", member());
  writeFileSync(join(folder, "rows"), "new");
  writeFileSync(join(folder, "drill-filler"), "0");
  calls.clear();
}

async function back(): Promise<void> {
  const disk = leftOver("lab");
  if (disk) {
    await moveBack("lab", disk);
  }
}

/** The newest data are in the folder, and nothing is left of the drill. */
function expectWhole(): void {
  expect(readFileSync(join(folder, "rows"), "utf8")).toBe("new");
  expect(readdirSync(folder)).toEqual(["rows"]);
  expect(readdirSync(join(folder, ".."))).toEqual(["_data"]);
  expect(leftOver("lab")).toBeUndefined();
  expect(existsSync(join(at.root, "drills", "lab", "disk.img"))).toBe(false);
}

describe("the way back from a small disk", () => {
  test("brings the newest data", async () => {
    await inPlace();
    await back();
    expectWhole();
  });

  test.each(["umount 1", "mount 1", "cp 1", "umount 2", "mv 1", "mv 2"])(
    "goes on where it had failed: %s",
    async (step) => {
      await inPlace();
      failing = step;
      await expect(back()).rejects.toThrow();
      expect(leftOver("lab")).toBeDefined();
      failing = "";
      await back();
      expectWhole();
    },
  );

  test("a disk that never came into its place is forgotten, the folder stays", async () => {
    failing = "mount 2";
    await expect(moveToLoopDisk("lab", member())).rejects.toThrow("over the volume");
    failing = "";
    await back();
    expect(readFileSync(join(folder, "rows"), "utf8")).toBe("old");
    expect(leftOver("lab")).toBeUndefined();
  });

  test("what went on in its folder after a restart of the machine is newer than the disk", async () => {
    await inPlace();
    // The mount is gone, nobody moved anything back.
    perform("umount", [folder]);
    writeFileSync(join(folder, "rows"), "newer");
    await back();
    expect(readFileSync(join(folder, "rows"), "utf8")).toBe("newer");
  });
});

/** A Docker that notes what it was told; `replacement` runs on the volume. */
function fakeDocker(stopCode = 0): { docker: Docker; log: string[] } {
  const docker = new Docker("unix:///nowhere");
  const log: string[] = [];
  docker.run = async (args) => {
    log.push(args.join(" "));
    return nothing;
  };
  docker.must = async (what, args) => {
    log.push(args.join(" "));
    if (args[0] === "stop" && stopCode !== 0) {
      throw new Error(what);
    }
    return { ...nothing, stdout: args[0] === "ps" ? "replacement\n" : "" };
  };
  return { docker, log };
}

describe("mending", () => {
  test("stops whatever runs on the volume, and starts it again", async () => {
    await inPlace();
    const { docker, log } = fakeDocker();
    expect(await mendLoopDisk(docker, "lab")).toBe(true);
    expect(log).toEqual([
      "ps --quiet --no-trunc --filter volume=data",
      "stop replacement",
      "start replacement",
      "start id-of-postgres-2",
    ]);
    expectWhole();
    expect(await mendLoopDisk(docker, "lab")).toBe(false);
  });

  test("copies nothing from under a member that does not stop", async () => {
    await inPlace();
    const { docker } = fakeDocker(1);
    await expect(mendLoopDisk(docker, "lab")).rejects.toThrow("stopping what runs on volume data");
    expect(readFileSync(join(folder, "rows"), "utf8")).toBe("new");
    expect(leftOver("lab")).toBeDefined();
  });
});

describe("disk-full", () => {
  const drill = disks.find(({ name }) => name === "disk-full");
  const undone: (() => Promise<unknown>)[] = [];
  const scene = (): Scene =>
    ({
      leader: member(),
      settings,
      undo: (_: string, work: () => Promise<unknown>) => undone.push(work),
    }) as unknown as Scene;
  afterEach(() => undone.splice(0));

  test("fills nothing but the small disk", async () => {
    const refusal = "postgres-2 leads, and its volume is not the small disk: nothing was filled";
    await expect(drill?.inject(scene())).rejects.toThrow(refusal);
    await inPlace();
    perform("umount", [folder]);
    await expect(drill?.inject(scene())).rejects.toThrow(refusal);
    expect(undone).toEqual([]);
    expect(calls.has("fallocate") || calls.has("dd")).toBe(false);
  });

  test("says so when the disk was not full, and makes room whatever became of the filling", async () => {
    await inPlace();
    // The programs do nothing here, so the disk of the test's folder is as free as before.
    const { wrong } = (await drill?.inject(scene())) ?? {};
    expect(wrong).toMatch(/^the disk was not full: \d+ blocks were free$/);
    const rows = join(at.root, "moved");
    renameSync(folder, rows); // the next rounds fail
    await new Promise((resolve) => setTimeout(resolve, 600));
    renameSync(rows, folder);
    await undone[0]?.();
    expect(existsSync(join(folder, "drill-filler"))).toBe(false);
  });
});
