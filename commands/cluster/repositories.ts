import { duration } from "../ui.ts";
import type { Proof, RepositoryState } from "./backups.ts";

/** Below the backups in `status`: what each repository is worth now. Pure. */
export function repositoryLines(states: readonly RepositoryState[], now: Date): string[] {
  const lines = states.flatMap((state) => [
    `${state.repository}: ${[reach(state), proofs(state, now), ...holes(state)].join("; ")}`,
    ...state.faults.map(
      ({ cause, error }) =>
        `${state.repository}: FAULT ${cause}: ${error || "no reason given"} (${asOf(state, now)})`,
    ),
    ...failures(state, now),
  ]);
  const alone = states.length > 0 && !states.some(({ repository }) => repository === "cloud");
  return alone
    ? [...lines, "no cloud repository: the loss of this machine loses every backup"]
    : lines;
}

function reach({ recoverableTo, rpoSeconds, windows }: RepositoryState): string {
  if (windows.length === 0) return "nothing recoverable yet";
  if (recoverableTo === null || rpoSeconds === null) return "recoverable to: unknown";
  return `recoverable to ${recoverableTo}, a loss now costs ${duration(rpoSeconds)}`;
}

function proofs({ proofs: found }: RepositoryState, now: Date): string {
  const said = Object.entries(found).map(([kind, proof]) => `${kind} ${proven(proof, now)}`);
  return `proven: ${said.join(", ")}`;
}

function proven({ provenAt }: Proof, now: Date): string {
  return provenAt === null ? "never" : ago(provenAt, now);
}

function failures({ repository, proofs: found }: RepositoryState, now: Date): string[] {
  return Object.entries(found).flatMap(([kind, { passed, lastRunAt, error }]) =>
    passed === false && lastRunAt !== null
      ? [`${repository}: FAILED ${kind} drill ${ago(lastRunAt, now)}: ${error}`]
      : [],
  );
}

function holes({ holes: count }: RepositoryState): string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? "hole" : "holes"} in its WAL`];
}

function asOf({ answeredAt }: RepositoryState, now: Date): string {
  return answeredAt === null ? "never answered" : `as of ${ago(answeredAt, now)}`;
}

/** How long ago, in the largest unit that has at least two of it: `47 h ago`. Pure. */
export function ago(iso: string, now: Date): string {
  const passed = Math.max(0, Math.round((now.getTime() - Date.parse(iso)) / 1000));
  const units = [
    ["d", 86_400],
    ["h", 3_600],
    ["min", 60],
  ] as const;
  const unit = units.find(([, length]) => passed >= 2 * length);
  return unit ? `${Math.floor(passed / unit[1])} ${unit[0]} ago` : `${passed} s ago`;
}
