/** Risks to the database cluster as a whole: quorum, members at once, versions, parameters. Pure. */
import { parse } from "yaml";
import { isTree, type Tree } from "../../../settings/tree.ts";
import { fileOf } from "../liveFiles.ts";
import { HOT_STANDBY } from "../parameters.ts";
import { environmentOf, isThere, kindOf, membersIn, sitesIn, textOf } from "../resources.ts";
import { parametersOf } from "../restartsOf.ts";
import type { Change, Risk } from "../types.ts";
import { atOnce } from "./chain.ts";
import { risk } from "./data.ts";

export function clusterRisks(changes: readonly Change[]): Risk[] {
  return [
    ...sitesIn(changes).flatMap((site) => [
      ...quorum(changes, site),
      ...etcd(changes, site),
      ...chains(changes, site),
      ...hotStandby(changes, site),
      ...anotherDatabase(changes, site),
    ]),
    ...majorVersion(changes),
  ];
}

function quorum(changes: readonly Change[], site: string): Risk[] {
  const members = membersIn(changes, site, "postgres");
  const [before, after] = [members.filter(isThere.before), members.filter(isThere.after)];
  const gone = before.filter((member) => !after.includes(member));
  if (before.length > 0 && after.length === 0) {
    return risk("remove-all-members", gone, [
      "nobody serves the database any more",
      "to stop and keep the data: ./holdfast down",
    ]);
  }
  const needed = synchronousStandbys(changes, site) + 1;
  const endangered = before.length > 0 && after.length < needed && before.length >= needed;
  const why = `${after.length} of ${needed} members stay that synchronous replication needs: the loss of one then loses acknowledged writes, or stops them where durability is strict`;
  return endangered
    ? risk("below-quorum", gone.length > 0 ? gone : before, [
        why,
        `keep database.replicas at ${needed - 1} or more`,
      ])
    : [];
}

/** How many standbys have to confirm a write, by Patroni's own configuration; 0 without synchronous mode. */
function synchronousStandbys(changes: readonly Change[], site: string): number {
  const { synchronous_mode: mode, synchronous_node_count: count } = dynamicOf(changes, site).after;
  return synchronousIsOff(mode) ? 0 : typeof count === "number" ? count : 1;
}

export function synchronousIsOff(mode: unknown): boolean {
  return mode === false || mode === "off";
}

/** Patroni's dynamic configuration of a site, as it is and as it will be. */
export function dynamicOf(changes: readonly Change[], site: string): { before: Tree; after: Tree } {
  const file = fileOf(changes, site, "dynamic.yml", "postgres-");
  const read = (text: string | undefined): Tree => {
    const document: unknown = text === undefined ? {} : parse(text);
    return isTree(document) ? document : {};
  };
  return { before: read(file?.before), after: read(file?.after ?? file?.before) };
}

function etcd(changes: readonly Change[], site: string): Risk[] {
  const members = membersIn(changes, site, "etcd");
  // One that is made anew, after an update that was interrupted, is none that comes.
  const list = (inputs: Change["before"]) => environmentOf(inputs).get("HOLDFAST_MEMBERS");
  const moving = members.filter(
    ({ action, before, after }) =>
      action === "delete" || (before && after && list(before) !== list(after)),
  );
  return members.some(isThere.after)
    ? risk("change-etcd-members", moving, [
        "etcd's members were told of each other when the cluster was made; with others it has no quorum, and no leader",
        "keep etcd.members as it was made",
      ])
    : [];
}

function chains(changes: readonly Change[], site: string): Risk[] {
  return [
    ...risk("etcd-members-at-once", atOnce(changes, site, "etcd"), [
      "etcd loses its quorum while they are away, and the database its leader",
      "chain the members by dependsOn alone (components/database/etcd.ts)",
    ]),
    ...risk("database-members-at-once", atOnce(changes, site, "postgres"), [
      "redundancy, or the whole database, is away while they are replaced",
      "chain the members by dependsOn alone (components/database/postgres.ts)",
    ]),
  ];
}

function hotStandby(changes: readonly Change[], site: string): Risk[] {
  const lowered = parametersOf(changes, site).filter(
    ({ name, lowered }) => HOT_STANDBY.has(name) && lowered === true,
  );
  const texts = lowered.map(
    ({ name, before, after }) => `${name} ${before ?? "default"} → ${after ?? "default"}`,
  );
  const file = fileOf(changes, site, "postgresql.conf", "postgres-");
  return file === undefined || lowered.length === 0
    ? []
    : risk(
        "lower-hot-standby",
        [file.change],
        [
          `${texts.join(", ")}: below what replicas run with; a replica that has not replayed the leader's restart stops its recovery, and one that is away meanwhile does not start`,
          "keep the value, or lower it when every member streams (./holdfast status)",
        ],
      );
}

function anotherDatabase(changes: readonly Change[], site: string): Risk[] {
  const name = (text: string | undefined): unknown => {
    const facts: unknown = text === undefined ? {} : JSON.parse(text);
    return isTree(facts) ? facts.database : undefined;
  };
  const file = fileOf(changes, site, "facts.json", "pooler-");
  const [before, after] = [name(file?.before), name(file?.after)];
  return file === undefined || before === undefined || after === undefined || before === after
    ? []
    : risk(
        "another-database",
        [file.change],
        [
          `clients of ${before} come to ${after}, which is another database and empty at first`,
          `keep database.name at ${before}`,
        ],
      );
}

/** The build argument of PostgreSQL's images; in older states, the data directory that backups are told of. */
function majorVersion(changes: readonly Change[]): Risk[] {
  const moved = changes.filter((change) => {
    const [before, after] = [majorOf(change, "before"), majorOf(change, "after")];
    return before !== undefined && after !== undefined && before !== after;
  });
  const [first] = moved;
  return first === undefined
    ? []
    : risk("postgresql-major", moved, [
        `PostgreSQL ${majorOf(first, "before")} → ${majorOf(first, "after")}: the new version does not read the old one's data directory, and members begin empty or not at all`,
        "make a second stack with the new version, and bring the data over by a dump (./holdfast backup --now logical)",
      ]);
}

function majorOf(change: Change, side: "before" | "after"): string | undefined {
  const inputs = change[side];
  if (kindOf(change) === "RemoteImage" && isTree(inputs?.build)) {
    const { buildArgs } = inputs.build;
    const version = isTree(buildArgs) ? buildArgs.POSTGRESQL : undefined;
    return version === undefined ? undefined : String(version);
  }
  return /"dataDirectory": *"\/var\/lib\/postgresql\/(\d+)\//.exec(
    textOf(inputs?.stdin) ?? "",
  )?.[1];
}
