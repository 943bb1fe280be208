/** What another objective would change. Pure. */
import {
  nodeLossBoundSeconds,
  type Objectives,
  objectiveLimits,
  patroniTiers,
} from "../objectives.ts";
import { boundsOf } from "./bounds.ts";
import { type Explanation, explainTimings } from "./explain.ts";

/** A number that would be another one. */
export interface Difference {
  readonly name: string;
  readonly before: number;
  readonly after: number;
  readonly unit: Explanation["unit"];
}

/** Every derived number, and every bound, that differs. */
export function differences(now: Objectives, then: Objectives): Difference[] {
  const numbers = explainTimings(then);
  const timings = explainTimings(now).flatMap(({ name, value, unit }): Difference[] => {
    const other = numbers.find((one) => one.name === name)?.value;
    return other === undefined || other === value
      ? []
      : [{ name, before: value, after: other, unit }];
  });
  const bounds = boundsOf(then);
  const limits = boundsOf(now).flatMap(({ name, limit, unit }): Difference[] => {
    const other = bounds.find((one) => one.name === name)?.limit;
    return unit !== "s" || other === undefined || other === limit
      ? []
      : [{ name: `bound: ${name}`, before: limit, after: other, unit }];
  });
  return [...timings, ...limits];
}

/**
 * Objectives worth a look: half and twice the recovery point; for the recovery time, the value from
 * which the next calmer of Patroni's tiers is taken, and the one that is enough for the next faster.
 */
export function neighbours(now: Objectives): Objectives[] {
  const { recoveryPointSeconds: point, recoveryTimeSeconds: time } = now;
  const { recoveryPointMinSeconds, recoveryTimeMinSeconds, maxSeconds } = objectiveLimits;
  const points = [
    Math.max(recoveryPointMinSeconds, Math.floor(point / 2)),
    Math.min(maxSeconds, point * 2),
  ];
  // A tier is taken when its bound is at most half of the recovery time; the fastest always is.
  const steps = patroniTiers.map((tier, index) =>
    index === 0 ? recoveryTimeMinSeconds : 2 * nodeLossBoundSeconds(tier),
  );
  const own = steps.findLastIndex((step) => step <= time);
  const times = [steps[own - 1], steps[own + 1]].filter((step) => step !== undefined);
  return [
    ...points.filter((one) => one !== point).map((one) => ({ ...now, recoveryPointSeconds: one })),
    ...times.map((one) => ({ ...now, recoveryTimeSeconds: one })),
  ];
}
