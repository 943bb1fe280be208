import { describe, expect, test } from "vitest";
import { checkLedger, countTwoLeaders } from "../../../../commands/drills/ledger.ts";
import type { LedgerRow, Outcome, WriteCall } from "../../../../commands/drills/types.ts";

function write(
  client: number,
  sequence: number,
  outcome: Outcome = "acknowledged",
  more: Partial<WriteCall> = {},
): WriteCall {
  const begin = sequence;
  return { client, sequence, begin, end: begin + 0.01, outcome, ...more };
}

const row = (client: number, sequence: number): LedgerRow => ({ client, sequence });

const NOTHING = { lost: [], duplicated: [], phantom: [], reordered: [] };

describe("a member's ledger", () => {
  const writes = [write(1, 1), write(2, 1), write(1, 2), write(2, 2)];
  const rows = [row(2, 1), row(1, 1), row(1, 2), row(2, 2)];

  test("with every acknowledged row once is clean; clients may overtake each other", () => {
    expect(checkLedger(writes, "postgres-2", rows)).toEqual({
      ...NOTHING,
      member: "postgres-2",
      rows: 4,
    });
  });

  test("an acknowledged row that is not there is lost", () => {
    const verdict = checkLedger(writes, "m", rows.slice(0, 3));
    expect(verdict).toEqual({ ...NOTHING, member: "m", lost: ["2/2"], rows: 3 });
    expect(checkLedger(writes, "m", []).lost).toEqual(["1/1", "2/1", "1/2", "2/2"]);
  });

  test("a row that is there twice or more is duplicated, once", () => {
    const verdict = checkLedger(writes, "m", [...rows, row(1, 1), row(1, 1)]);
    expect(verdict).toEqual({ ...NOTHING, member: "m", duplicated: ["1/1"], rows: 6 });
  });

  test("a rejected row that is there is a phantom", () => {
    const verdict = checkLedger([write(1, 1), write(1, 2, "rejected")], "m", [
      row(1, 1),
      row(1, 2),
    ]);
    expect(verdict).toEqual({ ...NOTHING, member: "m", phantom: ["1/2"], rows: 2 });
  });

  test("a row that was never sent is a phantom", () => {
    expect(checkLedger(writes, "m", [...rows, row(3, 1)]).phantom).toEqual(["3/1"]);
    expect(checkLedger(writes, "m", [...rows, row(2, 3)]).phantom).toEqual(["2/3"]);
  });

  test("a rejected row that is not there is as it should be", () => {
    expect(checkLedger([write(1, 1, "rejected")], "m", [])).toMatchObject(NOTHING);
  });

  test("an unknown row may be there or not, but not twice", () => {
    const unknown = [write(1, 1, "unknown"), write(1, 2)];
    expect(checkLedger(unknown, "m", [row(1, 1), row(1, 2)])).toMatchObject(NOTHING);
    expect(checkLedger(unknown, "m", [row(1, 2)])).toMatchObject(NOTHING);
    expect(checkLedger(unknown, "m", [row(1, 1), row(1, 1), row(1, 2)])).toMatchObject({
      ...NOTHING,
      duplicated: ["1/1"],
    });
  });

  test("a row behind one that its client sent later is reordered", () => {
    const three = [write(1, 1), write(1, 2), write(1, 3)];
    const verdict = checkLedger(three, "m", [row(1, 3), row(1, 1), row(1, 2)]);
    expect(verdict).toEqual({ ...NOTHING, member: "m", reordered: ["1/1", "1/2"], rows: 3 });
  });

  test("100,000 rows take no quadratic time", () => {
    const many = Array.from({ length: 100_000 }, (_, i) => write(i % 50, Math.floor(i / 50) + 1));
    const start = performance.now();
    const verdict = checkLedger(many, "m", many.slice(0, -1));
    expect(verdict).toMatchObject({ ...NOTHING, lost: ["49/2000"], rows: 99_999 });
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

describe("two leaders", () => {
  const on = (timeline: number, begin: number, end: number, server = `10.0.0.${timeline}`) =>
    write(1, 1, "acknowledged", { timeline, begin, end, server });

  test("are not proven by a failover, nor by an answer that came late", () => {
    const failover = [on(1, 0, 1), on(1, 2, 3), on(2, 4, 5), on(2, 6, 7)];
    expect(countTwoLeaders(failover)).toBe(0);
    // Begun before timeline 2 acknowledged anything.
    expect(countTwoLeaders([...failover, on(1, 4.9, 9)])).toBe(0);
  });

  test("are proven by each write that an older timeline took after a newer one had acknowledged", () => {
    const both = [on(2, 4, 5), on(1, 0, 1), on(1, 5.1, 6), on(2, 6, 7), on(1, 7.5, 8)];
    expect(countTwoLeaders(both)).toBe(2);
  });

  test("a timeline is judged by all newer ones, not the next alone", () => {
    expect(countTwoLeaders([on(3, 0, 1), on(1, 2, 3), on(2, 4, 5)])).toBe(2);
  });

  test("are proven by two servers on one timeline", () => {
    const taken = [on(2, 0, 1, "a"), on(2, 0.5, 1.5, "b"), on(2, 2, 3, "a"), on(2, 2, 3, "b")];
    expect(countTwoLeaders(taken)).toBe(2);
  });

  test("what was not acknowledged, or does not say where, proves nothing", () => {
    const unknown = { ...on(1, 9, 10), outcome: "unknown" as const };
    expect(countTwoLeaders([on(2, 4, 5), unknown, write(1, 20)])).toBe(0);
    expect(countTwoLeaders([])).toBe(0);
  });
});
