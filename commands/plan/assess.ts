/** What an update will do to a running database, and whether it endangers data. Pure. */
import { fileChanges } from "./liveFiles.ts";
import { nodePlans } from "./nodes.ts";
import { orderOf } from "./order.ts";
import { isThere, kindOf, membersIn, sitesIn } from "./resources.ts";
import { clusterRisks, dynamicOf } from "./risks/cluster.ts";
import { dataRisks, orphansOf } from "./risks/data.ts";
import { durabilityRisks } from "./risks/durability.ts";
import { stallsOf } from "./stalls.ts";
import type { Change, Facts, Plan, Risk } from "./types.ts";

const NO_FACTS: Facts = { leaders: {}, figures: {} };

/**
 * Reads what a preview said (events.ts) and says what will happen: to which node, in which order, with
 * how many handovers, how long clients wait, and what has to be refused.
 *
 * The launcher gives it preview events; policy/ gives it declared resources beside an exported state (M30).
 */
export function assess(changes: readonly Change[], facts: Facts = NO_FACTS): Plan {
  const order = orderOf(changes, facts);
  const count = (action: Change["action"]) =>
    changes.filter((change) => change.action === action && !isHouse(change)).length;
  return {
    changes: {
      create: count("create"),
      update: count("update"),
      replace: count("replace"),
      delete: count("delete"),
    },
    unchanged: count("none"),
    nodes: nodePlans(changes),
    order,
    handovers: [total(order, 0), total(order, 1)],
    stalls: stallsOf(changes, order, facts),
    risks: [...risksOf(changes), ...(facts.scaling?.risks ?? [])],
    notes: [
      ...notesOf(changes),
      ...standbyNotes(changes, facts.standbys ?? []),
      ...(facts.scaling?.notes ?? []),
    ],
    files: fileChanges(changes),
  };
}

/** Everything that has to be accepted by name before it is done. */
export function risksOf(changes: readonly Change[]): Risk[] {
  return [...dataRisks(changes), ...clusterRisks(changes), ...durabilityRisks(changes)];
}

function notesOf(changes: readonly Change[]): string[] {
  const orphans = orphansOf(changes).map(({ name }) => name);
  const real = changes.filter((change) => !isHouse(change));
  const fresh = real.length > 0 && real.every(({ action }) => action === "create");
  return [
    ...(fresh ? ["a new environment: there is no state to compare with"] : []),
    ...(orphans.length > 0 ? [`stays on the host, unused: ${orphans.join(", ")}`] : []),
    ...sitesIn(changes).flatMap((site) => [
      ...soleMember(changes, site),
      ...strictness(changes, site),
    ]),
  ];
}

function soleMember(changes: readonly Change[], site: string): string[] {
  const members = membersIn(changes, site, "postgres").filter(isThere.before);
  return members.length === 1 && members[0]?.action === "replace"
    ? [`site ${site} has a single member: nobody serves the database while it is replaced`]
    : [];
}

function standbyNotes(changes: readonly Change[], standbys: readonly string[]): string[] {
  return standbys
    .filter((site) =>
      membersIn(changes, site, "postgres").some(({ action }) => action === "replace"),
    )
    .map(
      (site) =>
        `site ${site} is a standby: its members stop without a handover, and no write waits for them`,
    );
}

function strictness(changes: readonly Change[], site: string): string[] {
  const { before, after } = dynamicOf(changes, site);
  const [was, will] = [before.synchronous_mode_strict, after.synchronous_mode_strict];
  if (was === will || was === undefined) {
    return [];
  }
  return will === true
    ? [`site ${site}: from now on writes stop when no replica confirms them (durability strict)`]
    : [
        `site ${site}: from now on writes go on when no replica confirms them (durability available)`,
      ];
}

/** Components, the stack and providers are names for groups. */
function isHouse(change: Change): boolean {
  return (
    change.type.startsWith("holdfast:") ||
    change.type.startsWith("pulumi:") ||
    kindOf(change) === ""
  );
}

function total(order: Plan["order"], side: 0 | 1): number {
  return order.reduce((sum, { handovers }) => sum + (handovers?.[side] ?? 0), 0);
}
