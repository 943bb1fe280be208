import { announceDeploy } from "./engine/deploying.ts";
import { refuseWhatIsFixed } from "./engine/fixed.ts";
import { operate } from "./engine/operation.ts";
import { putInOrder } from "./engine/order.ts";
import { endpointsOf, type Outputs, secretNames } from "./engine/outputs.ts";
import { setStoppingMark } from "./engine/stopping.ts";
import { type Engine, openStack, readState } from "./engine/workspace.ts";
import { kitWasTaken } from "./kit.ts";
import type { GlobalOptions } from "./options.ts";
import { planBeforeUp } from "./plan/beforeUp.ts";
import { checkRiskNames } from "./plan/gate.ts";
import { grafanaIsMissing } from "./setup/images.ts";
import { type Ready, setUp } from "./setup/setUp.ts";
import { alignedBlock, duration, note, print } from "./ui.ts";

export interface UpOptions extends GlobalOptions {
  readonly refresh: boolean;
  /** Risks to data that are accepted, by name (docs/code-review.md). @default none */
  readonly acceptRisk?: readonly string[];
  /** Whoever called it has the last word on standard output. @default false */
  readonly silent?: boolean;
}

/** Sets up the machine, puts in order what a crash left, provisions the stack, and prints where it is reached. */
export async function up(options: UpOptions): Promise<undefined> {
  const { stack: name, refresh, json, silent, acceptRisk: accepted = [] } = options;
  const start = Date.now();
  checkRiskNames(accepted);
  note(`holdfast up · stack ${name}`);
  const ready = await setUp(name);
  note(`  ok   the machine is ready (${duration((Date.now() - start) / 1000)})`);
  const engine = await openStack(ready);
  refuseWhatIsFixed(await readState(engine), ready.stack.settings);
  await putInOrder(ready, engine);
  const state = await readState(engine);
  if (state.resources.length > 0) {
    await planBeforeUp(ready, engine, { accepted, refresh });
  }
  await setStoppingMark(ready, state, "clear");

  const deployed = await announceDeploy(ready);
  const { result, progress } = await operate(ready, engine, "up", (hooks) =>
    engine.stack.up({ ...hooks, refresh }),
  ).finally(deployed);
  note(`  ok   stack ${name}: ${progress.summary} (${duration(progress.seconds)})`);
  if (!silent) {
    report(ready, engine, result.outputs, json);
  }
}

function report(ready: Ready, engine: Engine, outputs: Outputs, json: boolean): void {
  if (json) {
    print(JSON.stringify(Object.fromEntries(endpointsOf(outputs)), null, 2));
    return;
  }
  const suffix = engine.name === "dev" ? "" : ` --stack ${engine.name}`;
  print();
  print(alignedBlock(endpointsOf(outputs)));
  print();
  if (secretNames(outputs).length > 0) {
    print(`  with the secrets   ./holdfast outputs --show-secrets${suffix}`);
  }
  print(`  for a plain pulumi eval "$(./holdfast env${suffix})"`);
  if (grafanaIsMissing(ready.stack.settings, ready.stack.config)) {
    const load = `docker load --input <${ready.stack.settings.images.grafana}>`;
    print(
      `  without Grafana    its image cannot be pulled here; ${load}, then ./holdfast up${suffix}`,
    );
  }
  if (!kitWasTaken(ready.stack.name)) {
    print(
      `  not taken yet      ./holdfast recovery-kit${suffix}    (without it, the loss of .holdfast/ loses the passwords)`,
    );
  }
}
