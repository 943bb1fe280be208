import type { Settings } from "../../../settings.ts";
import { alignedBlock, alignedTable, bytes } from "../../ui.ts";
import { seconds } from "../report/figures.ts";
import type { RestoreRecord, RestoreResult } from "./record.ts";

/** What a person reads: what was restored, how far, how long it took, and each check. Pure. */
export function restoreText(
  results: readonly RestoreResult[],
  objectives: Settings["objectives"],
): string {
  const texts = results.map((result) => oneText(result, objectives));
  const proven = results.filter(({ passed }) => passed).length;
  const total = results.length > 1 ? [`${proven} of ${results.length} restores proven`] : [];
  return [...texts, ...total].join("\n\n");
}

function oneText({ record, passed, error }: RestoreResult, objectives: Settings["objectives"]) {
  const { repository, kind, checks } = record;
  const unmade = checks.filter((check) => check.passed === null).map(({ name }) => name);
  const but = unmade.length > 0 ? `, but for what was not checked: ${unmade.join(", ")}` : "";
  const title = `restore from ${repository}, ${kind}: ${passed ? `proven${but}` : "NOT PROVEN"}`;
  const rows = checks.map(({ name, passed: good, detail }) => [word(good), name, detail]);
  return [
    title,
    ...(error === undefined ? [] : [`  ${error}`]),
    alignedBlock(facts(record, objectives)),
    ...(rows.length === 0 ? ["  no check was made"] : [alignedTable(rows)]),
  ].join("\n");
}

function word(passed: boolean | null): string {
  return passed === null ? "not checked" : passed ? "ok" : "FAIL";
}

function facts(
  record: RestoreRecord,
  { recoveryTimeSeconds, recoveryPointSeconds }: Settings["objectives"],
): [string, string][] {
  const { label, bytes: size, target, recoveredTo, rtoSeconds, rpoSeconds } = record;
  const { tables, rows, marker, mark } = record;
  const against = (value: number | null, objective: number) =>
    value === null ? "not measured" : `${seconds(value)} (objective ${objective} s)`;
  const asked = target.value === "" ? target.kind : `${target.kind} ${target.value}`;
  return [
    ["restored", label === "" ? "nothing" : `${label}${size === null ? "" : `, ${bytes(size)}`}`],
    ["recovered to", `${recoveredTo ?? "nothing"} (asked for: ${asked})`],
    ["RTO", against(rtoSeconds, recoveryTimeSeconds)],
    ["RPO", against(rpoSeconds, recoveryPointSeconds)],
    [
      "compared",
      tables === null
        ? "nothing"
        : `${tables} tables, ${(rows ?? 0).toLocaleString("en")} rows${mark ? `, as they were at ${mark.lsn}` : ""}`,
    ],
    ["marker", markerOf(marker)],
    ["record", record.id],
  ];
}

function markerOf(marker: RestoreRecord["marker"]): string {
  if (!marker?.presentAt) {
    return "not seen";
  }
  const later = marker.absentAt ? `; the one of ${marker.absentAt} is not there, rightly` : "";
  return `the row written at ${marker.presentAt} is there${later}`;
}
