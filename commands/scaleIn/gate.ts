import type { Settings } from "../../settings.ts";
import type { Member } from "../cluster/members.ts";
import type { RefusalName } from "../plan/risks/names.ts";

/** Replicas that have to confirm a commit: `synchronous_node_count` in templates/patroni.yml.ts. */
const SYNCHRONOUS_NODES = 1;

/** Why members may not be taken away. */
export interface Refusal {
  readonly name: RefusalName;
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

/** Of a standby site: it follows the other site's leader, so by Patroni's word it streams, or replays an archive. */
const STANDBY_STATES = ["running", "streaming", "in archive recovery"];

/**
 * Why members may not leave now; empty when they may, and when none leaves. It judges who stays: a
 * leaving member may be dead. At a standby site no commit waits for anybody, so whoever streams may take
 * over there. Pure.
 *
 * @param members as they live, all of them: Patroni's view joined with Docker's
 * @param leaving the names of those that leave
 */
export function scaleInRefusals(members: readonly Member[], leaving: readonly string[]): Refusal[] {
  if (leaving.length === 0) {
    return [];
  }
  const refused = (name: RefusalName, reason: string): Refusal[] => [{ name, reason }];
  const leader = members.find(({ role }) => role === "leader" || role === "standby_leader");
  const standby = leader?.role === "standby_leader";
  const states = standby ? STANDBY_STATES : ["running"];
  if (leader === undefined || !states.includes(leader.state)) {
    const reason = `nobody leads, so what ${listed(leaving)} have may be nowhere else`;
    return refused("nobody-leads", reason);
  }
  const staying = members.filter(({ name }) => !leaving.includes(name));
  const streaming = staying.filter(
    ({ name, state }) => name !== leader.name && state === "streaming",
  );
  const follows = staying
    .filter(({ name }) => name !== leader.name)
    .map(({ name, state }) => `${name} is ${state}`);
  const seen = follows.length > 0 ? follows.join(", ") : "there is no other member";
  const leaderLeaves = leaving.includes(leader.name);
  const candidates = streaming.filter(
    ({ role }) => standby || /^(quorum|sync)_standby$/.test(role),
  );
  if (leaderLeaves && candidates.length === 0) {
    const reason = `${leader.name} leads and leaves, and nobody who stays can take over: ${seen}`;
    return refused("nobody-takes-over", reason);
  }
  const confirming = streaming.length - (leaderLeaves ? 1 : 0);
  const without = standby
    ? "the standby leader would be without a replica"
    : "the leader would be without a synchronous replica";
  return confirming >= SYNCHRONOUS_NODES ? [] : refused("below-quorum", `${without}: ${seen}`);
}

/** `a`, `a and b`, `a, b and c`. Pure. */
export function listed(names: readonly string[]): string {
  const [last = "", ...before] = names.toReversed();
  return before.length === 0 ? last : `${before.toReversed().join(", ")} and ${last}`;
}
