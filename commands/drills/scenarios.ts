/** The three scenarios of the recovery plan, and which drills show that each is survived. Pure. */
import { outcomeOf } from "./report/figures.ts";
import type { Family } from "./scene.ts";
import type { DrillResult } from "./types.ts";

export const SCENARIOS = [
  "database failure",
  "application downtime",
  "data-centre outage",
] as const;

export type Scenario = (typeof SCENARIOS)[number];

/** `restore` proves backups, which a lost database is brought back from. */
const BY_FAMILY: Readonly<Record<Family | "restore", Scenario>> = {
  planned: "database failure",
  crash: "database failure",
  etcd: "database failure",
  disk: "database failure",
  backup: "database failure",
  restore: "database failure",
  paths: "application downtime",
  application: "application downtime",
  host: "data-centre outage",
  site: "data-centre outage",
};

export function scenarioOf(family: Family | "restore"): Scenario {
  return BY_FAMILY[family];
}

/** How one scenario's drills went. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly passed: number;
  readonly missed: number;
  readonly skipped: number;
}

/** Only scenarios of which a drill was asked for. @param families of each drill, by its name */
export function byScenario(
  results: readonly DrillResult[],
  families: Readonly<Record<string, Family>>,
): ScenarioResult[] {
  return SCENARIOS.flatMap((scenario) => {
    const own = results.filter(({ drill }) => {
      const family = families[drill];
      return family !== undefined && scenarioOf(family) === scenario;
    });
    const count = (word: string) => own.filter((result) => outcomeOf(result) === word).length;
    const [passed, missed, skipped] = [count("passed"), count("MISSED"), count("skipped")];
    return own.length === 0 ? [] : [{ scenario, passed, missed, skipped }];
  });
}

/** E.g. `data-centre outage: 1 of 3 drills passed, 2 skipped`. What was skipped has shown nothing. */
export function scenarioLine({ scenario, passed, missed, skipped }: ScenarioResult): string {
  const all = passed + missed + skipped;
  const others = [
    ...(missed > 0 ? [`${missed} missed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ];
  return [`${scenario}: ${passed} of ${all} drills passed`, ...others].join(", ");
}
