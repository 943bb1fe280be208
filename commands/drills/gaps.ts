import type { Curve, LoadRecord, ReadCall, WriteCall } from "./types.ts";

/** A stretch of time by the load's clock, in seconds since 1970. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

/** Width of a curve's buckets: half a second's outage is still seen, and 250 writes/s make some 60 a bucket. */
export const BUCKET_SECONDS = 0.25;

/**
 * The longest time in which no call was answered well, or undefined when none ever was. Pure.
 *
 * It begins with the end of one call and ends with the end of the next; the record's own begin and
 * end count as calls, so that an outage that never ended is as long as it was watched.
 *
 * @param ends when the calls that went well ended, in any order; those outside of the span are left out
 */
export function longestGap(span: Span, ends: readonly number[]): Span | undefined {
  const inside = ends.filter((end) => end >= span.begin && end <= span.end).sort((a, b) => a - b);
  if (inside.length === 0) {
    return undefined;
  }
  let longest: Span = { begin: span.begin, end: span.begin };
  let previous = span.begin;
  for (const end of [...inside, span.end]) {
    if (end - previous > longest.end - longest.begin) {
      longest = { begin: previous, end };
    }
    previous = end;
  }
  return longest;
}

/** The longest time without an acknowledged write. Pure. */
export function writeGap(record: LoadRecord): Span | undefined {
  return longestGap(record, acknowledged(record.writes).map(ended));
}

/**
 * The longest time in which one and the same client got no acknowledgement: what the unluckiest user
 * saw, where the others hide it in `writeGap`. A client that got none at all waited the whole time.
 * Undefined without writes. At rest it is the pace of one client. Pure.
 */
export function clientGap(record: LoadRecord): number | undefined {
  const ends = new Map<number, number[]>();
  for (const { client, outcome, end } of record.writes) {
    const own = ends.get(client) ?? [];
    ends.set(client, own);
    if (outcome === "acknowledged") {
      own.push(end);
    }
  }
  const gaps = [...ends.values()].map(
    (own) => lengthOf(longestGap(record, own)) ?? record.end - record.begin,
  );
  return gaps.length > 0 ? Math.max(...gaps) : undefined;
}

/** The longest time without an answered read. Pure. */
export function readGap(record: LoadRecord): Span | undefined {
  return longestGap(record, answered(record.reads).map(ended));
}

/** The longest time without a page of the shop. Pure. */
export function pageGap(record: LoadRecord): Span | undefined {
  return longestGap(record, answered(record.pages).map(ended));
}

/** Length in seconds; undefined stays what it is: not measured. */
export function lengthOf(span: Span | undefined): number | undefined {
  return span === undefined ? undefined : span.end - span.begin;
}

/** The slowest acknowledged write in seconds, or undefined without any. Pure. */
export function longestWrite(record: Pick<LoadRecord, "writes">): number | undefined {
  return acknowledged(record.writes).reduce<number | undefined>((longest, { begin, end }) => {
    return Math.max(longest ?? 0, end - begin);
  }, undefined);
}

/** Calls of any kind that did not return within their own timeout. Pure. */
export function countHung({ writes, reads, pages, orders }: LoadRecord): number {
  return [writes, reads, pages, orders].flat().filter(({ hung }) => hung === true).length;
}

/** Pages that were not answered well, of those measured; undefined without any page. Pure. */
export function failedPages({ begin, end, pages }: LoadRecord): number | undefined {
  const measured = pages.filter((page) => page.end >= begin && page.end <= end);
  return measured.length === 0 ? undefined : measured.filter(({ ok }) => !ok).length;
}

/** Calls per bucket by the time of their end, from the record's begin to its end. Pure. */
export function curveOf(record: LoadRecord, bucketSeconds: number = BUCKET_SECONDS): Curve {
  const count = Math.max(1, Math.ceil((record.end - record.begin) / bucketSeconds));
  const bucketed = (calls: readonly { readonly end: number }[]): number[] => {
    const buckets = new Array<number>(count).fill(0);
    for (const { end } of calls) {
      if (end >= record.begin && end <= record.end) {
        // The very last instant belongs to the last bucket.
        const index = Math.min(count - 1, Math.floor((end - record.begin) / bucketSeconds));
        buckets[index] = (buckets[index] ?? 0) + 1;
      }
    }
    return buckets;
  };
  const gap = writeGap(record);
  return {
    begin: record.begin,
    ...(gap === undefined ? {} : { writeGap: gap }),
    bucketSeconds,
    acknowledged: bucketed(acknowledged(record.writes)),
    failed: bucketed(record.writes.filter(({ outcome }) => outcome !== "acknowledged")),
    reads: bucketed(answered(record.reads)),
    pages: bucketed(answered(record.pages)),
  };
}

function acknowledged(writes: readonly WriteCall[]): WriteCall[] {
  return writes.filter(({ outcome }) => outcome === "acknowledged");
}

function answered(calls: readonly ReadCall[]): ReadCall[] {
  return calls.filter(({ ok }) => ok);
}

function ended({ end }: { readonly end: number }): number {
  return end;
}
