import type { Settings } from "../settings.ts";
import { activeSite } from "./cluster/leader.ts";
import { autoscalerOf, type Scaling, scalingOf } from "./cluster/scaling.ts";
import { Fault } from "./fault.ts";
import type { GlobalOptions } from "./options.ts";
import { loadStack } from "./stack.ts";
import { alignedBlock, note, print } from "./ui.ts";

export interface ScaleOptions extends GlobalOptions {
  /** Pins the number of instances. */
  readonly instances?: string;
  /** Lets traffic decide again. */
  readonly auto: boolean;
}

const ANSWER_MS = 10_000;

/** Shows how many application instances run and why; pins the number, or lets traffic decide again. */
export async function scale({ stack: name, instances, auto, json }: ScaleOptions): Promise<number> {
  const { settings } = loadStack(name);
  if (instances !== undefined && auto) {
    throw new Fault("--instances pins the number and --auto unpins it: choose one of them");
  }
  const pin = instances === undefined ? undefined : checkedPin(instances, settings);
  const { docker, containers } = await activeSite(settings);
  const scaler = autoscalerOf(containers);
  if (scaler === undefined) {
    throw new Fault(
      `the autoscaler of stack ${name} does not run`,
      `./holdfast up --stack ${name}`,
    );
  }
  const order = pin === undefined ? (auto ? ["auto"] : undefined) : ["pin", String(pin)];
  if (order !== undefined) {
    await docker.must("telling the autoscaler", ["exec", scaler.name, "holdfast-scale", ...order], {
      timeoutMs: ANSWER_MS,
    });
    const news = pin === undefined ? "traffic decides again" : `pinned to ${pin}`;
    note(`  ok   instances of stack ${name}: ${news}`);
    // Its loop reads the order within a second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
  }
  const scaling = await scalingOf(docker, containers);
  if (scaling === undefined) {
    throw new Fault("the autoscaler does not answer", `docker logs ${scaler.name}`);
  }
  print(json ? JSON.stringify(scaling, null, 2) : scalingText(scaling));
  return 0;
}

/**
 * The number to pin to. Pure.
 *
 * @throws Fault for what is no number, or outside the bounds: instances up to the minimum are declared
 * to run, and one beyond the maximum does not exist
 */
export function checkedPin(
  given: string,
  { stack, application }: Pick<Settings, "stack" | "application">,
): number {
  const { min, max } = application.instances;
  const number = /^\d{1,3}$/.test(given) ? Number(given) : Number.NaN;
  const range = `expected a whole number from ${min} to ${max}`;
  const set = (key: string, value: number) =>
    `pulumi config set --path application.instances.${key} ${value} --stack ${stack}, then ./holdfast up`;
  if (number > max) {
    const advice = number <= 20 ? [set("max", number)] : [];
    throw new Fault(
      `--instances ${given}: above application.instances.max = ${max}; ${range}`,
      ...advice,
    );
  }
  if (number < min) {
    const advice = number >= 1 ? [set("min", number)] : [];
    throw new Fault(
      `--instances ${given}: below application.instances.min = ${min}; ${range}`,
      ...advice,
    );
  }
  if (Number.isNaN(number)) {
    throw new Fault(`--instances ${given}: ${range}`);
  }
  return number;
}

/** What people read. Pure. */
export function scalingText(scaling: Scaling): string {
  const { desired, running, ready, minimum, maximum, pinned, wanted, limitedBy, held } = scaling;
  const rows: [string, string][] = [
    ["desired", `${desired} (from ${minimum} to ${maximum})`],
    ["running", `${running}, ${ready} of them serve`],
    ["pinned", pinned === null ? "no: traffic decides" : `to ${pinned}`],
    ["measured", wanted === null ? "nothing" : `asks for ${wanted}`],
    ["why", scaling.why],
  ];
  if (limitedBy !== null) rows.push(["limited by", limitedBy]);
  if (held !== null) rows.push(["holding", held]);
  if (scaling.deploying) rows.push(["update", "at work: only more instances until it is done"]);
  if (scaling.failing.length > 0) rows.push(["failing", scaling.failing.join(", ")]);
  if (scaling.missing.length > 0) rows.push(["no container", scaling.missing.join(", ")]);
  return alignedBlock(rows);
}

/** One line of `status`. Pure. */
export function scalingLine({ desired, pinned, held, limitedBy, why }: Scaling): string {
  if (pinned !== null) return `${desired} desired, pinned: ./holdfast scale --auto unpins`;
  const limited = limitedBy === null ? "" : `, limited by ${limitedBy}`;
  return held === null
    ? `${desired} desired: ${why}${limited}`
    : `${desired} desired, held: ${held}`;
}
