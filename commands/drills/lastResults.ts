import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE } from "../paths.ts";
import type { DrillReport } from "./report/json.ts";
import type { DrillResult } from "./types.ts";

/** The last run of each drill on a stack, of the reports that lie on this machine. Makes no folder. */
export function lastResults(stack: string, root: string = PRIVATE): DrillResult[] {
  const folder = join(root, "drills", stack);
  if (!existsSync(folder)) {
    return [];
  }
  // Folders are named by their time (drill.ts), so their order is that of the runs.
  const reports = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted()
    .flatMap((name) => read(join(folder, name, "results.json")));
  const last = new Map(reports.map((result) => [result.drill, result]));
  return [...last.values()];
}

/** What cannot be read any more is no result. */
function read(file: string): readonly DrillResult[] {
  try {
    const { runs } = JSON.parse(readFileSync(file, "utf8")) as DrillReport;
    return Array.isArray(runs) ? runs : [];
  } catch {
    return [];
  }
}
