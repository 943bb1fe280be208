import type { BoundPart } from "../../objectives/bounds.ts";
import type { Difference } from "../../objectives/change.ts";
import type { Objectives } from "../../objectives.ts";
import { formatDuration } from "../../settings/units.ts";
import { alignedBlock, alignedTable } from "../ui.ts";
import type { Judged, Measurement } from "./judge.ts";
import { type Change, type ObjectivesReport, shown } from "./report.ts";

const KEYS: Readonly<Record<keyof Objectives, string>> = {
  recoveryPointSeconds: "recoveryPoint",
  recoveryTimeSeconds: "recoveryTime",
};
const SAID: Readonly<Record<keyof Objectives, string>> = {
  recoveryPointSeconds: "so much acknowledged work may go with the site",
  recoveryTimeSeconds: "so long may one fault keep writes away",
};

/** What a person reads. Pure. */
export function objectivesText(report: ObjectivesReport): string {
  const { stack, objectives, derived, bounds, alerts, changes } = report;
  const keys = Object.keys(KEYS) as (keyof Objectives)[];
  const numbers = derived.map(({ name, value, unit, from }) => [name, `${value} ${unit}`, from]);
  return [
    `objectives of stack ${stack}`,
    alignedTable(keys.map((key) => [KEYS[key], formatDuration(objectives[key]), SAID[key]])),
    ...["", "what they derive", alignedTable(numbers)],
    ...["", "what they promise, of what it is made, and what was measured last"],
    ...bounds.map(boundText),
    ...["", "alerts whose thresholds follow"],
    alignedBlock(keys.map((key) => [KEYS[key], alerts[key].join(", ")])),
    ...[
      "",
      "what another one would change (pulumi config set --path objectives.KEY VALUE, then up; nothing is restarted)",
    ],
    ...changes.map((change) => changeText(objectives, change)),
    ...["", ...closing(report)],
  ].join("\n");
}

function boundText({
  name,
  promise,
  limit,
  unit,
  parts,
  measured,
  missing,
  verdict,
}: Judged): string {
  return [
    `  ${name}: ${promise}; bound ${limit} ${unit}: ${verdict.toUpperCase()}`,
    ...parts.map((one) => partText(one, unit)),
    ...measured.map((one) => `    measured ${measurementText(one, unit)}`),
    ...missing.map((why) => `    missing  ${why}`),
  ].join("\n");
}

function partText({ name, amount, from }: BoundPart, unit: string): string {
  return `    ${String(amount).padStart(4)} ${unit}  ${name}: ${from}`;
}

function measurementText({ value, source, at }: Measurement, unit: string): string {
  return `${shown(value)} ${unit}: ${source}${at === null ? "" : `, ${at}`}`;
}

function changeText(now: Objectives, { objectives, differences }: Change): string {
  const set = (Object.keys(KEYS) as (keyof Objectives)[])
    .filter((key) => objectives[key] !== now[key])
    .map((key) => `${KEYS[key]} ${formatDuration(objectives[key])}`);
  const title = `  ${set.join(", ") || "as it is"}:`;
  return differences.length === 0
    ? `${title} nothing`
    : [title, alignedTable(differences.map(differenceCells), "    ")].join("\n");
}

function differenceCells({ name, before, after, unit }: Difference): string[] {
  return [name, `${before} -> ${after} ${unit}`];
}

/** Pure. */
export function closing({ disagreements, unmeasured }: ObjectivesReport): string[] {
  const listed = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
  const said = [
    ...listed("where they disagree", disagreements),
    ...listed("promised and not measured", unmeasured),
  ];
  return said.length === 0 ? ["every bound was measured, and kept"] : said;
}
