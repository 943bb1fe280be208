import { alignedTable } from "../../ui.ts";
import type { DrillResult } from "../types.ts";
import { shown } from "./figures.ts";

const HEAD = [
  ...["through the edge", "orders", "lost", "twice", "put off", "broken", "longest"],
  ...["pages failed", "no traffic"],
];

/** What the shop's visitors and customers saw, one line a drill that ran; empty when none had any. Pure. */
export function shopTable(results: readonly DrillResult[]): string {
  const seen = results.filter(
    ({ ordersConfirmed, pagesFailed }) =>
      ordersConfirmed !== undefined || pagesFailed !== undefined,
  );
  return seen.length === 0 ? "" : alignedTable([HEAD, ...seen.map(rowOf)]);
}

function rowOf(result: DrillResult): string[] {
  const { ordersConfirmed, ordersLost, ordersDuplicated, ordersPutOff, ordersBroken } = result;
  const counts = [ordersConfirmed, ordersLost, ordersDuplicated, ordersPutOff, ordersBroken];
  return [
    result.drill,
    ...counts.map((count) => shown(count, "count")),
    shown(result.longestOrderSeconds, "s"),
    shown(result.pagesFailed, "count"),
    shown(result.noTrafficSeconds, "s"),
  ];
}
