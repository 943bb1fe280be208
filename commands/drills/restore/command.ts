import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Fault } from "../../fault.ts";
import { orWhatHelps } from "../../site/silentHost.ts";
import { loadStack } from "../../stack.ts";
import { print } from "../../ui.ts";
import { whileInterruptible } from "../interrupt.ts";
import { refuseOthersStack } from "../owner.ts";
import { Site } from "../site.ts";
import type { RestoreResult } from "./record.ts";
import { type RestoreRequest, restoreBox, runRestore } from "./run.ts";
import { restoreText } from "./table.ts";

export const RESTORE = "restore";
/** As after Ctrl-C in a shell. */
const INTERRUPTED_CODE = 130;

/** Its line in `drill --list`. */
export const RESTORE_ENTRY = {
  name: RESTORE,
  family: RESTORE,
  description: "a backup restored into a scratch instance and compared, row by row: breaks nothing",
} as const;

export interface RestoreOptions extends RestoreRequest {
  readonly stack: string;
  readonly json: boolean;
  /** Folder for the records. @default none is written here: the container keeps them */
  readonly output?: string | undefined;
}

/** Proves that backups restore; asks nobody, breaks nothing. 0 only when each run was proven. */
export async function restoreDrill(options: RestoreOptions, times: number): Promise<number> {
  const { stack, json, output } = options;
  checkTarget(options.to);
  const { settings } = loadStack(stack);
  const site = new Site(settings);
  await orWhatHelps(settings, refuseOthersStack(site.docker, stack));
  const box = restoreBox(await site.boxes(), stack);
  const { results, interrupted } = await whileInterruptible(
    async (signal) => ({
      results: await runAll(site, box, options, times, signal),
      interrupted: signal.aborted,
    }),
    { now: "the scratch instance is being cleared away", never: "the drill's container goes on" },
  );
  if (interrupted && results.length === 0) {
    return INTERRUPTED_CODE;
  }
  print(json ? JSON.stringify(results, null, 2) : restoreText(results, settings.objectives));
  if (output) {
    mkdirSync(resolve(output), { recursive: true });
    writeFileSync(join(resolve(output), "restores.json"), `${JSON.stringify(results, null, 2)}\n`);
  }
  if (interrupted) {
    return INTERRUPTED_CODE;
  }
  return results.every(({ passed }) => passed) ? 0 : 1;
}

/** One that was interrupted is not among the results; those before it are. */
async function runAll(
  { docker }: Site,
  box: Parameters<typeof runRestore>[1],
  request: RestoreRequest,
  times: number,
  signal: AbortSignal,
): Promise<RestoreResult[]> {
  const results: RestoreResult[] = [];
  while (results.length < times && !signal.aborted) {
    try {
      results.push(await runRestore(docker, box, request, signal));
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
  }
  return results;
}

const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;

/** A point in time without a zone is a guess. Pure. @throws Fault */
export function checkTarget(to: string | undefined): void {
  if (to !== undefined && (!TIME.test(to) || Number.isNaN(Date.parse(to.replace(" ", "T"))))) {
    throw new Fault(
      `--to ${to}: expected a time with its zone`,
      `for instance: --to ${new Date().toISOString().slice(0, 19)}Z`,
    );
  }
}
