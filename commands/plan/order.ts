/** In which order an update goes about it, and where leaders hand over. Pure. */
import { afterRestart, afterStops, type Cluster, candidate } from "./handovers.ts";
import { liveFilesIn } from "./liveFiles.ts";
import { isThere, kindOf, membersIn, placeOf } from "./resources.ts";
import { restartOf } from "./restartsOf.ts";
import { atOnce } from "./risks/chain.ts";
import { type Draft, handoverCounts } from "./rolls.ts";
import type { Change, Facts, Step } from "./types.ts";

const AFTER_ALL = 1e9;

/** The steps as the engine will take them; what does not wait for each other runs side by side. */
export function orderOf(changes: readonly Change[], facts: Facts): Step[] {
  const drafts = merged(
    [
      ...images(changes),
      ...files(changes),
      ...jobs(changes),
      ...containers(changes),
      ...leaving(changes),
    ].sort((a, b) => a.position - b.position),
  );
  const counts = handoverCounts(drafts, changes, facts);
  return drafts.map(({ names, verb, roll }, index) => {
    const what = `${names.join(", ")}: ${verb}`;
    const handovers = counts.get(index);
    return roll === undefined || handovers === undefined
      ? { what }
      : { what, site: roll.site, cause: roll.cause, handovers };
  });
}

function merged(drafts: readonly Draft[]): Draft[] {
  const steps: Draft[] = [];
  for (const draft of drafts) {
    const last = steps.at(-1);
    if (last?.verb === draft.verb && !last.roll && !draft.roll && !draft.verb.includes(",")) {
      steps[steps.length - 1] = { ...last, names: [...last.names, ...draft.names] };
    } else {
      steps.push(draft);
    }
  }
  return steps;
}

function images(changes: readonly Change[]): Draft[] {
  const built = changes.filter(
    (change) =>
      kindOf(change) === "RemoteImage" && ["create", "replace", "update"].includes(change.action),
  );
  const [first] = built;
  const names = built.map(({ name }) => name.replace(/^.*-image-/, ""));
  return first ? [{ position: -1, names, verb: "images built or fetched" }] : [];
}

function files(changes: readonly Change[]): Draft[] {
  return liveFilesIn(changes)
    .filter(({ differs, change }) => differs && change.action !== "delete")
    .map(({ change, site, path }): Draft => {
      const restart =
        path === "postgresql.conf" && change.action !== "create"
          ? restartOf(changes, site)
          : undefined;
      const names = [change.name];
      if (restart === undefined) {
        const verb = change.action === "create" ? "written" : "checked and written and read anew";
        return { position: change.position, names, verb };
      }
      const how = restart.leaderInPlace
        ? "the leader restarts as leader, replicas one at a time when they know the lower values"
        : "replicas restart one at a time, then the leader hands over, which is its restart";
      return {
        position: change.position,
        names,
        verb: `checked and written; for ${restart.parameters.join(", ")} ${how}`,
        roll: {
          site,
          cause: "restart",
          run: (cluster, members) => afterRestart(cluster, members, restart.leaderInPlace),
        },
      };
    });
}

/** Commands that are no live file: migrations, roles, certificates. */
function jobs(changes: readonly Change[]): Draft[] {
  const files = new Set(liveFilesIn(changes).map(({ change }) => change));
  return changes
    .filter((change) => kindOf(change) === "Command" && !files.has(change))
    .filter(({ action }) => action !== "none" && action !== "delete")
    .map(({ name, position }) => ({ position, names: [name], verb: "run to the end" }));
}

/** One step for a tier's replacements, one for each other kind of change. */
function containers(changes: readonly Change[]): Draft[] {
  const words = { create: "made", update: "changed in place", replace: "replaced" } as const;
  return tiersIn(changes).flatMap(({ site, tier }) =>
    (["update", "replace", "create"] as const).flatMap((action): Draft[] => {
      const nodes = membersIn(changes, site, tier)
        .filter((node) => node.action === action)
        .toSorted((a, b) => a.position - b.position);
      const [first] = nodes;
      if (first === undefined) {
        return [];
      }
      const names = nodes.map(({ name }) => name);
      const verb = `${words[action]}${pace(nodes, changes)}`;
      const stopping = nodes.map((node) => placeOf(node).instance);
      const rolls = tier === "postgres" && action === "replace";
      return [
        {
          position: first.position,
          names,
          verb,
          ...(rolls
            ? {
                roll: {
                  site,
                  cause: "stop",
                  run: (cluster, members) => afterStops(cluster, stopping, members),
                },
              }
            : {}),
        },
      ];
    }),
  );
}

/** Whether the nodes of a tier wait for each other. */
function pace(nodes: readonly Change[], changes: readonly Change[]): string {
  const [first] = nodes;
  if (first === undefined || nodes.length < 2 || first.action === "update") {
    return "";
  }
  const { site, tier } = placeOf(first);
  const together = first.action === "replace" && atOnce(changes, site, tier).length > 0;
  return together ? ", at once" : ", one at a time, each when the one before is healthy";
}

/** Deletions come last in any update. */
function leaving(changes: readonly Change[]): Draft[] {
  return tiersIn(changes).flatMap(({ site, tier }): Draft[] => {
    const all = membersIn(changes, site, tier);
    const gone = all.filter((node) => !isThere.after(node));
    if (gone.length === 0) {
      return [];
    }
    const stay = all.filter(isThere.after).map((node) => placeOf(node).instance);
    const numbers = gone.map((node) => placeOf(node).instance);
    const run = (cluster: Cluster): Cluster => {
      const next = numbers.includes(cluster.leader) ? candidate(cluster.leader, stay) : undefined;
      return next === undefined ? cluster : { leader: next, handovers: cluster.handovers + 1 };
    };
    return [
      {
        position: AFTER_ALL,
        names: gone.map(({ name }) => name),
        verb: "removed",
        ...(tier === "postgres" ? { roll: { site, cause: "stop", run } } : {}),
      },
    ];
  });
}

function tiersIn(changes: readonly Change[]): { site: string; tier: string }[] {
  const all = changes
    .filter((change) => kindOf(change) === "Container")
    .map((change) => placeOf(change))
    .map(({ site, tier }) => `${site} ${tier}`);
  return [...new Set(all)].map((text) => {
    const [site = "", tier = ""] = text.split(" ");
    return { site, tier };
  });
}
