import { ruleFactsOf } from "../../components/monitoring/ruleFacts.ts";
import { type Difference, differences, neighbours } from "../../objectives/change.ts";
import { type Explanation, explainTimings } from "../../objectives/explain.ts";
import { deriveTimings, type Objectives } from "../../objectives.ts";
import type { Settings } from "../../settings.ts";
import { alertGroups } from "../../templates/prometheus-rules.ts";
import { type Judged, judged, missedDrills, type Records } from "./judge.ts";

/** Objectives that could be set, and what that would change. */
export interface Change {
  readonly objectives: Objectives;
  readonly differences: readonly Difference[];
}

/** What `objectives --json` prints. */
export interface ObjectivesReport {
  readonly stack: string;
  readonly objectives: Objectives;
  readonly derived: readonly Explanation[];
  readonly bounds: readonly Judged[];
  /** Names of alerts whose thresholds follow, by objective. */
  readonly alerts: Readonly<Record<keyof Objectives, readonly string[]>>;
  readonly changes: readonly Change[];
  /** Where what was measured and what is promised disagree; a sentence each. */
  readonly disagreements: readonly string[];
  /** What is promised and not measured; a sentence each. */
  readonly unmeasured: readonly string[];
}

/**
 * Pure.
 *
 * @param wanted another pair of objectives to show the effect of. @default their neighbours
 */
export function objectivesReport(
  settings: Settings,
  records: Records,
  wanted?: Objectives,
): ObjectivesReport {
  const { recoveryPointSeconds, recoveryTimeSeconds } = settings.objectives;
  const objectives = { recoveryPointSeconds, recoveryTimeSeconds };
  const bounds = judged(objectives, records);
  const others = wanted === undefined ? neighbours(objectives) : [wanted];
  return {
    stack: settings.stack,
    objectives,
    derived: explainTimings(objectives),
    bounds,
    alerts: {
      recoveryPointSeconds: alertsOf(settings, "recoveryPointSeconds"),
      recoveryTimeSeconds: alertsOf(settings, "recoveryTimeSeconds"),
    },
    changes: others.map((other) => ({
      objectives: other,
      differences: differences(objectives, other),
    })),
    disagreements: [...bounds.flatMap(disagreement), ...missedDrills(records)],
    unmeasured: bounds.flatMap(({ name, missing }) => missing.map((why) => `${name}: ${why}`)),
  };
}

function disagreement({ name, limit, unit, measured }: Judged): string[] {
  return measured
    .filter(({ value }) => value > limit)
    .map(
      ({ value, source }) => `${name}: ${shown(value)} ${unit} (${source}), bound ${limit} ${unit}`,
    );
}

/**
 * Alerts with another expression, or another patience, under the extremes of an objective: the rules
 * themselves say what follows from it. Pure.
 */
export function alertsOf(settings: Settings, objective: keyof Objectives): string[] {
  const under = (seconds: number) => {
    const objectives = { ...settings.objectives, [objective]: seconds };
    const facts = ruleFactsOf({ ...settings, objectives, timings: deriveTimings(objectives) });
    return Object.values(alertGroups(facts)).flat();
  };
  // Within both limits, and in different tiers of Patroni's timings.
  const [tight, loose] = [under(30), under(3600)];
  return tight.flatMap(({ alert, expr, forSeconds }) => {
    const other = loose.find((one) => one.alert === alert);
    return other?.expr === expr && other.forSeconds === forSeconds ? [] : [alert];
  });
}

/** 1: something measured is over its bound, or a drill missed; 2: only something is not measured. Pure. */
export function exitCodeOf({ disagreements, unmeasured }: ObjectivesReport): number {
  return disagreements.length > 0 ? 1 : unmeasured.length > 0 ? 2 : 0;
}

/** At most two digits behind the point. Pure. */
export function shown(value: number): string {
  return String(Math.round(value * 100) / 100);
}
