import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { print } from "../ui.ts";
import { drillHtml } from "./report/html.ts";
import { drillReport } from "./report/json.ts";
import { machineFacts } from "./report/machine.ts";
import { drillTable } from "./report/table.ts";
import type { Site } from "./site.ts";
import type { DrillResult } from "./types.ts";

/**
 * Writes `results.json` and `report.html` into a folder, which is made.
 *
 * @returns the report's path
 */
export async function writeResults(
  folder: string,
  site: Site,
  startedAt: string,
  results: readonly DrillResult[],
): Promise<string> {
  const running = (await site.boxes()).filter(({ status }) => status === "running");
  const machine = await machineFacts(site.docker, running);
  const report = drillReport({ stack: site.settings.stack, startedAt, machine }, results);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "results.json"), `${JSON.stringify(report, null, 2)}\n`);
  const file = join(folder, "report.html");
  writeFileSync(file, drillHtml(report));
  return file;
}

/** The results on stdout: a table for people, JSON for programs. */
export function printResults(results: readonly DrillResult[], json: boolean): void {
  print(json ? JSON.stringify(results, null, 2) : drillTable(results));
}
