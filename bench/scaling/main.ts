/** bench/autoscale: the same step in load with autoscaling and without it (see that file). */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { activeSite } from "../../commands/cluster/leader.ts";
import { autoscalerOf, scalingOf } from "../../commands/cluster/scaling.ts";
import { describeFault, Fault } from "../../commands/fault.ts";
import { loadStack } from "../../commands/stack.ts";
import { alignedTable, note, print } from "../../commands/ui.ts";
import { type Figures, figures, type Run, seconds, type Times } from "./figures.ts";
import { type Answer, offer, schedule } from "./load.ts";
import { plot } from "./plot.ts";
import { follow, type Seen } from "./watch.ts";

const BEFORE_SECONDS = 20;
/** For the last instance to stop, one in 15 s. */
const BACK_SECONDS = 60;
/** An instance runs for a minute at least, and then drains. */
const SETTLE_MS = 150_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      stack: { type: "string", default: "dev" },
      most: { type: "string", default: "60" },
      step: { type: "string", default: "60" },
      output: { type: "string", default: "." },
    },
  });
  const { settings } = loadStack(values.stack);
  const { instances, scaling } = settings.application;
  const rates = ratesFor(settings.application, Number(values.most));
  const step = BEFORE_SECONDS;
  const calm = step + Math.min(600, Math.max(30, Number(values.step)));
  const times: Times = { step, calm, end: calm + scaling.downWindowSeconds + BACK_SECONDS };
  const due = schedule(
    [
      { at: 0, rate: rates.low },
      { at: step, rate: rates.high },
      { at: calm, rate: rates.low },
    ],
    times.end,
  );
  const { docker, containers } = await activeSite(settings);
  const scaler = autoscalerOf(containers);
  const before = await scalingOf(docker, containers);
  if (scaler === undefined || before === undefined) {
    throw new Fault("the autoscaler does not answer", `./holdfast up --stack ${values.stack}`);
  }
  const order = (...words: string[]) =>
    docker.must("telling the autoscaler", ["exec", scaler.name, "holdfast-scale", ...words]);
  /** Only the minimum serves when a run begins, whatever ran before. */
  const settle = async (): Promise<void> => {
    await order("pin", String(instances.min));
    const until = Date.now() + SETTLE_MS;
    while (((await scalingOf(docker, containers))?.running ?? 0) > instances.min) {
      if (Date.now() > until) throw new Fault("more than the minimum still runs");
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  };
  const run = async (name: string, automatic: boolean): Promise<Run> => {
    await settle();
    if (automatic) await order("auto");
    note(`  …    ${name}: ${rates.low}, then ${rates.high} requests a second, ${times.end} s`);
    const answers: Answer[] = [];
    const seen: Seen[] = [];
    const stop = follow(docker.host, scaler.name, (one) => seen.push(one));
    const url = `http://127.0.0.1:${settings.ports.app}/`;
    await offer(url, due, (answer) => answers.push(answer)).finally(stop);
    return { name, answers, seen };
  };
  try {
    const runs = [await run("autoscaling", true), await run(`pinned to ${instances.min}`, false)];
    report(runs, times, rates, instances, values.output);
  } finally {
    await order(...(before.pinned === null ? ["auto"] : ["pin", String(before.pinned)]));
  }
}

/** @throws Fault when the machine would be saturated */
function ratesFor(
  { instances, scaling }: ReturnType<typeof loadStack>["settings"]["application"],
  most: number,
): { low: number; high: number } {
  const low = Math.max(1, Math.round(0.5 * scaling.targetRequests * instances.min));
  const high = Math.round(0.9 * scaling.targetRequests * instances.max);
  if (instances.max === instances.min) {
    throw new Fault("application.instances.max equals min: there is nothing to scale");
  }
  if (!(high <= most)) {
    const target = Math.max(1, Math.floor(most / (0.9 * instances.max)));
    throw new Fault(
      `the step would be ${high} requests a second, more than --most ${most}`,
      `pulumi config set --path application.scaling.targetRequests ${target}, then ./holdfast up`,
      "or --most, on a machine that serves more without saturating its CPUs",
    );
  }
  return { low, high };
}

function report(
  runs: readonly Run[],
  times: Times,
  rates: { low: number; high: number },
  bounds: { min: number; max: number },
  output: string,
): void {
  const rows = runs.map((run) => figures(run, times, bounds));
  const curves = runs.map((run, index) => ({
    name: run.name,
    color: ["#1a7f37", "#b35900"][index] ?? "#333",
    seconds: seconds(run, times.end),
  }));
  mkdirSync(output, { recursive: true });
  const json = { rates, times, bounds, figures: rows, runs: curves };
  writeFileSync(join(output, "autoscale.json"), `${JSON.stringify(json, undefined, 1)}\n`);
  writeFileSync(join(output, "autoscale.svg"), plot(curves, times));
  print(
    alignedTable([
      ["run", "requests", "failed", "to max", "back", "p95 in step", "p95 settled"],
      ...rows.map(row),
    ]),
  );
  print(`  ${join(output, "autoscale.json")}, ${join(output, "autoscale.svg")}`);
}

function row(one: Figures): string[] {
  const time = (value: number | null) => (value === null ? "-" : `${value.toFixed(1)} s`);
  const latency = (value: number | null) =>
    value === null ? "-" : `${Math.round(value * 1000)} ms`;
  return [
    ...[one.run, String(one.requests), String(one.failed)],
    ...[time(one.secondsToMaximum), time(one.secondsBack)],
    ...[latency(one.p95Step), latency(one.p95Settled)],
  ];
}

main().catch((error: unknown) => {
  process.stderr.write(`${describeFault(error)}\n`);
  process.exitCode = 1;
});
