import type { LedgerRow, Outcome, Verdict, WriteCall } from "./types.ts";

/**
 * Compares what one member has with what the load was told (M16). Pure; linear in writes and rows.
 *
 * - acknowledged: there exactly once, else lost or duplicated;
 * - rejected, or never sent: not there, else a phantom;
 * - unknown: there or not, but not twice.
 *
 * @param member named in the verdict
 * @param rows in the order of their ids: a client has one write under way at a time, so its rows
 *   stand in the order of its sequence numbers, whatever became of those between them
 */
export function checkLedger(
  writes: readonly WriteCall[],
  member: string,
  rows: readonly LedgerRow[],
): Verdict {
  const outcomes = new Map<string, Outcome>();
  for (const write of writes) {
    outcomes.set(keyOf(write), write.outcome);
  }
  const seen = new Set<string>();
  const duplicated = new Set<string>();
  const phantom: string[] = [];
  const reordered: string[] = [];
  const highest = new Map<number, number>();
  for (const row of rows) {
    const key = keyOf(row);
    if (seen.has(key)) {
      duplicated.add(key);
      continue;
    }
    seen.add(key);
    const outcome = outcomes.get(key);
    if (outcome === undefined || outcome === "rejected") {
      phantom.push(key);
    }
    if (row.sequence < (highest.get(row.client) ?? 0)) {
      reordered.push(key);
    } else {
      highest.set(row.client, row.sequence);
    }
  }
  const lost = writes
    .filter((write) => write.outcome === "acknowledged" && !seen.has(keyOf(write)))
    .map(keyOf);
  return { member, lost, duplicated: [...duplicated], phantom, reordered, rows: rows.length };
}

/**
 * How many acknowledged writes prove that two servers took writes at once. Pure.
 *
 * Every promotion begins a timeline of its own, and the load has one clock. So there are two proofs:
 *
 * - a write acknowledged on an older timeline that was begun after a newer timeline had acknowledged
 *   one. All that the old leader did for it came later. A write begun before that and acknowledged
 *   after it proves nothing: it may have been committed in time, and only its answer was late;
 * - a write acknowledged by a second server on the same timeline: both were promoted onto it.
 */
export function countTwoLeaders(writes: readonly WriteCall[]): number {
  const taken = writes.filter(isPlaced).toSorted((a, b) => a.end - b.end);
  const first = new Map<number, PlacedWrite>();
  for (const write of taken) {
    if (!first.has(write.timeline)) {
      first.set(write.timeline, write);
    }
  }
  const newerSince = firstNewer(first);
  return taken.filter(({ timeline, server, begin }) => {
    const isLate = begin > (newerSince.get(timeline) ?? Number.POSITIVE_INFINITY);
    return isLate || server !== first.get(timeline)?.server;
  }).length;
}

type PlacedWrite = WriteCall & { readonly timeline: number };

function isPlaced(write: WriteCall): write is PlacedWrite {
  return write.outcome === "acknowledged" && write.timeline !== undefined;
}

/** For each timeline, when any newer one first acknowledged a write. */
function firstNewer(first: ReadonlyMap<number, PlacedWrite>): Map<number, number> {
  const result = new Map<number, number>();
  let earliest = Number.POSITIVE_INFINITY;
  for (const timeline of [...first.keys()].sort((a, b) => b - a)) {
    result.set(timeline, earliest);
    earliest = Math.min(earliest, first.get(timeline)?.end ?? earliest);
  }
  return result;
}

function keyOf({ client, sequence }: LedgerRow): string {
  return `${client}/${sequence}`;
}
