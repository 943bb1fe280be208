/** Risks to acknowledged writes and to what brings them back: durability, archiving, repositories. Pure. */
import { fileOf } from "../liveFiles.ts";
import { effective, parseConf } from "../parameters.ts";
import { isThere, kindOf, membersIn, sitesIn } from "../resources.ts";
import type { Change, Risk } from "../types.ts";
import { dynamicOf, synchronousIsOff } from "./cluster.ts";
import { risk } from "./data.ts";

export function durabilityRisks(changes: readonly Change[]): Risk[] {
  return sitesIn(changes).flatMap((site) => [
    ...weaker(changes, site),
    ...archiving(changes, site),
    ...repositories(changes, site),
  ]);
}

/** Parameter → the values with which a crash or a failover loses nothing that was acknowledged. */
export const SAFE: Readonly<Record<string, readonly string[]>> = {
  fsync: ["on", "true", "yes", "1"],
  full_page_writes: ["on", "true", "yes", "1"],
  synchronous_commit: ["on", "true", "yes", "1", "remote_apply"],
  wal_level: ["replica", "logical"],
};

function isSafe(values: ReadonlyMap<string, string>, name: string): boolean {
  return SAFE[name]?.includes((effective(values, name) ?? "").toLowerCase()) ?? true;
}

/** Parameters whose value lets an acknowledged write be lost. */
export function unsafeParameters(conf: string): string[] {
  const values = parseConf(conf);
  return Object.keys(SAFE).filter((name) => !isSafe(values, name));
}

function weaker(changes: readonly Change[], site: string): Risk[] {
  const file = fileOf(changes, site, "postgresql.conf", "postgres-");
  const known = file?.before !== undefined && file.after !== undefined;
  const was = known ? unsafeParameters(file.before ?? "") : [];
  const unsafe = known
    ? unsafeParameters(file.after ?? "").filter((name) => !was.includes(name))
    : [];
  const { before, after } = dynamicOf(changes, site);
  const off =
    "synchronous_mode" in before &&
    !synchronousIsOff(before.synchronous_mode) &&
    synchronousIsOff(after.synchronous_mode);
  const named = [...unsafe, ...(off ? ["synchronous_mode"] : [])];
  const resources = [
    ...(unsafe.length > 0 && file ? [file.change] : []),
    ...(off ? changes.filter(({ name }) => name === `${site}-postgres-dynamic.yml`) : []),
  ];
  return risk("weaker-durability", resources, [
    `${named.join(", ")}: a crash or a failover may then lose what was acknowledged`,
    "put it back; for one role or transaction: ALTER ROLE … SET synchronous_commit",
  ]);
}

/** Whether WAL is archived with these parameters. */
export function archives(conf: string): boolean {
  const values = parseConf(conf);
  const command = effective(values, "archive_command")?.trim() ?? "";
  const mode = (effective(values, "archive_mode") ?? "off").toLowerCase();
  const library = effective(values, "archive_library") ?? "";
  const nothing = command === "" || /^(:|(\/usr)?(\/bin\/)?true)( |$)/.test(command);
  return ["on", "always", "true", "yes", "1"].includes(mode) && (!nothing || library !== "");
}

function archiving(changes: readonly Change[], site: string): Risk[] {
  const file = fileOf(changes, site, "postgresql.conf", "postgres-");
  const stops =
    file?.before !== undefined &&
    file.after !== undefined &&
    archives(file.before) &&
    !archives(file.after);
  return stops
    ? risk(
        "stop-archiving",
        [file.change],
        [
          "nothing later than this update can be recovered from the repositories",
          "keep archive_mode and archive_command as they are rendered",
        ],
      )
    : [];
}

/** A site's repositories by where they are; `local` counts while the backup container runs. */
export function repositoriesOf(
  changes: readonly Change[],
  site: string,
  side: "before" | "after",
): Map<"local" | "cloud", string> {
  const conf = fileOf(changes, site, "pgbackrest.conf", "backup-");
  const text = (side === "before" ? conf?.before : conf?.after) ?? "";
  const runs = membersIn(changes, site, "backup").some(isThere[side]);
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, "m").exec(text)?.[1] ?? "";
  const local = value("repo1-path");
  const place = ["repo2-type", "repo2-s3-endpoint", "repo2-s3-bucket", "repo2-path"].map(value);
  return new Map([
    ...(runs && local !== "" ? [["local", local] as const] : []),
    ...(runs && place.some(Boolean) ? [["cloud", place.slice(1).join(" ")] as const] : []),
  ]);
}

function repositories(changes: readonly Change[], site: string): Risk[] {
  const file = fileOf(changes, site, "pgbackrest.conf", "backup-");
  if (file !== undefined && file.after === undefined && isThere.after(file.change)) {
    return []; // what is written there is known during the update alone
  }
  const [before, after] = [
    repositoriesOf(changes, site, "before"),
    repositoriesOf(changes, site, "after"),
  ];
  const resources = changes.filter(
    (change) =>
      change.name === `${site}-backup-pgbackrest.conf` ||
      (kindOf(change) === "Container" && change.name === `${site}-backup`),
  );
  const touched = resources.filter(({ action }) => action !== "none");
  if (before.size > 0 && after.size === 0) {
    return risk("last-backup-repository", touched, [
      "no backup is taken any more, and what there is can no longer be restored from here",
      "keep the backup container and one repository at least",
    ]);
  }
  const [was, will] = [before.get("cloud"), after.get("cloud")];
  return was === undefined || was === will
    ? []
    : risk("cloud-repository", touched, [
        `${was} is no longer used${will === undefined ? "" : `, ${will} begins empty`}: until a new base backup is elsewhere, the loss of this host loses everything since`,
        "keep backup.cloud as it is, or take a backup right after (./holdfast backup) and keep the recovery kit of before",
      ]);
}
