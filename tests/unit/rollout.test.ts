import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { rolloutOrder, wellFor } from "../../components/application/rollout.ts";

describe("the order of a rollout", () => {
  test.each([
    [{ min: 2, max: 4 }, [3, 4, 1, 2]],
    [{ min: 1, max: 2 }, [2, 1]],
    [{ min: 3, max: 3 }, [1, 2, 3]],
    [{ min: 1, max: 1 }, [1]],
  ])("%o: %o", (instances, order) => {
    expect(rolloutOrder(instances)).toEqual(order);
  });
});

describe("a health check that holds after a while", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hf-well-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const check = (seconds: number, command: string[]) => {
    const [program = "", ...args] = wellFor(seconds, folder, command);
    return spawnSync(program, args, { encoding: "utf8" });
  };
  const note = () => join(folder, "well-since");
  const agedBy = (seconds: number) =>
    writeFileSync(note(), `${Number(readFileSync(note(), "utf8")) - seconds}\n`);

  test("not at the first success, but once they have lasted", () => {
    const first = check(3, ["true"]);
    expect([first.status, first.stdout]).toEqual([1, "well for 0 of 3 s\n"]);
    agedBy(2);
    expect(check(3, ["true"]).status).toBe(1);
    agedBy(2);
    expect(check(3, ["true"]).status).toBe(0);
    expect(check(3, ["true"]).status).toBe(0);
  });

  test("a failure before that begins the count anew", () => {
    check(3, ["true"]);
    agedBy(10);
    const failed = check(3, ["sh", "-c", "echo no database; exit 1"]);
    expect([failed.status, failed.stdout]).toEqual([1, "no database\n"]);
    expect(existsSync(note())).toBe(false);
    expect(check(3, ["true"]).status).toBe(1);
  });

  test("a failure after it is one, and the next success counts at once", () => {
    check(3, ["true"]);
    agedBy(3);
    expect(check(3, ["true"]).status).toBe(0);
    expect(check(3, ["false"]).status).toBe(1);
    expect(check(3, ["true"]).status).toBe(0);
  });

  test("arguments reach the command as they are", () => {
    expect(check(0, ["test", "a b", "=", "a b"]).status).toBe(0);
  });
});
