import type { Settings } from "../../settings.ts";
import type { Member } from "../cluster/members.ts";

/** What `--accept-risk` calls a leader without a synchronous replica. */
export const BELOW_QUORUM = "below-quorum";

/** Replicas that have to confirm a commit: `synchronous_node_count` in templates/patroni.yml.ts. */
const SYNCHRONOUS_NODES = 1;

/** Why members may not be taken away. */
export interface Refusal {
  /** What `--accept-risk` has to name; undefined where no risk can be accepted. */
  readonly risk: string | undefined;
  /** A sentence. */
  readonly reason: string;
}

/** Which members the settings want, of those there are: by number, 1 to `replicas` + 1. Pure. */
export function staysIn({ replicas }: Pick<Settings["database"], "replicas">, name: string) {
  return numberOf(name) <= replicas + 1;
}

/** 4 for `postgres-4`. Pure. */
export function numberOf(name: string): number {
  return Number(/-(\d+)$/.exec(name)?.[1] ?? Number.NaN);
}

/**
 * Why the members that the settings no longer want may not leave now; empty when they may, and when
 * none leaves. It judges who stays: a leaving member may be dead. Pure.
 *
 * @param members as they live, all of them: Patroni's view joined with Docker's
 * @param leaving the names of those that leave. @default those members that the settings do not want
 * @param accepted what `--accept-risk` names
 * @param risk how a leader without a synchronous replica is named there
 */
export function scaleInRefusals(
  { database }: { readonly database: Pick<Settings["database"], "replicas"> },
  members: readonly Member[],
  leaving: readonly string[] = members
    .map(({ name }) => name)
    .filter((name) => !staysIn(database, name)),
  accepted: readonly string[] = [],
  risk: string = BELOW_QUORUM,
): Refusal[] {
  if (leaving.length === 0) {
    return [];
  }
  const refused = (reason: string, risk?: string): Refusal[] => [{ risk, reason }];
  const leader = members.find(({ role }) => role === "leader");
  if (leader === undefined || leader.state !== "running") {
    return refused(`nobody leads, so what ${listed(leaving)} have may be nowhere else`);
  }
  const staying = members.filter(({ name }) => !leaving.includes(name));
  const streaming = staying.filter(({ state }) => state === "streaming");
  const follows = staying
    .filter(({ name }) => name !== leader.name)
    .map(({ name, state }) => `${name} is ${state}`);
  const seen = follows.length > 0 ? follows.join(", ") : "there is no other member";
  const leaderLeaves = leaving.includes(leader.name);
  const candidates = streaming.filter(({ role }) => /^(quorum|sync)_standby$/.test(role));
  if (leaderLeaves && candidates.length === 0) {
    return refused(`${leader.name} leads and leaves, and nobody who stays can take over: ${seen}`);
  }
  const confirming = streaming.length - (leaderLeaves ? 1 : 0);
  if (confirming >= SYNCHRONOUS_NODES || accepted.includes(risk)) {
    return [];
  }
  return refused(`the leader would be without a synchronous replica: ${seen}`, risk);
}

/** `a`, `a and b`, `a, b and c`. Pure. */
export function listed(names: readonly string[]): string {
  const [last = "", ...before] = names.toReversed();
  return before.length === 0 ? last : `${before.toReversed().join(", ")} and ${last}`;
}
