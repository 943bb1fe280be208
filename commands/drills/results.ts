import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { print } from "../ui.ts";
import { familiesOf } from "./catalogue.ts";
import { drillHtml } from "./report/html.ts";
import { type DrillReport, drillReport, type MachineFacts } from "./report/json.ts";
import { machineFacts, UNKNOWN } from "./report/machine.ts";
import { drillTable } from "./report/table.ts";
import { byScenario, scenarioLine } from "./scenarios.ts";
import type { Site } from "./site.ts";
import type { DrillResult } from "./types.ts";

/** What a report says of the run as a whole. */
export type About = Pick<DrillReport, "startedAt" | "planned" | "ended">;

/**
 * Writes `results.json` and `report.html` into a folder, which is made. A Docker that does not answer
 * (any more) costs no report.
 *
 * @returns the report's path
 */
export async function writeResults(
  folder: string,
  site: Site,
  about: About,
  results: readonly DrillResult[],
): Promise<string> {
  const machine = await factsOf(site).catch(() => UNKNOWN);
  const report = drillReport({ stack: site.settings.stack, ...about, machine }, results);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "results.json"), `${JSON.stringify(report, null, 2)}\n`);
  const file = join(folder, "report.html");
  writeFileSync(file, drillHtml(report));
  return file;
}

async function factsOf(site: Site): Promise<MachineFacts> {
  const running = (await site.boxes()).filter(({ status }) => status === "running");
  return machineFacts(site.docker, running);
}

/** The results on stdout: a table for people, JSON for programs. */
export function printResults(results: readonly DrillResult[], json: boolean): void {
  if (json) {
    print(JSON.stringify(results, null, 2));
    return;
  }
  print(drillTable(results));
  for (const scenario of byScenario(results, familiesOf())) {
    print(`  ${scenarioLine(scenario)}`);
  }
}
