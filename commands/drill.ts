import { resolve } from "node:path";
import { needFullRedundancy, type Runs, runAll } from "./drills/all.ts";
import { chosen, DRILLS } from "./drills/catalogue.ts";
import { mendLoopDisk } from "./drills/faults/disk.ts";
import { whileInterruptible } from "./drills/interrupt.ts";
import { recordLast } from "./drills/last.ts";
import { realStage } from "./drills/realStage.ts";
import { printResults, writeResults } from "./drills/results.ts";
import type { Drill } from "./drills/scene.ts";
import { Site } from "./drills/site.ts";
import { untilFull } from "./drills/stage.ts";
import type { DrillResult } from "./drills/types.ts";
import { Fault } from "./fault.ts";
import type { GlobalOptions } from "./options.ts";
import { privatePath } from "./paths.ts";
import { loadStack } from "./stack.ts";
import { alignedTable, confirm, note, print } from "./ui.ts";

export interface DrillOptions extends GlobalOptions {
  /** Names of drills, or `all`. */
  readonly args: readonly string[];
  /** Only say what drills there are. */
  readonly list: boolean;
  /** A whole number from 1, as typed. */
  readonly times: string;
  /** @default `.holdfast/drills/<stack>/<time>` */
  readonly output?: string;
}

/** For a member that comes back from a disk that an earlier drill had left. */
const MENDED_SECONDS = 120;
/** Laptops' stack: nobody is asked before it is broken. */
const FREE_STACK = "dev";

/** Breaks the stack under load, in the ways that were named, and holds what became of it to its objectives. */
export async function drill(options: DrillOptions): Promise<number> {
  const { stack: name, json } = options;
  if (options.list) {
    print(catalogue(json));
    return 0;
  }
  const drills = chosen(options.args);
  const times = countOf(options.times);
  const { settings } = loadStack(name);
  await askBefore(name, drills, options.yes);
  const site = new Site(settings);
  const stage = realStage(site);
  if (await mendLoopDisk(site.docker, name)) {
    note("  ok   the volume that an earlier drill had left mounted is back in its place");
    await untilFull(stage, MENDED_SECONDS, new AbortController().signal);
  }
  await needFullRedundancy(stage);
  const startedAt = new Date();
  const folder = options.output
    ? resolve(options.output)
    : privatePath("drills", name, timeName(startedAt));
  const runs = await whileInterruptible((signal) =>
    runAll(drills, times, stage, signal, (result) => note(lineOf(result))),
  );
  if (runs.results.length === 0) {
    return exitCodeOf(runs);
  }
  recordLast(name, runs.results);
  const report = await writeResults(folder, site, startedAt.toISOString(), runs.results);
  printResults(runs.results, json);
  if (runs.ended === "broken") {
    note("holdfast: the other drills were not run: the stack did not come back by itself");
  }
  note(`report: ${report}`);
  return exitCodeOf(runs);
}

/** Every drill with its line. Pure. */
export function catalogue(json: boolean): string {
  const rows = DRILLS.map(({ name, family, description }) => ({ name, family, description }));
  return json
    ? JSON.stringify(rows, null, 2)
    : alignedTable(
        rows.map(({ name, family, description }) => [name, family, description]),
        "",
      );
}

/** How many rounds. Pure. @throws Fault */
export function countOf(typed: string): number {
  const times = Number(typed);
  if (!Number.isInteger(times) || times < 1) {
    throw new Fault(`--times ${typed}: expected a whole number from 1`, "--times 3");
  }
  return times;
}

/** Breaking a stack is asked for, except on a laptop's. @throws Fault */
export async function askBefore(
  name: string,
  drills: readonly Drill[],
  yes: boolean,
): Promise<void> {
  if (name === FREE_STACK) {
    return;
  }
  const what = drills.map((one) => one.name).join(", ");
  const question = `Break stack ${name} on purpose (${what}), with clients on it?`;
  if (!(await confirm(question, yes))) {
    throw new Fault(
      "nothing was broken",
      `to run the drills without being asked: ./holdfast drill NAME --yes --stack ${name}`,
    );
  }
}

/** 1 when an objective was missed or a drill failed; skipped ones do not count. Pure. */
export function exitCodeOf({ results, ended }: Runs): number {
  if (ended === "interrupted") {
    return 130;
  }
  const bad = results.some(({ passed, skipped }) => !passed && skipped === undefined);
  return bad || ended !== undefined ? 1 : 0;
}

/** One drill's outcome in a line. Pure. */
export function lineOf(result: DrillResult): string {
  const { drill: name, passed, skipped, error, objectives, writeGapSeconds } = result;
  if (skipped !== undefined) {
    return `  skip ${name}: ${skipped}`;
  }
  const missed = objectives
    .filter(({ met }) => !met)
    .map(({ name: figure, limit, measured }) => `${figure} ${shown(measured)} (limit ${limit})`);
  const faults = [...missed, ...(error ? [error] : [])];
  const gap = `write gap ${shown(writeGapSeconds)} s, ${result.acknowledged} acknowledged`;
  return passed ? `  ok   ${name}: ${gap}` : `  fail ${name}: ${faults.join("; ")}; ${gap}`;
}

function shown(value: number | undefined): string {
  return value === undefined ? "not measured" : String(Math.round(value * 100) / 100);
}

/** A folder's name, e.g. `2026-11-25T09-12-00`. Pure. */
export function timeName(time: Date): string {
  return time.toISOString().slice(0, 19).replaceAll(":", "-");
}
