import { resolve } from "node:path";
import { valueAt } from "../../settings/tree.ts";
import { parseDeployment } from "../engine/state.ts";
import { type Engine, openStack, readState } from "../engine/workspace.ts";
import { must, run } from "../exec.ts";
import { Fault } from "../fault.ts";
import { noteKit } from "../kit.ts";
import { ROOT } from "../paths.ts";
import { readSealingPassphrase } from "../secret.ts";
import { type Ready, setUp } from "../setup/setUp.ts";
import { alignedBlock, confirm, note, print } from "../ui.ts";
import { accessIn } from "./cloneAccess.ts";
import { begunAt, hasBegun, noteBegun, noteEnded } from "./kitBegun.ts";
import { type Kit, openKit } from "./kitFile.ts";
import { plantKit, refuseExistingState } from "./kitPlant.ts";
import { provisionAndRestore } from "./kitProvision.ts";
import { type SiteLossFacts, siteLossRecord, siteLossRows, writeSiteLoss } from "./kitRecord.ts";
import { refuseWhatStillStands } from "./kitRemains.ts";
import { lastSignOfLife } from "./kitSign.ts";
import { type ExportedState, seedState } from "./state.ts";
import { parseTarget } from "./target.ts";
import type { RestoreOptions, RestoreOutcome, RestoreTarget } from "./types.ts";

/** How long the backup container and the first member may take to appear: images may have to be built. */
const APPEAR_SECONDS = 1800;

/**
 * Brings an environment back of which nothing is left here but its recovery kit and the bucket (M26):
 * the same passwords, the same authority, the same archive. With another name typed as `--stack`, its
 * data go into a stack of that name instead.
 *
 * @throws Fault; repeated, the command goes on where it stopped
 */
export async function restoreFromKit(options: RestoreOptions): Promise<number | undefined> {
  const now = Date.now();
  const file = resolve(options.kit ?? "");
  const kit = await openKit(file, await readSealingPassphrase(options.passphraseFile));
  if (options.from && options.from !== kit.stack) {
    throw new Fault(`${file} is the kit of stack ${kit.stack}, not of ${options.from}`);
  }
  if (options.stackGiven && options.stack !== kit.stack) {
    const { cloneFromKit } = await import("./clone.ts");
    return cloneFromKit(options, kit);
  }
  const target = parseTarget(options.to);
  refuseWithoutCloud(kit, options, file);
  const goesOn = hasBegun(kit.stack);
  // Repeated, it is still the first run's restore: what the stack has archived since is no sign of the
  // lost one, and the time it takes began then.
  const startedMs = begunAt(kit.stack) ?? now;
  if (!goesOn) {
    refuseExistingState(kit.stack, file);
  }
  await ask(kit, target, options);
  await noteOtherProgram(kit);
  await plantKit(kit);

  const ready = await setUp(kit.stack, { scope: "plan" });
  const engine = await openStack(ready);
  const empty = (await readState(engine)).resources.length === 0;
  if (!empty && !goesOn) {
    throw new Fault(`the backend has a state of stack ${kit.stack}: it is not lost`);
  }
  if (empty) {
    await refuseWhatStillStands(ready, kit);
    await plantSeed(engine, kit, file);
    noteKit(kit.stack, file, kit.takenAt); // it holds for the new environment as well
  }
  const outcome = await restore(options, kit, ready, target, startedMs);
  noteEnded(kit.stack);
  return outcome;
}

async function restore(
  options: RestoreOptions,
  kit: Kit,
  ready: Ready,
  target: RestoreTarget,
  startedMs: number,
): Promise<number | undefined> {
  const machineReadyMs = Date.now();
  const { settings } = ready.stack;
  const restored = new AbortController();
  const sign = lastSignOfLife(settings, "cloud", startedMs, restored.signal);
  let outcome: RestoreOutcome;
  try {
    outcome = await provisionAndRestore(options, {
      settings,
      target,
      repository: "cloud",
      firstMembers: 1,
      fresh: true,
      waitSeconds: APPEAR_SECONDS,
    });
  } finally {
    restored.abort();
  }
  const newestObjectAt = await sign;
  return report(options, outcome, {
    stack: kit.stack,
    repository: "cloud",
    kitTakenAt: kit.takenAt,
    startedMs,
    machineReadyMs,
    ...(options.lostAt ? { lostAt: parseTarget(options.lostAt).value } : {}),
    ...(newestObjectAt ? { newestObjectAt } : {}),
  });
}

function report(options: RestoreOptions, outcome: RestoreOutcome, facts: SiteLossFacts): number {
  const record = siteLossRecord(facts, outcome);
  const file = writeSiteLoss(record);
  print(options.json ? JSON.stringify(record, null, 2) : alignedBlock(siteLossRows(record)));
  note(`  ok   stack ${facts.stack} is back; the record: ${file}`);
  return record.lacks.length > 0 ? 1 : 0;
}

/** @throws Fault when the loss of the environment was the loss of its backups */
function refuseWithoutCloud(kit: Kit, { repository }: RestoreOptions, file: string): void {
  if (repository === "local") {
    throw new Fault(
      "the local repository is on the lost machine; a kit brings back from the cloud",
      "leave --repository out",
    );
  }
  const provider = valueAt(kit.settings, ["backup", "cloud", "provider"]);
  if (provider === "builtin") {
    throw new Fault(
      `the cloud repository of stack ${kit.stack} was an S3 server inside the stack (backup.cloud.provider = builtin): it was lost with it`,
      "where its volumes are still there, the stack's whole state brings it back:",
      `age --decrypt ${file} | less    (its instructions say how)`,
    );
  }
  if (accessIn(kit.outputs) === undefined) {
    throw new Fault(
      `the kit of ${kit.takenAt} knows no cloud repository: stack ${kit.stack} had none then`,
      "a kit taken after `./holdfast up` with backup.cloud set does",
      `what it holds: age --decrypt ${file} | less`,
    );
  }
}

async function ask(kit: Kit, target: RestoreTarget, { yes }: RestoreOptions): Promise<void> {
  const until = target.kind === "latest" ? "its newest moment" : target.value;
  const question = `Bring stack ${kit.stack} back here, from the cloud, as of ${until}? The lost one must not run any more: both would write to one archive.`;
  if (!(await confirm(question, yes))) {
    throw new Fault("nothing was done", "without being asked: add --yes");
  }
}

/** Another program may make other resources than the kit's state knows. */
async function noteOtherProgram({ commit }: Kit): Promise<void> {
  const here = await run("git", ["rev-parse", "HEAD"], { cwd: ROOT });
  if (commit && here.code === 0 && here.stdout.trim() !== commit) {
    note(`  note the kit was taken with commit ${commit.slice(0, 12)}, this is another`);
  }
}

/** Lays the seed into the empty state of a stack. Secrets go by standard input. */
async function plantSeed(engine: Engine, kit: Kit, file: string): Promise<void> {
  const seed: ExportedState = seedState(kit.state);
  const args = ["stack", "import", "--stack", kit.stack, "--non-interactive"];
  const options = {
    cwd: ROOT,
    env: { ...process.env, ...engine.env },
    input: JSON.stringify(seed),
  };
  noteBegun(kit.stack, file);
  await must("laying the kit's passwords into the state", "pulumi", args, options);
  const { length } = parseDeployment(seed.deployment).resources;
  note(`  ok   passwords, authority and stack id are the lost environment's (${length} resources)`);
}
