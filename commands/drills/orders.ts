import type { LoadRecord, OrderRow, OrderTry } from "./types.ts";

/** What became of a load's orders; told apart from the ledger of single rows. */
export interface OrderFigures {
  readonly ordersConfirmed: number;
  readonly ordersLost: number | undefined;
  readonly ordersDuplicated: number | undefined;
  readonly ordersPutOff: number;
  readonly ordersBroken: number;
  readonly longestOrderSeconds: number | undefined;
}

/** Placed by this try (201), or by an earlier one with the same key (200). Pure. */
export function isConfirmed({ status }: Pick<OrderTry, "status">): boolean {
  return status === 200 || status === 201;
}

/** An application of one's own need not have `/api/orders`. Pure. */
export function takesNoOrders({ status }: Pick<OrderTry, "status">): boolean {
  return status === 404 || status === 405;
}

/** The Idempotency-Key of an order: see images/drill/lib/load/customer.py. Pure. */
export function keyOf(
  run: string,
  { client, number }: Pick<OrderTry, "client" | "number">,
): string {
  return `drill-${run}-${client}-${number}`;
}

/**
 * All figures about orders; undefined where the application takes none. Pure; linear in tries and rows.
 *
 * Every confirmed order has to be there once and with its line, on each member. One that was not
 * confirmed may be there or not. More than one for a key, one without a key, and one with a key that
 * nobody sent count as duplicated.
 *
 * @param run names the load, and its keys
 * @param members what each member has; undefined when nobody looked, and then nothing is proven
 * @param cutShort the load ended before it could tell of its last tries: an unknown key may be one
 */
export function orderFigures(
  run: string,
  { orders, begin, end }: Pick<LoadRecord, "orders" | "begin" | "end">,
  members: readonly (readonly OrderRow[])[] | undefined,
  cutShort = false,
): OrderFigures | undefined {
  if (orders.every(takesNoOrders)) {
    return undefined;
  }
  const sent = new Map<string, OrderTry>();
  const confirmed = new Map<string, number>();
  for (const one of orders) {
    const key = keyOf(run, one);
    const first = sent.get(key) ?? one;
    sent.set(key, first);
    if (isConfirmed(one) && !confirmed.has(key)) {
      confirmed.set(key, one.end - first.begin);
    }
  }
  const failed = orders.filter((one) => !isConfirmed(one) && one.end >= begin && one.end <= end);
  const putOff = failed.filter(({ status, retryAfter }) => status === 503 && retryAfter).length;
  const worst = (count: (rows: readonly OrderRow[]) => number) =>
    members === undefined ? undefined : Math.max(0, ...members.map(count));
  return {
    ordersConfirmed: confirmed.size,
    ordersLost: worst((rows) => lostOf([...confirmed.keys()], rows)),
    ordersDuplicated: worst((rows) => duplicatedOf(cutShort ? undefined : sent, rows)),
    ordersPutOff: putOff,
    ordersBroken: failed.length - putOff,
    longestOrderSeconds: confirmed.size === 0 ? undefined : Math.max(...confirmed.values()),
  };
}

function lostOf(confirmed: readonly string[], rows: readonly OrderRow[]): number {
  const whole = new Set(rows.filter(({ lines }) => lines === 1).map(({ key }) => key));
  return confirmed.filter((key) => !whole.has(key)).length;
}

function duplicatedOf(
  sent: ReadonlyMap<string, unknown> | undefined,
  rows: readonly OrderRow[],
): number {
  const seen = new Set<string>();
  return rows.filter(({ key }) => {
    const again = seen.has(key);
    seen.add(key);
    return again || key === "" || sent?.has(key) === false;
  }).length;
}
