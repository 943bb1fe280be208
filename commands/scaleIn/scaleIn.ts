import { imagesOf } from "../../components/images.ts";
import { stackIdOf } from "../engine/state.ts";
import { type Engine, readState } from "../engine/workspace.ts";
import { Fault } from "../fault.ts";
import type { RiskName } from "../plan/risks/names.ts";
import type { Ready } from "../setup/setUp.ts";
import { note } from "../ui.ts";
import { listed } from "./gate.ts";
import { forget, settle, tell } from "./inside.ts";
import { lookAtSites, type SiteChange, speaker } from "./look.ts";
import { markOrphans } from "./orphans.ts";
import { scaleInNotes } from "./risks.ts";

/** What `--accept-risk` calls a leader that nobody confirms. */
const ALONE: RiskName = "below-quorum";

/**
 * Before Pulumi, and after the gate (plan/examine.ts): members that `database.replicas` no longer wants
 * are made dispensable (M20). What an earlier run had begun and is no longer wanted is taken back, and a
 * new member on an orphaned volume will start empty.
 *
 * @param sites as the gate saw them
 * @param accepted what `--accept-risk` names
 * @returns the orphaned volumes that were there before
 * @throws Fault when members do not leave within a minute or two; then all stay
 */
export async function prepareScaling(
  ready: Ready,
  engine: Engine,
  sites: readonly SiteChange[],
  accepted: readonly string[],
): Promise<ReadonlySet<string>> {
  for (const change of sites) {
    await markAll(ready, engine, change);
    for (const text of scaleInNotes(ready.stack.settings.database, change)) {
      note(`  …    ${text}`);
    }
    await takeBack(change);
    await makeDispensable(change, accepted);
  }
  return new Set(sites.flatMap(({ orphans }) => orphans.map(({ volume }) => volume)));
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

async function takeBack({ docker, returning, running }: SiteChange): Promise<void> {
  for (const container of returning.flatMap((name) => running.get(name) ?? [])) {
    await tell(docker, container, "stay");
    note(`  ok   ${container.alias} stays after all`);
  }
}

async function makeDispensable(change: SiteChange, accepted: readonly string[]): Promise<void> {
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
    const done = await settle(docker, container, leaving, accepted.includes(ALONE));
    const { handover, leader } = done;
    const how = handover
      ? `, handed over from ${handover.from}; writes waited ${handover.stallSeconds} s`
      : "";
    note(`  ok   no commit needs ${listed(leaving)}: ${leader} leads${how}`);
  } catch (error) {
    // As it was: a member that is left tagged would be less redundancy, and nobody asked for that.
    await Promise.allSettled(told.map((container) => tell(docker, container, "stay")));
    const why = error instanceof Fault ? error.message : String(error);
    throw new Fault(`nobody left, and nothing was removed: ${why}`, "mend that and repeat");
  }
}
