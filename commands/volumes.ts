import { openStack, readState } from "./engine/workspace.ts";
import { Fault } from "./fault.ts";
import type { GlobalOptions } from "./options.ts";
import { checkRiskNames } from "./plan/gate.ts";
import { VOLUME_RISKS } from "./plan/risks/names.ts";
import { listed } from "./scaleIn/gate.ts";
import { dropOrphans, type Orphan, orphansOf } from "./scaleIn/orphans.ts";
import { setUp } from "./setup/setUp.ts";
import { alignedTable, note, print } from "./ui.ts";

export interface VolumesOptions extends GlobalOptions {
  /** Removes the volumes that members left. */
  readonly dropOrphans: boolean;
  /** Names of risks that are taken. */
  readonly acceptRisk?: readonly string[];
}

/** What `--accept-risk` calls the loss of what members left. */
const DROP_ORPHANS: keyof typeof VOLUME_RISKS = "drop-orphan-volumes";

/** Shows the volumes that members left when they were scaled in; removes them on request, for good. */
export async function volumes(options: VolumesOptions): Promise<undefined> {
  const { stack: name, json, dropOrphans: drop, acceptRisk = [] } = options;
  checkRiskNames(acceptRisk, VOLUME_RISKS);
  const ready = await setUp(name, { scope: "engine" });
  const state = await readState(await openStack(ready));
  const found: Orphan[] = [];
  for (const docker of Object.values(ready.hosts)) {
    const orphans = orphansOf(await docker.volumesOf(name), state);
    if (drop && orphans.length > 0) {
      refuseUnaccepted(name, orphans, acceptRisk);
      await dropOrphans(docker, orphans);
      note(`  ok   removed for good: ${listed(orphans.map(({ volume }) => volume))}`);
    }
    found.push(...orphans);
  }
  const left = drop ? [] : found;
  print(json ? JSON.stringify({ orphans: left }, null, 2) : volumesText(name, left));
}

/** @throws Fault that names the data and the risk, unless it was accepted */
export function refuseUnaccepted(
  stack: string,
  orphans: readonly Orphan[],
  accepted: readonly string[],
): void {
  if (accepted.includes(DROP_ORPHANS)) {
    return;
  }
  throw new Fault(
    "nothing was removed: that data cannot be brought back",
    ...orphans.map(({ volume, member }) => `${volume}: what ${member} left`),
    `to remove it: ./holdfast volumes --drop-orphans --accept-risk ${DROP_ORPHANS} --stack ${stack}`,
  );
}

/** What people read. Pure. */
export function volumesText(stack: string, orphans: readonly Orphan[]): string {
  if (orphans.length === 0) {
    return "no member left a volume behind";
  }
  const rows = orphans.map(({ volume, site, member }) => [volume, site, member]);
  return [
    alignedTable([["orphaned volume", "site", "left by"], ...rows]),
    `remove them: ./holdfast volumes --drop-orphans --accept-risk ${DROP_ORPHANS} --stack ${stack}`,
  ].join("\n");
}
