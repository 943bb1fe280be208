import type { Docker } from "../docker.ts";
import type { ContainerState } from "./containers.ts";

/** A database member, as Patroni sees it; by Docker's word where Patroni does not know it. */
export interface Member {
  readonly name: string;
  /** `leader`, `replica`, `quorum_standby`, `sync_standby`, `standby_leader`, or `-`. */
  readonly role: string;
  /** `running`, `streaming`, `starting` ..., or Docker's state of a member that does not run. */
  readonly state: string;
  readonly timeline: number | null;
  /** Bytes of WAL behind the leader; null for the leader, and where nobody knows. */
  readonly lagBytes: number | null;
  /** A scale-in has told it to leave: nobody promotes it, and no commit waits for it. @default it stays */
  readonly leaves?: true;
}

const ANSWER_MS = 5_000;
/** Patroni's view of the cluster, read inside a member's container: that works over any Docker address. */
const READ_CLUSTER =
  "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8008/cluster', timeout=3).read().decode())";

/** Every member with a container, and every member that Patroni knows. */
export async function clusterMembers(
  docker: Docker,
  containers: readonly ContainerState[],
): Promise<Member[]> {
  const nodes = containers.filter(({ component }) => component === "postgres");
  for (const { name } of nodes.filter(({ running }) => running)) {
    const args = ["exec", name, "python3", "-c", READ_CLUSTER];
    const { code, stdout } = await docker.run(args, { timeoutMs: ANSWER_MS });
    if (code === 0) {
      return joinMembers(parseCluster(stdout), nodes);
    }
  }
  return joinMembers([], nodes);
}

/** Patroni's answer to `GET /cluster`. Pure. */
export function parseCluster(text: string): Member[] {
  const { members = [] } = JSON.parse(text) as { members?: PatroniMember[] };
  return members.map(({ name, role, state, timeline, lag, tags }) => ({
    name,
    role,
    state,
    timeline: timeline ?? null,
    lagBytes: typeof lag === "number" ? lag : null,
    // Both: nosync alone is Patroni's own around a restart, nofailover alone a full disk's.
    ...(tags?.nofailover === true && tags.nosync === true ? { leaves: true as const } : {}),
  }));
}

interface PatroniMember {
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly timeline?: number;
  /** Bytes, or the word `unknown`. */
  readonly lag?: number | string;
  readonly tags?: { readonly nofailover?: boolean; readonly nosync?: boolean };
}

/** Patroni's members, and those that only Docker knows; a stopped container counts as that, whatever Patroni remembers. Pure. */
export function joinMembers(
  members: readonly Member[],
  nodes: readonly Pick<ContainerState, "alias" | "running" | "state">[],
): Member[] {
  const unknown = nodes
    .filter(({ alias }) => !members.some(({ name }) => name === alias))
    .map(({ alias, state }) => nobody(alias, state === "healthy" ? "unreachable" : state));
  const known = members.map((member) => {
    const node = nodes.find(({ alias }) => alias === member.name);
    return node && !node.running ? { ...member, state: node.state } : member;
  });
  const ordered = [...known, ...unknown];
  return ordered.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

function nobody(name: string, state: string): Member {
  return { name, role: "-", state, timeline: null, lagBytes: null };
}
