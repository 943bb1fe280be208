import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Docker } from "../../../docker.ts";
import { privatePath } from "../../../paths.ts";
import type { Scene } from "../../scene.ts";

/** One `docker …`; its container by name, for `up` may have replaced it since. */
export interface Command {
  readonly args: readonly string[];
  /** Part of an error that says that it is done already. */
  readonly done?: string;
}

/** A part of a fault, undone by commands: so that another process can do it, too. */
interface Step {
  readonly what: string;
  readonly commands: readonly Command[];
}

const STEP_MS = 180_000;

/** What a launcher that was killed left undone, oldest first. */
function journalFile(stack: string): string {
  return privatePath("drills", stack, "undo.json");
}

export function pendingSteps(stack: string): Step[] {
  const file = journalFile(stack);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Step[]) : [];
}

function write(stack: string, steps: readonly Step[]): void {
  if (steps.length === 0) {
    rmSync(journalFile(stack), { force: true });
  } else {
    writeFileSync(journalFile(stack), JSON.stringify(steps));
  }
}

/**
 * Undoes a part of a fault by commands that may be repeated, and writes them down first: a launcher
 * that is killed leaves them to the next.
 *
 * @param when `undo` ends the fault, `cleanUp` comes after the ledger was checked
 */
export function undoBy(
  { docker, settings, ...scene }: Pick<Scene, "docker" | "settings" | "undo" | "cleanUp">,
  what: string,
  commands: readonly Command[],
  when: "undo" | "cleanUp" = "undo",
): void {
  const { stack } = settings;
  const step = { what, commands };
  write(stack, [...pendingSteps(stack), step]);
  scene[when](what, () => perform(docker, stack, step));
}

async function perform(docker: Docker, stack: string, step: Step): Promise<void> {
  for (const { args, done } of step.commands) {
    const { code, stdout, stderr } = await docker.run(args, { timeoutMs: STEP_MS });
    if (code !== 0 && (done === undefined || !stderr.includes(done))) {
      throw new Error((stderr.trim() || stdout.trim()).split("\n").slice(-3).join("; "));
    }
  }
  const same = (one: Step) => JSON.stringify(one) === JSON.stringify(step);
  write(
    stack,
    pendingSteps(stack).filter((one) => !same(one)),
  );
}

/** Undoes what a killed launcher left, newest first. @returns what was undone @throws Error */
export async function undoLeft(docker: Docker, stack: string): Promise<string[]> {
  const steps = pendingSteps(stack).reverse();
  for (const step of steps) {
    await perform(docker, stack, step);
  }
  return steps.map(({ what }) => what);
}
