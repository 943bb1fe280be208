import type { RepositoryState } from "../cluster/backups.ts";
import { Fault } from "../fault.ts";
import type { RepositoryName, RestoreTarget } from "./types.ts";

const LSN = /^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i;
const TIME = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$/i;
/** So much newer must another repository's end be, for the nearer one to be passed over. */
const BETTER_MS = 60_000;

/**
 * What `--to` says: `latest` (also without one), an LSN, or a moment, UTC unless it names a zone. Pure.
 *
 * @throws Fault
 */
export function parseTarget(to?: string): RestoreTarget {
  const text = (to ?? "latest").trim();
  if (text === "latest") {
    return { kind: "latest", value: "" };
  }
  if (LSN.test(text)) {
    return { kind: "lsn", value: text.toUpperCase() };
  }
  const found = TIME.exec(text);
  const zoned = found?.[4] ? text : `${text}${found?.[1] ? "" : "T00:00"}Z`;
  const moment = new Date(zoned.replace(" ", "T"));
  if (!found || Number.isNaN(moment.getTime())) {
    throw new Fault(
      `--to ${text} is neither "latest" nor a time`,
      "./holdfast restore --to 2026-11-25T09:00:00Z    (UTC; other zones as +01:00)",
    );
  }
  return { kind: "time", value: moment.toISOString() };
}

/** A target in words. Pure. */
export function describeTarget({ kind, value }: RestoreTarget): string {
  return kind === "latest" ? "the latest that was archived" : value;
}

/**
 * The repository to restore from: the wanted one, else the nearest that has the target. Pure.
 *
 * @param states what each repository can recover, the nearest first
 * @throws Fault that says which windows there are
 */
export function chooseRepository(
  target: RestoreTarget,
  wanted: RepositoryName | undefined,
  states: readonly RepositoryState[],
): RepositoryName {
  const asked = states.filter(({ repository }) => !wanted || repository === wanted);
  if (wanted && asked.length === 0) {
    const names = states.map(({ repository }) => repository).join(", ");
    throw new Fault(`there is no repository ${wanted}; there is ${names || "none that answers"}`);
  }
  const able = asked.filter((state) => holds(state, target));
  if (able.length === 0) {
    throw new Fault(
      `${describeTarget(target)} cannot be recovered${wanted ? ` from ${wanted}` : ""}`,
      ...asked.flatMap(windowLines),
    );
  }
  return nearest(target, able).repository as RepositoryName;
}

/** The first one, unless another one's end is later by more than BETTER_MS. */
function nearest(target: RestoreTarget, able: readonly RepositoryState[]): RepositoryState {
  const end = ({ recoverableTo }: RepositoryState) => Date.parse(recoverableTo ?? "") || 0;
  const [first, ...others] = able as [RepositoryState, ...RepositoryState[]];
  const later = others.find((one) => end(one) > end(first) + BETTER_MS);
  return target.kind === "latest" && later ? later : first;
}

function holds({ windows }: RepositoryState, { kind, value }: RestoreTarget): boolean {
  if (kind !== "time") {
    return windows.length > 0;
  }
  const moment = Date.parse(value);
  return windows.some(([from, to]) => Date.parse(from) <= moment && moment <= Date.parse(to));
}

/** What a repository can recover, a line each. Pure. */
export function windowLines({ repository, windows, faults }: RepositoryState): string[] {
  const lines = windows.map(([from, to]) => `${repository}: any moment from ${from} to ${to}`);
  const none = lines.length === 0 ? [`${repository}: nothing is recoverable`] : [];
  return [
    ...lines,
    ...none,
    ...faults.map(({ cause }) => `${repository}: it has a fault, ${cause}`),
  ];
}
