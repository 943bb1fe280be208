import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Settings } from "../settings.ts";
import { type RecoveryFacts, renderRecoveryPlan } from "../templates/recovery.md.ts";
import { familiesOf } from "./drills/catalogue.ts";
import { lastResults } from "./drills/lastResults.ts";
import { missesOf, outcomeOf, seconds } from "./drills/report/figures.ts";
import { scenarioOf } from "./drills/scenarios.ts";
import type { Family } from "./drills/scene.ts";
import type { DrillResult } from "./drills/types.ts";
import type { GlobalOptions } from "./options.ts";
import { loadStack } from "./stack.ts";
import { print } from "./ui.ts";

export interface RecoveryPlanOptions extends GlobalOptions {
  readonly output?: string;
}

/** Writes the stack's disaster-recovery plan, from its settings and the last drills. */
export async function recoveryPlan({
  stack,
  output,
  json,
}: RecoveryPlanOptions): Promise<undefined> {
  const facts = recoveryFacts(loadStack(stack).settings, lastResults(stack));
  const text = json ? JSON.stringify(facts, null, 2) : renderRecoveryPlan(facts);
  if (output === undefined) {
    print(text);
    return;
  }
  const file = resolve(output);
  writeFileSync(file, `${text.trimEnd()}\n`);
  print(file);
}

/** Pure. */
export function recoveryFacts(settings: Settings, results: readonly DrillResult[]): RecoveryFacts {
  const { stack, hosts, sites, objectives, database, application, backup, recovery } = settings;
  const { witness, failover, dns } = settings;
  const families = familiesOf();
  return {
    stack,
    sites: Object.keys(sites),
    hosts: Object.fromEntries(
      Object.entries(sites).map(([site, { host }]) => [site, hosts[host]?.docker ?? ""]),
    ),
    hasWitness: witness !== undefined,
    automatic: failover.sites === "automatic",
    dnsTtlSeconds: dns?.ttlSeconds,
    hasCloud: backup.cloud.provider === "s3",
    ...objectives,
    replicas: database.replicas,
    instancesMin: application.instances.min,
    ...recovery,
    drills: results.flatMap((result) => drillFact(result, families[result.drill])),
  };
}

/** A drill that there is no more shows nothing. */
function drillFact(result: DrillResult, family: Family | undefined): RecoveryFacts["drills"] {
  if (family === undefined) {
    return [];
  }
  const { drill, startedAt, skipped } = result;
  const figures = skipped ?? (missesOf(result).join("; ") || gapsOf(result));
  return [
    {
      scenario: scenarioOf(family),
      drill,
      at: startedAt.slice(0, 10),
      outcome: outcomeOf(result),
      figures,
    },
  ];
}

function gapsOf({ writeGapSeconds, recoveryPointSeconds, lost }: DrillResult): string {
  return [
    ...(writeGapSeconds === undefined ? [] : [`no writes for ${seconds(writeGapSeconds)}`]),
    ...(recoveryPointSeconds === undefined
      ? [`${lost} lost`]
      : [`lost: the last ${seconds(recoveryPointSeconds)}`]),
  ].join(", ");
}
