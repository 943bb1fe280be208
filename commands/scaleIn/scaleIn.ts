import { imagesOf } from "../../components/images.ts";
import { stackIdOf } from "../engine/state.ts";
import { type Engine, readState } from "../engine/workspace.ts";
import { must } from "../exec.ts";
import { Fault } from "../fault.ts";
import { ROOT } from "../paths.ts";
import type { Ready } from "../setup/setUp.ts";
import { note } from "../ui.ts";
import { BELOW_QUORUM, listed, numberOf, scaleInRefusals, staysIn } from "./gate.ts";
import { forget, settle, tell } from "./inside.ts";
import { lookAtSites, type SiteChange, speaker } from "./look.ts";
import { markOrphans } from "./orphans.ts";

/**
 * What `database.replicas` asks for, of every site; nothing is touched.
 *
 * @throws Fault when members may not leave
 */
export async function checkScaling(
  ready: Ready,
  engine: Engine,
  accepted: readonly string[],
): Promise<SiteChange[]> {
  const changes = await lookAtSites(ready, await readState(engine));
  for (const change of changes) {
    refuse(ready, change, accepted);
  }
  return changes;
}

/**
 * Before Pulumi: members that `database.replicas` no longer wants are made dispensable (M20), and
 * exactly their volumes lose their protection. What an earlier run had begun and is no longer wanted
 * is taken back, and a new member on an orphaned volume will start empty. Touches nothing when it refuses.
 *
 * @param accepted what `--accept-risk` names
 * @returns the orphaned volumes that were there before
 * @throws Fault when members may not leave, or do not within a minute or two; then all stay
 */
export async function prepareScaling(
  ready: Ready,
  engine: Engine,
  accepted: readonly string[],
): Promise<ReadonlySet<string>> {
  const changes = await checkScaling(ready, engine, accepted);
  for (const change of changes) {
    await markAll(ready, engine, change);
    sayWhatIsEmptied(ready, change);
    await takeBack(change);
    await makeDispensable(engine, change, accepted);
    await protection(engine, change, "unprotect");
  }
  return new Set(changes.flatMap(({ orphans }) => orphans.map(({ volume }) => volume)));
}

/**
 * After Pulumi: nothing of members that left remains but their volumes. Repeats what an earlier run
 * had to leave undone; without an orphan nobody left, and there is nothing to do.
 *
 * @param before the orphaned volumes that were there before Pulumi: they have their mark
 */
export async function finishScaling(
  ready: Ready,
  engine: Engine,
  before: ReadonlySet<string>,
): Promise<void> {
  const { database } = ready.stack.settings;
  for (const change of await lookAtSites(ready, await readState(engine))) {
    await takeBack(change);
    if (change.orphans.length === 0) {
      continue;
    }
    const fresh = change.orphans.filter(({ volume }) => !before.has(volume));
    await markAll(ready, engine, { ...change, orphans: fresh });
    const container = speaker(change)?.name ?? "";
    const staying = Array.from({ length: database.replicas + 1 }, (_, n) => `postgres-${n + 1}`);
    const gone = await forget(change.docker, container, staying).catch((error: unknown) => {
      const why = error instanceof Fault ? error.message : String(error);
      const again = `./holdfast up --stack ${engine.name} repeats that`;
      throw new Fault(`members left, and not all records of them are gone: ${why}`, again);
    });
    if (gone.length > 0) {
      note(`  ok   ${listed(gone)} left: no slot and no record of them remains`);
    }
    const volumes = change.orphans.map(({ volume }) => volume);
    note(`  ok   kept as orphans: ${listed(volumes)} (./holdfast volumes)`);
  }
}

function refuse({ stack }: Ready, change: SiteChange, accepted: readonly string[]): void {
  const leaving = change.leaving.map(({ name }) => name);
  const refusals = scaleInRefusals(stack.settings, change.members, leaving, accepted);
  if (refusals.length === 0) {
    return;
  }
  const back = Math.max(...leaving.map(numberOf)) - 1;
  const set = `pulumi config set --path database.replicas ${back} --stack ${stack.name}`;
  const up = `./holdfast up --stack ${stack.name}`;
  const risks = refusals.flatMap(({ risk }) => risk ?? []);
  throw new Fault(
    `database.replicas = ${stack.settings.database.replicas}: ${listed(leaving)} may not leave now`,
    ...refusals.map(({ reason }) => reason),
    `with the number of before it can be mended: ${set} && ${up}; then lower it again`,
    ...risks.map((risk) => `or take the risk: ${up} --accept-risk ${risk}`),
  );
}

/** Members of before that come back by name find the mark, and start empty. */
async function markAll(ready: Ready, engine: Engine, change: SiteChange): Promise<void> {
  if (change.orphans.length === 0) {
    return;
  }
  const image = imagesOf(ready.stack.settings).find(({ name }) => name === "postgres");
  const id = stackIdOf(await readState(engine)) ?? "";
  const stack = { name: ready.stack.name, id };
  await markOrphans(change.docker, image?.reference ?? "", change.orphans, stack);
}

function sayWhatIsEmptied({ stack }: Ready, { orphans }: SiteChange): void {
  for (const { member, volume } of orphans) {
    if (staysIn(stack.settings.database, member)) {
      note(`  …    ${member} comes anew: what an earlier one left on ${volume} is removed first`);
    }
  }
}

async function takeBack({ docker, returning, running }: SiteChange): Promise<void> {
  for (const container of returning.flatMap((name) => running.get(name) ?? [])) {
    await tell(docker, container, "stay");
    note(`  ok   ${container.alias} stays after all`);
  }
}

async function makeDispensable(
  engine: Engine,
  change: SiteChange,
  accepted: readonly string[],
): Promise<void> {
  const { docker, running } = change;
  const leaving = change.leaving.map(({ name }) => name);
  if (leaving.length === 0) {
    return;
  }
  const told = leaving.flatMap((name) => running.get(name) ?? []);
  note(`  …    ${listed(leaving)} leave: leading and commits move to those that stay`);
  try {
    await Promise.all(told.map((container) => tell(docker, container, "leave")));
    const container = speaker(change)?.name ?? "";
    const done = await settle(docker, container, leaving, accepted.includes(BELOW_QUORUM));
    const { handover, leader } = done;
    const how = handover
      ? `, handed over from ${handover.from}; writes waited ${handover.stallSeconds} s`
      : "";
    note(`  ok   no commit needs ${listed(leaving)}: ${leader} leads${how}`);
  } catch (error) {
    // As it was: a member that is left tagged would be less redundancy, and nobody asked for that.
    await Promise.allSettled(told.map((container) => tell(docker, container, "stay")));
    await protection(engine, change, "protect");
    const why = error instanceof Fault ? error.message : String(error);
    throw new Fault(`nobody left, and nothing was removed: ${why}`, "mend that and repeat");
  }
}

/**
 * Of the leaving members' volumes and no other. Pulumi forgets one that is not protected, and Docker
 * keeps it; an earlier run may have got as far.
 */
async function protection(
  engine: Engine,
  { leaving }: SiteChange,
  verb: "protect" | "unprotect",
): Promise<void> {
  const urns = leaving.flatMap(({ volume }) =>
    volume !== undefined && (volume.protect ?? false) === (verb === "unprotect")
      ? [volume.urn]
      : [],
  );
  if (urns.length === 0) {
    return;
  }
  const args = ["state", verb, ...urns, "--yes", "--stack", engine.name, "--non-interactive"];
  const options = { cwd: ROOT, env: { ...process.env, ...engine.env }, log: "up" };
  await must(`${verb}ing the leaving members' volumes in the state`, "pulumi", args, options);
}
