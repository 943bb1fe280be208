import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type Tree, valueAt } from "../../settings/tree.ts";
import { backupContainer } from "../cluster/backups.ts";
import { activeSite } from "../cluster/leader.ts";
import { operate } from "../engine/operation.ts";
import { putInOrder } from "../engine/order.ts";
import { readLocalState } from "../engine/state.ts";
import { type Engine, openStack, readState } from "../engine/workspace.ts";
import { must } from "../exec.ts";
import { Fault } from "../fault.ts";
import { ROOT, stackFile } from "../paths.ts";
import { setUpEngine } from "../setup/engine.ts";
import { type Ready, setUp } from "../setup/setUp.ts";
import type { Stack } from "../stack.ts";
import { alignedBlock, duration, note, print } from "../ui.ts";
import { accessIn } from "./cloneAccess.ts";
import { withSource } from "./cloneReach.ts";
import { cloneConflicts, clonedStackFile } from "./cloneSettings.ts";
import { type CloneSource, sourceStack } from "./cloneSource.ts";
import { hasBegun, noteBegun, noteEnded } from "./kitBegun.ts";
import type { Kit } from "./kitFile.ts";
import { provisionAndRestore } from "./kitProvision.ts";
import { parseTarget } from "./target.ts";
import type { RestoreOptions, RestoreOutcome } from "./types.ts";

/** How long the first member may take to appear; images are built by then. */
const APPEAR_SECONDS = 600;

/**
 * A new stack that begins with another's backups: with passwords, an authority and an archive of its
 * own. The other one is only read.
 *
 * @throws Fault; repeated, the command goes on where it stopped
 */
export async function restoreClone(options: RestoreOptions): Promise<number | undefined> {
  const from = options.from ?? "";
  if (from === options.stack || !options.stackGiven) {
    throw new Fault(
      `a clone of ${from} needs a name of its own`,
      `./holdfast restore --from ${from} --stack ${from}-copy`,
    );
  }
  const file = stackFile(from);
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  refuseExistingClone(options.stack);
  return clone(options, await sourceStack(from, options, text));
}

/** The same with a kit as the source: the other stack need not be, or be reached, from here. */
export async function cloneFromKit(options: RestoreOptions, kit: Kit): Promise<number | undefined> {
  const access = accessIn(kit.outputs);
  if (access === undefined || options.repository === "local") {
    throw new Fault(
      access
        ? "a kit opens the cloud repository alone"
        : `the kit of ${kit.takenAt} knows no cloud repository: stack ${kit.stack} had none then`,
      `of a stack in this folder: ./holdfast restore --from ${kit.stack} --repository local --stack ${options.stack}`,
    );
  }
  refuseExistingClone(options.stack);
  return clone(options, {
    stack: kit.stack,
    settings: kit.settings,
    stackFile: kit.stackFile,
    repository: "cloud",
    stanza: access.stanza,
    access,
    ...networkOf(kit),
  });
}

/** An S3 server inside the source is reached where that runs on the same Docker host. */
function networkOf({ stack, settings }: Kit): { network?: string } {
  const site = Object.keys((valueAt(settings, ["sites"]) ?? {}) as Tree)[0];
  const builtin = valueAt(settings, ["backup", "cloud", "provider"]) === "builtin";
  return builtin && site
    ? { network: `${valueAt(settings, ["project"])}-${stack}-${site}-network` }
    : {};
}

