import { writeFileSync } from "node:fs";
import { privatePath } from "../paths.ts";
import type { RepositoryName, RestoreOutcome } from "./types.ts";

/** What a site's loss cost, as it was measured. Times are ISO. */
export interface SiteLossRecord {
  readonly from: "kit";
  readonly stack: string;
  readonly repository: RepositoryName;
  /** The base backup that was used. */
  readonly label: string | null;
  readonly kitTakenAt: string;
  readonly startedAt: string;
  /** When containers began to be made: before, this machine was set up. */
  readonly machineReadyAt: string;
  readonly firstWriteAt: string;
  /** All members stream and every repository has a fresh backup. */
  readonly wholeAt: string;
  /** The newest heartbeat in the restored database. */
  readonly recoveredTo: string | null;
  /** When the environment was lost, or its last sign of life in the repository. */
  readonly lostAt: string | null;
  /** What `lostAt` is. */
  readonly lostAtIs: "given" | "newest object in the repository" | "unknown";
  /** `lostAt` minus `recoveredTo`. */
  readonly rpoSeconds: number | null;
  /** From the command to the first write. */
  readonly rtoSeconds: number;
  readonly members: number;
  readonly timeline: number;
  readonly lacks: readonly string[];
}

/** What is known beside the outcome. */
export interface SiteLossFacts {
  readonly stack: string;
  readonly repository: RepositoryName;
  readonly kitTakenAt: string;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly machineReadyMs: number;
  /** `--lost-at`, ISO. */
  readonly lostAt?: string;
  /** ISO time of the newest object that the repository held before the restore. */
  readonly newestObjectAt?: string;
}

/** Pure. */
export function siteLossRecord(facts: SiteLossFacts, outcome: RestoreOutcome): SiteLossRecord {
  const lostAt = facts.lostAt ?? facts.newestObjectAt ?? null;
  const { recoveredTo, firstWriteAt, wholeAt, label, members, timeline, lacks } = outcome;
  return {
    from: "kit",
    stack: facts.stack,
    repository: facts.repository,
    label,
    kitTakenAt: facts.kitTakenAt,
    startedAt: new Date(facts.startedMs).toISOString(),
    machineReadyAt: new Date(facts.machineReadyMs).toISOString(),
    firstWriteAt,
    wholeAt,
    recoveredTo,
    lostAt,
    lostAtIs: facts.lostAt ? "given" : lostAt ? "newest object in the repository" : "unknown",
    rpoSeconds: lostAt && recoveredTo ? Math.max(0, secondsBetween(recoveredTo, lostAt)) : null,
    rtoSeconds: secondsBetween(new Date(facts.startedMs).toISOString(), firstWriteAt),
    members,
    timeline,
    lacks,
  };
}

/** To a tenth. */
function secondsBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 100) / 10;
}

/** Writes the record beside those of the drills. @returns the file's path */
export function writeSiteLoss(record: SiteLossRecord): string {
  const folder = record.startedAt.slice(0, 19).replaceAll(":", "-");
  const file = privatePath("drills", record.stack, folder, "site-loss.json");
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
  return file;
}

/** Names and values for people. Pure. */
export function siteLossRows(record: SiteLossRecord): [string, string][] {
  const { rpoSeconds, lostAtIs, recoveredTo } = record;
  const against: Record<SiteLossRecord["lostAtIs"], string> = {
    given: "before the loss",
    "newest object in the repository": "before the newest object in the repository",
    unknown: "",
  };
  return [
    ["recovered to", recoveredTo ?? "unknown: the database holds no heartbeat"],
    [
      "recovery point",
      rpoSeconds === null ? "not measured" : `${rpoSeconds} s ${against[lostAtIs]}`,
    ],
    ["first write", `${record.rtoSeconds} s after the command began`],
    ["whole", record.lacks.length > 0 ? `no: ${record.lacks.join("; ")}` : record.wholeAt],
    ["members", `${record.members}, timeline ${record.timeline}`],
    ["backup used", record.label ?? "unknown"],
  ];
}
