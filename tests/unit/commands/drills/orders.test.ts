import { describe, expect, test } from "vitest";
import { keyOf, orderFigures } from "../../../../commands/drills/orders.ts";
import { parseOrders } from "../../../../commands/drills/ordersTable.ts";
import { resultOf } from "../../../../commands/drills/result.ts";
import type { OrderTry } from "../../../../commands/drills/types.ts";
import { record, rowsOf, settings } from "./fakes.ts";

const tried = (number: number, begin: number, change: Partial<OrderTry> = {}): OrderTry => ({
  client: 1,
  number,
  begin,
  end: begin + 0.5,
  status: 201,
  retryAfter: false,
  ...change,
});
const span = { begin: 100, end: 200 };
const row = (number: number, lines = 1) => ({ key: keyOf("r", { client: 1, number }), lines });
const figures = (orders: OrderTry[], rows: { key: string; lines: number }[], cutShort = false) =>
  orderFigures("r", { ...span, orders }, [rows], cutShort);

describe("orders", () => {
  test("confirmed at once or by a later try, and there once: all is well", () => {
    const putOff = tried(2, 110, { status: 503, retryAfter: true });
    const found = figures(
      [tried(1, 101), putOff, tried(2, 115, { status: 200 })],
      [row(1), row(2)],
    );
    expect(found).toEqual({
      ordersConfirmed: 2,
      ordersLost: 0,
      ordersDuplicated: 0,
      ordersPutOff: 1,
      ordersBroken: 0,
      longestOrderSeconds: 5.5,
    });
  });

  test("confirmed and not there, or without its line, is lost", () => {
    expect(figures([tried(1, 101), tried(2, 102)], [row(2, 0)])?.ordersLost).toBe(2);
  });

  test("what was never confirmed may be there or not", () => {
    const broken = tried(1, 101, { status: 502 });
    for (const rows of [[], [row(1)]]) {
      expect(figures([broken], rows)).toMatchObject({ ordersLost: 0, ordersDuplicated: 0 });
    }
  });

  test("twice for a key, without a key, or with one that nobody sent is a duplicate", () => {
    expect(figures([tried(1, 101)], [row(1), row(1)])?.ordersDuplicated).toBe(1);
    expect(figures([tried(1, 101)], [row(1), { key: "", lines: 1 }])?.ordersDuplicated).toBe(1);
    expect(figures([tried(1, 101)], [row(1), row(9)])?.ordersDuplicated).toBe(1);
  });

  test("a load that was cut short may have sent one that it could not tell of", () => {
    expect(figures([tried(1, 101)], [row(1), row(2)], true)?.ordersDuplicated).toBe(0);
    expect(figures([tried(1, 101)], [row(1), row(1)], true)?.ordersDuplicated).toBe(1);
  });

  test("only 503 with Retry-After puts an order off; all else that fails is broken", () => {
    const others = [
      tried(1, 101, { status: 503 }),
      tried(1, 102, { status: 502, retryAfter: true }),
      tried(1, 103, { status: 0 }),
      tried(1, 104, { status: 500 }),
      // Before the load was ready.
      tried(1, 90, { status: 502 }),
    ];
    expect(figures(others, [])).toMatchObject({ ordersPutOff: 0, ordersBroken: 4 });
  });

  test("each member is compared, and the worst one counts; unlooked at is no zero", () => {
    const orders = [tried(1, 101)];
    const two = orderFigures("r", { ...span, orders }, [[row(1)], []]);
    expect(two?.ordersLost).toBe(1);
    const none = orderFigures("r", { ...span, orders }, undefined);
    expect([none?.ordersLost, none?.ordersDuplicated]).toEqual([undefined, undefined]);
  });

  test("an application without /api/orders has no such figures", () => {
    expect(figures([tried(1, 101, { status: 404 })], [])).toBeUndefined();
    expect(figures([], [])).toBeUndefined();
  });

  test("rows are read from psql", () => {
    expect(parseOrders("drill-r-1-1|1\n|0\n")).toEqual([
      { key: "drill-r-1-1", lines: 1 },
      { key: "", lines: 0 },
    ]);
    expect(() => parseOrders("ERROR: no")).toThrow("not an order");
  });
});

describe("a result with orders", () => {
  const run = { drill: "switchover", startedAt: "x", settings };
  const rows = [["postgres-1", rowsOf(record())]] as const;
  const of = (orders: OrderTry[], members: { key: string; lines: number }[][]) =>
    resultOf(run, record({ orders }), {
      rows,
      redundancySeconds: 4,
      orders: { run: "r", members },
    });

  test("is held to them", () => {
    const good = of([tried(1, 102)], [[row(1)]]);
    expect(good).toMatchObject({ passed: true, ordersConfirmed: 1, ordersBroken: 0 });
    const lost = of([tried(1, 102)], [[]]);
    expect(lost.passed).toBe(false);
    expect(lost.objectives.filter(({ met }) => !met).map(({ name }) => name)).toEqual([
      "ordersLost",
    ]);
    expect(of([tried(1, 102, { status: 502 })], [[]]).passed).toBe(false);
  });

  test("is not held to orders that nobody takes", () => {
    const other = of([tried(1, 102, { status: 404 })], []);
    expect(other.passed).toBe(true);
    expect(other.ordersConfirmed).toBeUndefined();
  });
});
