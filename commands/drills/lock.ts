import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { Fault } from "../fault.ts";
import { privatePath } from "../paths.ts";

/**
 * Runs drills, or a bench, while no others run on that stack from this clone: each would undo and measure what the
 * other broke.
 *
 * @throws Fault when others run
 */
export async function whileAlone<T>(stack: string, work: () => Promise<T>): Promise<T> {
  const file = privatePath("drills", stack, "lock");
  takeLock(file, stack);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/**
 * Writes this process down as the one that runs drills; who was killed is replaced.
 *
 * @throws Fault while the one that is written there lives
 */
export function takeLock(file: string, stack: string, isAlive = isLauncher): void {
  for (;;) {
    try {
      writeFileSync(file, `${process.pid}\n`, { flag: "wx" });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
        throw error;
      }
    }
    const pid = holderOf(file);
    if (isAlive(pid)) {
      throw new Fault(
        `process ${pid} runs drills or a bench on stack ${stack} already`,
        "wait until it ends, and repeat",
        `if it is certain that it runs none: rm ${file}`,
      );
    }
    rmSync(file, { force: true });
  }
}

/** 0 when nobody can be read from it. */
function holderOf(file: string): number {
  try {
    return Number.parseInt(readFileSync(file, "utf8"), 10) || 0;
  } catch {
    return 0;
  }
}

/** Whether that process is alive and Node.js: its number may have gone to another program since. */
function isLauncher(pid: number): boolean {
  try {
    const [program = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return basename(program).startsWith("node");
  } catch {
    return false;
  }
}
