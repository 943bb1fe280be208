import { refuseWhatIsFixed } from "./engine/fixed.ts";
import { putInOrder } from "./engine/order.ts";
import { endpointsOf, type Outputs, secretNames } from "./engine/outputs.ts";
import { protectingAgain } from "./engine/protection.ts";
import { provision } from "./engine/provision.ts";
import { setStoppingMark } from "./engine/stopping.ts";
import { type Engine, openStack, readState } from "./engine/workspace.ts";
import { kitWasTaken } from "./kit.ts";
import type { GlobalOptions } from "./options.ts";
import { planBeforeUp } from "./plan/beforeUp.ts";
import { checkRiskNames, guardedBy } from "./plan/gate.ts";
import { finishScaling, prepareScaling } from "./scaleIn/scaleIn.ts";
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

/**
 * Sets up the machine, puts in order what a crash left, looks at what will happen and refuses what
 * endangers data, provisions the stack, and prints where it is reached.
 */
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
  // Without resources there is nothing to endanger.
  const planned =
    state.resources.length > 0
      ? await planBeforeUp(ready, engine, { accepted, refresh })
      : undefined;

  await setStoppingMark(ready, state, "clear");
  const guarded = guardedBy(planned?.changes ?? []).map(({ urn }) => urn);
  const { orphans, outputs } = await protectingAgain(engine, guarded, async () => {
    const orphans = await prepareScaling(ready, engine, planned?.sites ?? [], accepted);
    return { orphans, outputs: await provision(ready, engine, planned, refresh) };
  });
  await finishScaling(ready, engine, orphans);
  if (!silent) {
    report(ready, engine, outputs, json);
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
