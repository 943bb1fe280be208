/** Who hands over to whom while members are replaced or restarted; the rules of M14. Pure. */

/** A cluster as far as handovers need it. */
export interface Cluster {
  readonly leader: number;
  readonly handovers: number;
}

/**
 * Who takes over, of those in sync: the lowest number below the leader's, else the highest
 * (images/postgres/lib/candidate.py). Undefined when there is nobody.
 */
export function candidate(leader: number, members: readonly number[]): number | undefined {
  const able = members.filter((member) => member !== leader).toSorted((a, b) => a - b);
  const [lowest] = able;
  return lowest !== undefined && lowest < leader ? lowest : able.at(-1);
}

/** Each of these members stops once, in this order; one that leads hands over first. */
export function afterStops(
  cluster: Cluster,
  stopping: readonly number[],
  members: readonly number[],
): Cluster {
  return stopping.reduce<Cluster>(({ leader, handovers }, member) => {
    const next = member === leader ? candidate(leader, members) : undefined;
    return next === undefined ? { leader, handovers } : { leader: next, handovers: handovers + 1 };
  }, cluster);
}

/**
 * A rolling restart for changed parameters: replicas first, then the leader by a handover; where values
 * went down that replicas may not undercut, the leader restarts as leader (images/postgres/lib/restarts.py).
 */
export function afterRestart(
  { leader, handovers }: Cluster,
  members: readonly number[],
  lowered: boolean,
): Cluster {
  const next = lowered ? undefined : candidate(leader, members);
  return next === undefined ? { leader, handovers } : { leader: next, handovers: handovers + 1 };
}