async function clone(options: RestoreOptions, source: CloneSource): Promise<number | undefined> {
  const target = parseTarget(options.to);
  await settle(options.stack, source);
  const ready = await setUp(options.stack);
  const { settings } = ready.stack;
  const conflicts = cloneConflicts(source.settings, settings);
  if (conflicts.length > 0) {
    throw new Fault(
      `stack ${options.stack} cannot begin with the backups of ${source.stack}`,
      ...conflicts.flat(),
    );
  }
  const engine = await openStack(ready);
  noteBegun(options.stack, source.stack);
  await putInOrder(ready, engine);
  await withoutMembers(ready, engine);

  const site = await activeSite(settings);
  const container = backupContainer(site.containers);
  if (container === undefined) {
    throw new Fault(`the backup container of stack ${options.stack} does not run`);
  }
  const outcome = await withSource(source, { docker: site.docker, container }, () =>
    provisionAndRestore(options, {
      settings,
      target,
      repository: "source",
      stanza: source.stanza,
      firstMembers: 1,
      fresh: true,
      waitSeconds: APPEAR_SECONDS,
    }),
  );
  noteEnded(options.stack);
  return report(options, source, outcome);
}

function refuseExistingClone(stack: string): void {
  if ((readLocalState(stack)?.resources.length ?? 0) > 0 && !hasBegun(stack)) {
    throw new Fault(
      `stack ${stack} exists; a clone begins with nothing`,
      `choose another name, or destroy it: ./holdfast down --data --stack ${stack}`,
      `to recover its own database from its own backups: ./holdfast restore --stack ${stack}`,
    );
  }
}

/** The clone's settings, where it has none yet; and its keys to the cloud. */
async function settle(stack: string, source: CloneSource): Promise<void> {
  const file = stackFile(stack);
  if (existsSync(file)) {
    return; // a person's own choice, checked against the source later
  }
  writeFileSync(file, clonedStackFile(source.stackFile));
  note(
    `  ok   settings for ${stack}, as ${source.stack} has them, written to Pulumi.${stack}.yaml`,
  );
  if (/^\s*provider:\s*["']?s3\b/m.test(source.stackFile) && source.access) {
    await giveKeys(stack, source.access.keyId, source.access.keySecret);
  }
}

/** The keys of the S3 account are the only secrets among the settings; they go by standard input. */
async function giveKeys(stack: string, keyId: string, keySecret: string): Promise<void> {
  const named = { name: stack } as Stack; // its settings are not whole before it has the keys
  const engine = await openStack({ stack: named, enginePath: await setUpEngine(true), hosts: {} });
  for (const [key, value] of Object.entries({ cloudKeyId: keyId, cloudKeySecret: keySecret })) {
    const args = ["config", "set", "--secret", `holdfast:${key}`, "--stack", stack];
    await must("keeping the cloud's keys", "pulumi", [...args, "--non-interactive"], {
      cwd: ROOT,
      env: { ...process.env, ...engine.env },
      input: value,
    });
  }
}

/**
 * Everything that does not wait for the database: the source has to be known before the first member
 * starts, or it would begin with an empty one.
 */
async function withoutMembers(ready: Ready, engine: Engine): Promise<void> {
  const [site = ""] = Object.keys(ready.stack.settings.sites);
  const members = `urn:pulumi:${engine.name}::**::${site}-postgres-1`;
  const known = (await readState(engine)).resources;
  if (known.some(({ urn }) => urn.endsWith(`::${site}-backup`) && urn.includes("Container"))) {
    return; // an earlier run came so far
  }
  const { progress } = await operate(ready, engine, "up", (hooks) =>
    engine.stack.up({ ...hooks, exclude: [members], excludeDependents: true }),
  );
  note(`  ok   all but the database: ${progress.summary} (${duration(progress.seconds)})`);
}

function report(options: RestoreOptions, source: CloneSource, outcome: RestoreOutcome): number {
  const { stack } = options;
  if (options.json) {
    print(JSON.stringify({ stack, from: source.stack, ...outcome }, null, 2));
  } else {
    print(
      alignedBlock([
        ["cloned from", `${source.stack}, its ${source.repository} repository`],
        ["recovered to", outcome.recoveredTo ?? "unknown: the database holds no heartbeat"],
        ["backup used", outcome.label ?? "unknown"],
        ["members", `${outcome.members}, timeline ${outcome.timeline}`],
      ]),
    );
  }
  for (const lack of outcome.lacks) {
    note(`  note ${lack}`);
  }
  return outcome.lacks.length > 0 ? 1 : 0;
}
