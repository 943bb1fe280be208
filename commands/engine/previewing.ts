import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../paths.ts";
import { readLog, type Told } from "../plan/events.ts";
import { withGoals } from "../plan/goals.ts";
import { whileEngineRuns } from "../signals.ts";
import { keepingStackFile } from "./salt.ts";
import type { Engine } from "./workspace.ts";

/** Where the plan was saved is no news: the file is gone when anybody reads it. */
const PLAN_FILE = /^Update plan written to |^Run `pulumi up --plan=/;

export interface Previewed extends Told {
  readonly code: number;
  /** What Pulumi printed. */
  readonly text: string;
}

/**
 * Runs Pulumi's preview and reads its events and its plan; nothing is changed. What is protected is no
 * obstacle here: an engine that meets it ends there, and the plan would be half a plan. The gate decides.
 *
 * Both files hold the inputs of every resource, secrets hidden, and are gone when this returns.
 */
export async function previewStack(engine: Engine, args: readonly string[]): Promise<Previewed> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-preview-")); // 0700
  const [log, plan] = [join(folder, "events.jsonl"), join(folder, "plan.json")];
  const all = [
    ...["preview", "--stack", engine.name, "--non-interactive", "--ignore-protect", ...args],
    ...["--event-log", log, "--save-plan", plan],
  ];
  try {
    const { code, text } = await whileEngineRuns(() =>
      keepingStackFile(engine.name, () => runPulumi(engine, all)),
    );
    const told = readLog(existsSync(log) ? readFileSync(log, "utf8") : "");
    const goals: unknown = existsSync(plan) ? JSON.parse(readFileSync(plan, "utf8")) : {};
    return { ...told, code, text, changes: withGoals(told.changes, goals) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runPulumi(
  engine: Engine,
  args: readonly string[],
): Promise<Pick<Previewed, "code" | "text">> {
  const { promise, resolve } = Promise.withResolvers<Pick<Previewed, "code" | "text">>();
  // The event log is one of the engine's options for those who look inside.
  const env = { ...process.env, ...engine.env, PULUMI_DEBUG_COMMANDS: "true" };
  const child = spawn("pulumi", args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (!PLAN_FILE.test(line)) {
      process.stderr.write(`${line}\n`);
    }
  });
  child.on("close", (code) => resolve({ code: code ?? 1, text }));
  child.on("error", () => resolve({ code: 127, text }));
  return promise;
}
