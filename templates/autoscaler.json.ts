/** autoscaler.json: bounds, targets, windows and steps, as images/autoscaler reads them. */

import type { ApplicationSettings } from "../settings.ts";

/** Seconds that a step is counted over; Kubernetes' default. */
const STEP_PERIOD_SECONDS = 15;
/**
 * Of an instance's places at the edge, the part that may be taken on average. Above it requests begin to
 * wait: with all places taken at every instance and one more waiting the ratio is 1 / 0.7 = 1.43, well
 * outside any tolerance.
 */
const BUSY_PART = 0.7;

export type AutoscalerArgs = Pick<ApplicationSettings, "instances" | "scaling"> & {
  /** Requests that the edge lets one instance work on at once. */
  readonly requestsPerInstance: number;
};

/** Renders autoscaler.json. Pure. */
export function renderAutoscalerJson(args: AutoscalerArgs): string {
  const { instances, scaling, requestsPerInstance } = args;
  const rules = (windowSeconds: number, amount: number) => ({
    windowSeconds,
    policies: [{ kind: "instances", amount, periodSeconds: STEP_PERIOD_SECONDS }],
  });
  const config = {
    minimum: instances.min,
    maximum: instances.max,
    tolerancePercent: scaling.tolerancePercent,
    requestsPerSecond: scaling.targetRequests,
    requestsAtWork: Math.max(0.5, Math.round(BUSY_PART * requestsPerInstance * 10) / 10),
    up: rules(scaling.upWindowSeconds, scaling.upStep),
    down: rules(scaling.downWindowSeconds, scaling.downStep),
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
