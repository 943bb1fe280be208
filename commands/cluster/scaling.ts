import type { Docker } from "../docker.ts";
import type { ContainerState } from "./containers.ts";

/** What the autoscaler says of itself (`holdfast-scale show`). */
export interface Scaling {
  /** Instances that should run. */
  readonly desired: number;
  /** Instances whose container runs. */
  readonly running: number;
  /** Instances that the edge sends requests to. */
  readonly ready: number;
  readonly minimum: number;
  readonly maximum: number;
  /** The number a person chose; null while traffic decides. */
  readonly pinned: number | null;
  /** Whether an `up` is at work. */
  readonly deploying: boolean;
  /** What the measurements alone ask for; null when nobody knows. */
  readonly wanted: number | null;
  /** What keeps the number from what is asked for: maximum, minimum, step, window, pinned, deploy. */
  readonly limitedBy: string | null;
  /** Why nothing is decided now; null when something is. */
  readonly held: string | null;
  /** The arithmetic of the last look. */
  readonly why: string;
  /** Instances that run and get no traffic for long. */
  readonly failing: readonly string[];
  /** Declared instances without a container. */
  readonly missing: readonly string[];
}

const ANSWER_MS = 5_000;
const AUTOSCALER = "autoscaler";
const INSTANCE = "app";

/** The autoscaler's container, when it runs. */
export function autoscalerOf(containers: readonly ContainerState[]): ContainerState | undefined {
  return containers.find(({ component, running }) => component === AUTOSCALER && running);
}

/** Asks the autoscaler; undefined when it does not run or does not answer. */
export async function scalingOf(
  docker: Docker,
  containers: readonly ContainerState[],
): Promise<Scaling | undefined> {
  const scaler = autoscalerOf(containers);
  if (scaler === undefined) {
    return undefined;
  }
  const { code, stdout } = await docker.run(["exec", scaler.name, "holdfast-scale", "show"], {
    timeoutMs: ANSWER_MS,
  });
  return code === 0 ? (JSON.parse(stdout) as Scaling) : undefined;
}

/**
 * The state of each instance, for people: one that is stopped and not needed is `scaled in`, whatever
 * its exit code. Without the autoscaler's word every stopped one beyond the minimum counts as that. Pure.
 *
 * @param minimum `application.instances.min`
 */
export function instanceStates(
  containers: readonly Pick<
    ContainerState,
    "alias" | "component" | "instance" | "running" | "state"
  >[],
  minimum: number,
  scaling: Pick<Scaling, "desired"> | undefined,
): { name: string; state: string }[] {
  const instances = containers.filter(({ component }) => component === INSTANCE);
  const running = instances.filter((one) => one.running).length;
  let lacking = Math.max(0, (scaling?.desired ?? minimum) - running);
  return instances.map(({ alias, instance, running: runs, state }) => {
    const mayRest = !runs && instance > minimum && state === "exited";
    if (!mayRest || lacking > 0) {
      lacking -= runs ? 0 : 1;
      return { name: alias, state };
    }
    return { name: alias, state: "scaled in" };
  });
}
