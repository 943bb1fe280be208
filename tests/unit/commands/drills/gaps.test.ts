import { describe, expect, test } from "vitest";
import {
  clientGap,
  countHung,
  curveOf,
  failedPages,
  lengthOf,
  longestGap,
  longestWrite,
  pageGap,
  readGap,
  writeGap,
} from "../../../../commands/drills/gaps.ts";
import type {
  LoadRecord,
  Outcome,
  ReadCall,
  WriteCall,
} from "../../../../commands/drills/types.ts";

const write = (begin: number, end: number, outcome: Outcome = "acknowledged"): WriteCall => ({
  client: 1,
  sequence: 1,
  begin,
  end,
  outcome,
});
const read = (end: number, ok = true): ReadCall => ({ client: 1, begin: end - 0.01, end, ok });

function record(more: Partial<LoadRecord>): LoadRecord {
  const nothing = { writes: [], reads: [], pages: [], orders: [], marks: [] };
  return { begin: 100, end: 110, ...nothing, ...more };
}

test("pages that failed are counted, of those measured; without any there is no such figure", () => {
  expect(failedPages(record({ pages: [read(101), read(102, false), read(99, false)] }))).toBe(1);
  expect(failedPages(record({}))).toBeUndefined();
});

describe("the longest gap", () => {
  test("lies between the ends of two calls, in whatever order they come", () => {
    const gap = longestGap({ begin: 0, end: 10 }, [5, 1, 2, 9, 9.5]);
    expect(gap).toEqual({ begin: 5, end: 9 });
    expect(lengthOf(gap)).toBe(4);
  });

  test("may begin with the load, and may never end", () => {
    expect(longestGap({ begin: 0, end: 10 }, [6, 8])).toEqual({ begin: 0, end: 6 });
    expect(longestGap({ begin: 0, end: 10 }, [1, 2])).toEqual({ begin: 2, end: 10 });
  });

  test("leaves the warm-up out", () => {
    expect(longestGap({ begin: 10, end: 12 }, [3, 11])).toEqual({ begin: 10, end: 11 });
  });

  test("is not measured when nothing was answered: that is no gap of 0 s", () => {
    expect(longestGap({ begin: 10, end: 12 }, [])).toBeUndefined();
    expect(longestGap({ begin: 10, end: 12 }, [9])).toBeUndefined();
    expect(lengthOf(undefined)).toBeUndefined();
  });

  test("of writes counts acknowledged ones alone", () => {
    const writes = [write(100, 101), write(101, 104, "unknown"), write(104, 107), write(108, 109)];
    writes.push(write(104, 105, "rejected"));
    expect(writeGap(record({ writes }))).toEqual({ begin: 101, end: 107 });
  });

  test("of reads and pages counts answered ones alone", () => {
    const calls = [read(101), read(103, false), read(106), read(109)];
    expect(readGap(record({ reads: calls }))).toEqual({ begin: 101, end: 106 });
    expect(pageGap(record({ pages: calls }))).toEqual({ begin: 101, end: 106 });
    expect(pageGap(record({ reads: calls }))).toBeUndefined();
  });
});

test("the longest write is an acknowledged one", () => {
  const writes = [write(100, 100.5), write(100, 109, "unknown"), write(101, 103)];
  expect(longestWrite({ writes })).toBe(2);
  expect(longestWrite({ writes: [write(1, 2, "rejected")] })).toBeUndefined();
});

test("hung calls of every kind count", () => {
  const hung = { hung: true };
  const writes = [{ ...write(1, 2, "unknown"), ...hung }, write(1, 2)];
  const reads = [{ ...read(5, false), ...hung }, read(5, false)];
  const pages = [{ ...read(5, false), ...hung }];
  expect(countHung(record({ writes, reads, pages }))).toBe(3);
});

describe("the curve", () => {
  test("counts calls where they ended, from the record's begin", () => {
    const writes = [write(99, 99.9), write(100, 100), write(100, 100.1), write(100, 100.25)];
    writes.push(write(100, 100.6, "rejected"), write(100, 100.7, "unknown"), write(100, 101));
    const curve = curveOf(
      record({ end: 101, writes, reads: [read(100.3), read(100.9, false)], pages: [read(100.99)] }),
    );
    expect(curve).toEqual({
      begin: 100,
      writeGap: { begin: 100.25, end: 101 },
      bucketSeconds: 0.25,
      acknowledged: [2, 1, 0, 1],
      failed: [0, 0, 2, 0],
      reads: [0, 1, 0, 0],
      pages: [0, 0, 0, 1],
    });
  });

  test("has a bucket even without any time", () => {
    expect(curveOf(record({ end: 100 })).acknowledged).toEqual([0]);
  });
});

describe("the longest gap of one client", () => {
  const by = (client: number, end: number, outcome: Outcome = "acknowledged"): WriteCall => ({
    ...write(end - 0.01, end, outcome),
    client,
  });

  test("is not hidden by the others", () => {
    const busy = Array.from({ length: 100 }, (_, i) => by(1, 100 + i / 10));
    const stalled = [by(2, 100.5), by(2, 107)];
    expect(writeGap(record({ writes: busy }))).toBeDefined();
    expect(clientGap(record({ writes: [...busy, ...stalled] }))).toBeCloseTo(6.5);
  });

  test("of one that got nothing is the whole time", () => {
    expect(clientGap(record({ writes: [by(1, 105), by(2, 103, "rejected")] }))).toBe(10);
  });

  test("is not measured without writes", () => {
    expect(clientGap(record({}))).toBeUndefined();
  });
});
