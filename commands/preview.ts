import { refuseWhatIsFixed } from "./engine/fixed.ts";
import { previewStack } from "./engine/previewing.ts";
import { openStack, readState } from "./engine/workspace.ts";
import { describeFault, Fault } from "./fault.ts";
import type { GlobalOptions } from "./options.ts";
import { assess } from "./plan/assess.ts";
import { readFacts } from "./plan/facts.ts";
import { checkRiskNames, liftedBy, refusalLines, refusedOf } from "./plan/gate.ts";
import { writeRendered } from "./plan/rendered.ts";
import { planText } from "./plan/text.ts";
import type { Change } from "./plan/types.ts";
import { setUp } from "./setup/setUp.ts";
import { note } from "./ui.ts";

export interface PreviewOptions extends GlobalOptions {
  readonly expectNoChanges: boolean;
  readonly diff: boolean;
  readonly refresh: boolean;
  /** Risks that are accepted, by name. @default none */
  readonly acceptRisk?: readonly string[];
  /** A folder that every rendered file is written into, as it will be. @default none */
  readonly rendered?: string;
}

/**
 * Pulumi's own preview, in its own words, and under it the safety plan; nothing is changed.
 *
 * The exit code is Pulumi's, and 1 when the plan endangers data and nobody accepted that.
 */
export async function preview(options: PreviewOptions): Promise<number> {
  const { stack, json, acceptRisk: accepted = [] } = options;
  checkRiskNames(accepted);
  note(`holdfast preview · stack ${stack}`);
  const ready = await setUp(stack, { scope: "plan" });
  const engine = await openStack(ready);
  refuseWhatIsFixed(await readState(engine), ready.stack.settings);
  const colour = process.stdout.isTTY && !json ? "always" : "never";
  const flags = (["expectNoChanges", "diff", "refresh"] as const).filter((flag) => options[flag]);
  const args = ["--color", colour, ...flags.map((flag) => `--${dashed(flag)}`)];
  const { code, text, changes } = await previewStack(engine, args);
  if (changes.length === 0) {
    process.stdout.write(json ? "" : withoutNoise(text));
    return code; // the program did not even begin: Pulumi said why
  }
  if (options.rendered !== undefined) {
    note(
      `  ok   ${writeRendered(options.rendered, changes)} rendered files in ${options.rendered}`,
    );
  }
  const plan = assess(changes, await readFacts(ready));
  const refused = refusedOf(plan, accepted);
  if (json) {
    const names = { accepted, refused: refused.map(({ name }) => name) };
    process.stdout.write(
      `${JSON.stringify({ stack, previewed: code === 0, ...plan, ...names })}\n`,
    );
  } else {
    process.stdout.write(`${withoutNoise(text)}\n${planText(plan, accepted, stack)}`);
  }
  if (refused.length > 0) {
    const fault = new Fault("up would refuse this", ...refusalLines(refused));
    note(`\n${describeFault(fault)}`);
    return 1;
  }
  if (code !== 0 && liftedBy(changes).length === 0) {
    note("\nPulumi's preview failed: the plan is of what came before that, and not the whole");
  }
  // Pulumi's preview cannot lift a protection; up does, from what was accepted or stays as an orphan.
  const lifted = liftedBy(changes);
  if (code !== 0 && lifted.length > 0) {
    note(`\nup lifts the protection first that Pulumi's errors are about: ${namesOf(lifted)}`);
    return 0;
  }
  return code;
}

function namesOf(changes: readonly Change[]): string {
  return changes.map(({ name }) => name).join(", ");
}

function dashed(flag: string): string {
  return flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Progress dots, and the engine's warning about each plugin that it found on PATH: they are where we put them. Pure. */
const NOISE = /from \$PATH at|^\S*@ previewing|\b(running|warnings?) *$/;

/** Pulumi's preview as a page to read. Pure. */
export function withoutNoise(text: string): string {
  const lines = text.split("\n").filter((line) => !NOISE.test(line));
  const page = lines.join("\n").replace(/^\S*Diagnostics:\S*\n +\S*pulumi:pulumi:Stack.*\n\n/m, "");
  return page.replace(/\n{3,}/g, "\n\n");
}
