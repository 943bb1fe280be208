import { type Bound, boundsOf } from "../../objectives/bounds.ts";
import type { Objectives } from "../../objectives.ts";
import type { RepositoryState } from "../cluster/backups.ts";
import type { Latest } from "../drills/latest.ts";

/** What is known of a stack. */
export interface Records {
  readonly drills: Latest;
  /** Empty when the backup container does not answer. */
  readonly repositories: readonly RepositoryState[];
}

/** One figure, and where it comes from. */
export interface Measurement {
  readonly value: number;
  readonly source: string;
  /** ISO time; null: now. */
  readonly at: string | null;
}

export type Verdict = "kept" | "over" | "not measured";

export interface Judged extends Bound {
  readonly measured: readonly Measurement[];
  readonly verdict: Verdict;
  /** Where figures are missing, why; a sentence each. */
  readonly missing: readonly string[];
}

/** Each bound with what was measured of it last. Pure. */
export function judged(objectives: Objectives, records: Records): Judged[] {
  return boundsOf(objectives).map((bound) => {
    const { measured, missing } = measurementsOf(bound, objectives, records);
    const isOver = measured.some(({ value }) => value > bound.limit);
    // A part that nobody measured leaves the bound unproven, whatever the rest says.
    const isProven = measured.length > 0 && missing.length === 0;
    const verdict = isOver ? "over" : isProven ? "kept" : "not measured";
    return { ...bound, measured, missing, verdict };
  });
}

/** Drills that missed what they are held to, beside the bounds; a sentence each. Pure. */
export function missedDrills({ drills }: Records): string[] {
  return Object.entries(drills).flatMap(([name, { missed, at }]) =>
    missed.length === 0 ? [] : [`drill ${name} (${at}) missed: ${missed.join(", ")}`],
  );
}

interface Found {
  readonly measured: Measurement[];
  readonly missing: string[];
}

function measurementsOf(bound: Bound, objectives: Objectives, records: Records): Found {
  const { measuredBy } = bound;
  switch (measuredBy.kind) {
    case "drills":
      return byDrills(measuredBy.drills, measuredBy.figure, objectives, records.drills);
    case "archive":
      return byRepositories(records.repositories, ({ rpoSeconds }) =>
        rpoSeconds === null
          ? "nobody can say how far it recovers"
          : { value: rpoSeconds, source: "recoverable now", at: null },
      );
    case "restore": {
      const { figure } = measuredBy;
      return byRepositories(
        records.repositories,
        ({ proofs }) => {
          const proof = proofs.physical;
          const value = proof?.[figure] ?? null;
          if (proof?.passed === false) return `its last restore drill failed: ${proof.error}`;
          if (value === null) return "./holdfast drill restore --kind physical has not run";
          return { value, source: "restore drill", at: proof?.lastRunAt ?? null };
        },
        // What its restore takes is measured from either; what the site's loss takes, from the cloud.
        figure === "rpoSeconds",
      );
    }
  }
}

function byDrills(
  names: readonly string[],
  figure: string,
  objectives: Objectives,
  latest: Latest,
): Found {
  if (names.length === 0) {
    return worstDrill(figure, objectives, latest);
  }
  const found: Found = { measured: [], missing: [] };
  for (const name of names) {
    const drill = latest[name];
    const value = drill?.figures[figure];
    if (drill === undefined || value === undefined) {
      found.missing.push(`./holdfast drill ${name}: not measured`);
    } else if (!isSame(drill.objectives, objectives)) {
      found.missing.push(`./holdfast drill ${name}: measured under other objectives`);
    } else {
      found.measured.push({ value, source: `drill ${name}, worst of ${drill.n}`, at: drill.at });
    }
  }
  return found;
}

/** The loss of a whole site is no single fault: its drill has limits of its own (commands/drills/limits.ts). */
const SITE_LOSS = "site";

/** Of all drills of a single fault that ran under these objectives. */
function worstDrill(figure: string, objectives: Objectives, latest: Latest): Found {
  const found = Object.entries(latest)
    .filter(([name, drill]) => name !== SITE_LOSS && isSame(drill.objectives, objectives))
    .flatMap(([name, { figures, at }]) => {
      const value = figures[figure];
      return value === undefined ? [] : [{ name, value, at }];
    })
    .toSorted((one, other) => other.value - one.value);
  const [worst] = found;
  if (worst === undefined) {
    return { measured: [], missing: ["./holdfast drill all: not measured"] };
  }
  const source = `drill ${worst.name}, worst of ${found.length} drills`;
  return { measured: [{ value: worst.value, source, at: worst.at }], missing: [] };
}

/** The archive of the site itself goes with the site: without a cloud its loss has no bound. */
function byRepositories(
  repositories: readonly RepositoryState[],
  figureOf: (state: RepositoryState) => Measurement | string,
  needsCloud = true,
): Found {
  const found: Found = { measured: [], missing: [] };
  if (repositories.length === 0) {
    return { measured: [], missing: ["the backup container does not answer"] };
  }
  if (needsCloud && !repositories.some(({ repository }) => repository === "cloud")) {
    found.missing.push("no cloud repository: the loss of this machine loses every backup");
  }
  for (const state of repositories) {
    const figure = figureOf(state);
    if (typeof figure === "string") {
      found.missing.push(`${state.repository}: ${figure}`);
    } else {
      found.measured.push({ ...figure, source: `${state.repository}, ${figure.source}` });
    }
  }
  return found;
}

function isSame(one: Objectives, other: Objectives): boolean {
  return (
    one.recoveryPointSeconds === other.recoveryPointSeconds &&
    one.recoveryTimeSeconds === other.recoveryTimeSeconds
  );
}
