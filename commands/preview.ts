import { refuseWhatIsFixed } from "./engine/fixed.ts";
import { openStack, readState } from "./engine/workspace.ts";
import { describeFault, Fault } from "./fault.ts";
import type { GlobalOptions } from "./options.ts";
import { type Examined, examine } from "./plan/examine.ts";
import { checkRiskNames, liftedBy, refusalLines } from "./plan/gate.ts";
import { writeRendered } from "./plan/rendered.ts";
import { planText } from "./plan/text.ts";
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
 * The exit code is Pulumi's, and 1 when the plan endangers data and nobody accepted that, or when there
 * is a change and none was expected.
 */
export async function preview(options: PreviewOptions): Promise<number> {
  const { stack, json, acceptRisk: accepted = [] } = options;
  checkRiskNames(accepted);
  note(`holdfast preview · stack ${stack}`);
  const ready = await setUp(stack, { scope: "plan" });
  const engine = await openStack(ready);
  refuseWhatIsFixed(await readState(engine), ready.stack.settings);
  const colour = process.stdout.isTTY && !json ? "always" : "never";
  const flags = (["diff", "refresh"] as const).filter((flag) => options[flag]);
  const args = ["--color", colour, ...flags.map((flag) => `--${flag}`)];
  const examined = await examine(ready, engine, accepted, args, true);
  const { code, text, changes, refused } = examined;
  if (changes.length === 0) {
    process.stdout.write(json ? "" : withoutNoise(text));
    return code; // the program did not even begin: Pulumi said why
  }
  if (options.rendered !== undefined) {
    const count = writeRendered(options.rendered, changes);
    note(`  ok   ${count} rendered files in ${options.rendered}`);
  }
  const whole = code === 0;
  process.stdout.write(
    json
      ? `${JSON.stringify(document(examined, accepted, stack, whole))}\n`
      : `${withoutNoise(text)}\n${planText(examined.plan, accepted, stack)}`,
  );
  if (!whole) {
    note("\nPulumi's preview failed: the plan is of what came before that, and not the whole");
  }
  if (refused.length > 0) {
    const fault = new Fault("up would refuse this", ...refusalLines(refused));
    note(`\n${describeFault(fault)}`);
    return 1;
  }
  const lifted = liftedBy(changes);
  if (lifted.length > 0) {
    note(`\nup lifts the protection of ${lifted.map(({ name }) => name).join(", ")} for this`);
  }
  // Pulumi's own option would save no plan of what it found.
  if (whole && options.expectNoChanges && changes.some(({ action }) => action !== "none")) {
    note("\nno changes were expected, and there are some");
    return 1;
  }
  return code;
}

/** What `--json` prints: the plan, with what was accepted and what is left to refuse. */
function document(
  { plan, refused }: Examined,
  accepted: readonly string[],
  stack: string,
  previewed: boolean,
) {
  return { stack, previewed, ...plan, accepted, refused: refused.map(({ name }) => name) };
}

/** Progress dots, and the engine's warning about each plugin that it found on PATH: they are where we put them. Pure. */
const NOISE = /from \$PATH at|^\S*@ previewing|\b(running|warnings?) *$/;

/** Pulumi's preview as a page to read. Pure. */
export function withoutNoise(text: string): string {
  const lines = text.split("\n").filter((line) => !NOISE.test(line));
  const page = lines.join("\n").replace(/^\S*Diagnostics:\S*\n +\S*pulumi:pulumi:Stack.*\n\n/m, "");
  return page.replace(/\n{3,}/g, "\n\n");
}
