/** The shell scripts of the backups' faults, before a real shell and real files. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  BUCKET_BACK,
  CONTENT_BACK,
  EMPTY,
  KEYS_BACK,
  OTHER_KEYS,
} from "../../../../commands/drills/faults/backup/cloud.ts";
import { RIGHT_CLOCK, WRONG_CLOCK } from "../../../../commands/drills/faults/backup/container.ts";
import {
  APPEND,
  CHOOSE,
  LARGEST,
  PUT,
  TRUNCATE,
} from "../../../../commands/drills/faults/backup/damage.ts";
import { ASIDE } from "../../../../commands/drills/faults/backup/place.ts";
import {
  PUT_ASIDE,
  PUT_BACK,
  SEGMENTS,
  segmentsIn,
} from "../../../../commands/drills/faults/backup/segments.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-scripts-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** As the container's shell runs it: `dash`, which ends at the first failure. */
function shell(text: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync("sh", ["-euc", text, "sh", ...args], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return stdout;
}

function file(path: string, content: string | Buffer): string {
  const whole = join(root, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, content);
  return whole;
}

const text = (path: string) => readFileSync(join(root, path), "utf8");

describe("a bucket", () => {
  test("that was taken away comes back instead of one that was made meanwhile; twice is once", () => {
    file("bucket/a", "new");
    file(`bucket${ASIDE}/a`, "old");
    shell(BUCKET_BACK, join(root, "bucket"));
    shell(BUCKET_BACK, join(root, "bucket"));
    expect(text("bucket/a")).toBe("old");
    expect(readdirSync(root)).toEqual(["bucket"]);
  });

  test("that was emptied gets its content back, and nothing of what came meanwhile", () => {
    file("bucket/a", "old");
    file("bucket/.hidden/b", "old");
    shell(EMPTY, join(root, "bucket"), join(root, "aside"));
    expect(readdirSync(join(root, "bucket"))).toEqual([]);
    file("bucket/a", "new");
    file("bucket/c", "new");
    for (let times = 0; times < 2; times += 1) {
      shell(CONTENT_BACK, join(root, "bucket"), join(root, "aside"));
    }
    expect(text("bucket/a")).toBe("old");
    expect(text("bucket/.hidden/b")).toBe("old");
    expect(readdirSync(root)).toEqual(["bucket"]);
    expect(existsSync(join(root, "bucket/c"))).toBe(false);
  });
});

test("keys are replaced, read-only as before, and come back even when that was done twice", () => {
  for (const name of ["s3-key-id", "s3-key-secret"]) {
    file(name, `own ${name}`);
  }
  shell(OTHER_KEYS, ASIDE, root);
  shell(OTHER_KEYS, ASIDE, root);
  expect(text("s3-key-id")).not.toContain("own");
  expect(statSync(join(root, "s3-key-id")).mode & 0o777).toBe(0o440);
  shell(KEYS_BACK, ASIDE, root);
  shell(KEYS_BACK, ASIDE, root);
  expect(text("s3-key-id")).toBe("own s3-key-id");
  expect(readdirSync(root).sort()).toEqual(["s3-key-id", "s3-key-secret"]);
});

describe("a bit", () => {
  test("is flipped in the middle of the largest file and put back, once or twice", () => {
    const label = "20261125-021500F";
    const content = Buffer.from([1, 2, 3, 4, 0, 6, 7, 8]);
    file(`backup/dev-a/${label}/bundle/1`, content);
    file(`backup/dev-a/${label}/backup.manifest`, "x".repeat(100));
    file(`backup/dev-a/${label}/pg_data/small`, "x");
    const [at = "", value = "", path = ""] = shell(CHOOSE, root, label).trim().split(" ");
    expect([at, value, path]).toEqual(["4", "0", join(root, `backup/dev-a/${label}/bundle/1`)]);
    shell(PUT, path, at, String(Number(value) ^ 1));
    expect([...readFileSync(path)]).toEqual([1, 2, 3, 4, 1, 6, 7, 8]);
    shell(PUT, path, at, value);
    shell(PUT, path, at, value);
    expect(readFileSync(path)).toEqual(content);
  });

  test("of a backup that has expired is nobody's any more", () => {
    shell(PUT, join(root, "gone"), "4", "0");
    expect(existsSync(join(root, "gone"))).toBe(false);
  });
});

test("a dump loses its second half and gets it back once", () => {
  const dump = file("dumps/x/shop.dump", "0123456789");
  file("dumps/x/manifest.json", "{}");
  expect(shell(LARGEST, join(root, "dumps/x")).trim()).toBe(`10 ${dump}`);
  const aside = join(root, "tail");
  shell(TRUNCATE, dump, "5", aside);
  expect(readFileSync(dump, "utf8")).toBe("01234");
  shell(APPEND, dump, "5", aside);
  shell(APPEND, dump, "5", aside);
  expect(readFileSync(dump, "utf8")).toBe("0123456789");
  expect(existsSync(aside)).toBe(false);
});

describe("a segment", () => {
  const name = "000000010000000000000007";
  const stored = `${name}-${"a".repeat(40)}.zst`;
  const path = `archive/dev-a/17-1/0000000100000000/${stored}`;

  test("is put aside and back where it was", () => {
    file(path, "wal");
    file(`archive/dev-a/17-1/0000000100000000/${name}.00000028.backup`, "label");
    expect(segmentsIn(shell(SEGMENTS, root))).toEqual([name]);
    shell(PUT_ASIDE, root, root, name);
    expect(segmentsIn(shell(SEGMENTS, root))).toEqual([]);
    shell(PUT_BACK, root, root, name);
    shell(PUT_BACK, root, root, name);
    expect(text(path)).toBe("wal");
    expect(readdirSync(root)).toEqual(["archive"]);
  });

  test("that was filled meanwhile is not there twice", () => {
    file(path, "wal");
    shell(PUT_ASIDE, root, root, name);
    file(path.replace(/a{40}/, "b".repeat(40)), "filled");
    shell(PUT_BACK, root, root, name);
    expect(segmentsIn(shell(SEGMENTS, root))).toEqual([name]);
    expect(existsSync(join(root, path))).toBe(false);
    expect(readdirSync(root)).toEqual(["archive"]);
  });
});

test("a program runs behind a wrong clock, and by itself again", () => {
  const program = file("supervisor", '#!/bin/sh\necho "$FAKETIME $FAKETIME_DONT_FAKE_MONOTONIC"\n');
  spawnSync("chmod", ["755", program]);
  shell(WRONG_CLOCK, program, "+20m");
  shell(WRONG_CLOCK, program, "+20m");
  const { stdout } = spawnSync(program, { encoding: "utf8" });
  expect(stdout.trim()).toBe("+20m 1");
  expect(readFileSync(program, "utf8")).toMatch(/LD_PRELOAD="\/usr\/lib\/\S+\/libfaketime\.so\.1"/);
  shell(RIGHT_CLOCK, program);
  shell(RIGHT_CLOCK, program);
  expect(readFileSync(program, "utf8")).toContain("#!/bin/sh\necho");
  expect(readdirSync(root)).toEqual(["supervisor"]);
});
