import { resolve } from "node:path";
import { needFullRedundancy, type Runs, runAll } from "./drills/all.ts";
import { chosen, DRILLS } from "./drills/catalogue.ts";
import { undoLeft } from "./drills/faults/backup/journal.ts";
import { mendLoopDisk } from "./drills/faults/disk.ts";
import { whileInterruptible } from "./drills/interrupt.ts";
import { recordLast } from "./drills/last.ts";
import { whileAlone } from "./drills/lock.ts";
import { refuseOthersStack } from "./drills/owner.ts";
import { realStage } from "./drills/realStage.ts";
import { RESTORE, RESTORE_ENTRY, restoreDrill } from "./drills/restore/command.ts";
import { printResults, writeResults } from "./drills/results.ts";
import { scenarioOf } from "./drills/scenarios.ts";
import type { Drill } from "./drills/scene.ts";
import { Site } from "./drills/site.ts";
import { type Stage, untilFull } from "./drills/stage.ts";
import type { DrillResult } from "./drills/types.ts";
import { Fault } from "./fault.ts";
import type { GlobalOptions } from "./options.ts";
import { privatePath } from "./paths.ts";
import { activeName } from "./site/activeName.ts";
import { orWhatHelps } from "./site/silentHost.ts";
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
  /** Seconds that each fault of family backup lasts, as typed. @default its own time */
  readonly hold?: string;
  /** Of `restore` alone, as the next two. @default what was proven longest ago */
  readonly repository?: string;
  readonly kind?: string;
  readonly to?: string;
}

/** For a member that comes back from a disk that an earlier drill had left. */
const MENDED_SECONDS = 120;
/** Laptops' stack: nobody is asked before it is broken. */
export const FREE_STACK = "dev";

/** Breaks the stack under load, in the ways that were named, and holds what became of it to its objectives. */
export async function drill(options: DrillOptions): Promise<number> {
  const { stack: name, json } = options;
  if (options.list) {
    print(catalogue(json));
    return 0;
  }
  const times = countOf(options.times);
  if (options.args.includes(RESTORE)) {
    needAlone(options.args);
    return restoreDrill(options, times);
  }
  refuseRestoreOptions(options);
  const drills = chosen(options.args);
  const hold = secondsOf(options.hold);
  const { settings } = loadStack(name);
  await askBefore(name, drills, options.yes);
  const site = new Site(settings, await activeName(settings));
  await orWhatHelps(settings, refuseOthersStack(site.docker, name));
  return whileAlone(name, () => breakAndReport(drills, times, site, options, hold));
}

async function breakAndReport(
  drills: readonly Drill[],
  times: number,
  site: Site,
  { stack: name, json, output }: DrillOptions,
  hold: number | undefined,
): Promise<number> {
  const startedAt = new Date();
  const folder = output ? resolve(output) : privatePath("drills", name, timeName(startedAt));
  const runs = await whileInterruptible(async (signal): Promise<Runs> => {
    const stage = realStage(site, hold);
    try {
      await mendBefore(site, stage, signal);
      await needFullRedundancy(stage);
    } catch (error) {
      // What went wrong with the mending is said, interrupted or not.
      if (signal.aborted && (error as Error).name === "AbortError") {
        return { results: [], ended: "interrupted", why: "holdfast: no drill was begun" };
      }
      throw error;
    }
    return runAll(drills, times, stage, signal, (result) => note(lineOf(result)));
  });
  const { results, ended, why } = runs;
  const planned = drills.length * times;
  if (why !== undefined) {
    note(why);
  }
  if (ended !== undefined && results.length < planned) {
    note(`holdfast: ${results.length} of ${planned} drills ran`);
  }
  if (results.length === 0) {
    return exitCodeOf(runs);
  }
  // First what cannot fail: the disk may be full, the folder another's, Docker gone.
  printResults(results, json);
  recordLast(site.settings, results);
  const about = { startedAt: startedAt.toISOString(), planned, ...(ended ? { ended } : {}) };
  note(`report: ${await writeResults(folder, site, about, results)}`);
  return exitCodeOf(runs);
}

/** A drill that was killed may have left a member's volume on its small disk. */
async function mendBefore(site: Site, stage: Stage, signal: AbortSignal): Promise<void> {
  if (await mendLoopDisk(site.docker, site.settings.stack)) {
    note("  ok   the volume that an earlier drill had left mounted is back in its place");
    await untilFull(stage, MENDED_SECONDS, signal);
  }
  for (const what of await undoLeft(site.docker, site.settings.stack)) {
    note(`  ok   what an earlier drill had left undone: ${what}`);
    await untilFull(stage, MENDED_SECONDS, signal);
  }
}

/** Every drill with its line. Pure. */
export function catalogue(json: boolean): string {
  const rows = [...DRILLS, RESTORE_ENTRY].map(({ name, family, description }) => {
    return { name, family, scenario: scenarioOf(family), description };
  });
  return json
    ? JSON.stringify(rows, null, 2)
    : alignedTable(
        rows.map(({ name, family, scenario, description }) => {
          return [name, family, scenario, description];
        }),
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

/** Seconds of `--hold`; undefined when nobody said any. Pure. @throws Fault */
export function secondsOf(typed: string | undefined): number | undefined {
  const seconds = Number(typed);
  if (typed !== undefined && !(Number.isFinite(seconds) && seconds > 0)) {
    throw new Fault(`--hold ${typed}: expected seconds`, "--hold 600");
  }
  return typed === undefined ? undefined : seconds;
}

/** A restore drill beside a fault would measure the fault. Pure. @throws Fault */
export function needAlone(names: readonly string[]): void {
  if (names.length > 1) {
    const others = names.filter((name) => name !== RESTORE).join(" ");
    throw new Fault(
      `${RESTORE} breaks nothing and runs by itself, not in a list of faults`,
      `./holdfast drill ${RESTORE}`,
      ...(others === "" ? [] : [`./holdfast drill ${others}`]),
    );
  }
}

/** Options that would be ignored. Pure. @throws Fault */
export function refuseRestoreOptions({ repository, kind, to }: Partial<DrillOptions>): void {
  const given = Object.entries({ repository, kind, to }).filter(([, value]) => value !== undefined);
  if (given.length > 0) {
    const names = given.map(([name]) => `--${name}`).join(", ");
    throw new Fault(`${names}: only with restore`, `./holdfast drill ${RESTORE} --help`);
  }
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

/** 1 when an objective was missed, a drill failed, or none ran; 130 when a person ended it. Pure. */
export function exitCodeOf({ results, ended }: Runs): number {
  if (ended === "interrupted") {
    return 130;
  }
  const ran = results.filter(({ skipped }) => skipped === undefined);
  const good = ran.length > 0 && ran.every(({ passed }) => passed);
  return good && ended === undefined ? 0 : 1;
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
