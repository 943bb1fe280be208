import { spawn } from "node:child_process";
import { refuseWhatIsFixed } from "./engine/fixed.ts";
import { keepingStackFile } from "./engine/salt.ts";
import { type Engine, openStack, readState } from "./engine/workspace.ts";
import type { GlobalOptions } from "./options.ts";
import { ROOT } from "./paths.ts";
import { listed } from "./scaleIn/gate.ts";
import { checkScaling } from "./scaleIn/scaleIn.ts";
import { type Ready, setUp } from "./setup/setUp.ts";
import { whileEngineRuns } from "./signals.ts";
import { note } from "./ui.ts";

export interface PreviewOptions extends GlobalOptions {
  readonly expectNoChanges: boolean;
  readonly diff: boolean;
  readonly refresh: boolean;
  /** Names of risks that are taken. @default none */
  readonly acceptRisk?: readonly string[];
}

/** Pulumi's own preview, in its own words; nothing is changed. */
export async function preview(options: PreviewOptions): Promise<number> {
  note(`holdfast preview · stack ${options.stack}`);
  const ready = await setUp(options.stack, { scope: "plan" });
  const engine = await openStack(ready);
  refuseWhatIsFixed(await readState(engine), ready.stack.settings);
  const colour = process.stdout.isTTY ? "always" : "never";
  const args = ["preview", "--stack", options.stack, "--non-interactive", "--color", colour];
  for (const flag of ["expectNoChanges", "diff", "refresh", "json"] as const) {
    if (options[flag]) {
      args.push(`--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    }
  }
  args.push(...(await scaleInArguments(ready, engine, options.acceptRisk ?? [])));
  return whileEngineRuns(() =>
    keepingStackFile(options.stack, () => runPulumi(engine, args, options.json)),
  );
}

/**
 * What lets Pulumi show a scale-in: the leaving members' volumes are still protected now, and `up` lifts that.
 *
 * @throws Fault when `up` would refuse it
 */
async function scaleInArguments(
  ready: Ready,
  engine: Engine,
  accepted: readonly string[],
): Promise<string[]> {
  const changes = await checkScaling(ready, engine, accepted);
  const leaving = changes.flatMap((change) => change.leaving.map(({ name }) => name));
  if (leaving.length === 0) {
    return [];
  }
  note(`  ${listed(leaving)} leave; their volumes stay as orphans (docs/scaling.md)`);
  return ["--ignore-protect"];
}

function runPulumi(engine: Engine, args: readonly string[], untouched: boolean): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const env = { ...process.env, ...engine.env };
  const child = spawn("pulumi", args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  child.on("close", (code) => {
    process.stdout.write(untouched ? text : withoutNoise(text));
    resolve(code ?? 1);
  });
  child.on("error", () => resolve(127));
  return promise;
}

/** Progress dots, and the engine's warning about each plugin that it found on PATH: they are where we put them. Pure. */
const NOISE = /from \$PATH at|^\S*@ previewing|\b(running|warnings?) *$/;

/** Pulumi's preview as a page to read. Pure. */
export function withoutNoise(text: string): string {
  const lines = text.split("\n").filter((line) => !NOISE.test(line));
  const page = lines.join("\n").replace(/^\S*Diagnostics:\S*\n +\S*pulumi:pulumi:Stack.*\n\n/m, "");
  return page.replace(/\n{3,}/g, "\n\n");
}
