import { expect, test } from "vitest";
import { panelExpressions, unknownMetrics } from "../live/expressions.ts";
import { QUIET_PANELS } from "../live/expressions-exceptions.ts";

const names = ["up", "holdfast_routing_reads_total"];

test("a metric that nobody exports is found, with its place", () => {
  expect(
    unknownMetrics([{ place: "overview | Up | A", expr: "sum(up) / sum(down)" }], names),
  ).toEqual(["overview | Up | A: down"]);
});

test("one that comes with its first event is none", () => {
  const expr = "holdfast_restore_rto_seconds > 60";
  expect(unknownMetrics([{ place: "alert | RestoreSlow", expr }], names)).toEqual([]);
});

test("what is about a feature that is off is left out; of one that is on it is not", () => {
  const of = (metric: string) => unknownMetrics([{ place: "x", expr: `${metric} > 1` }], names);
  expect(of("django_db_execute_total")).toEqual([]);
  expect(of("holdfast_routing_typo")).toEqual(["x: holdfast_routing_typo"]);
  // These always run.
  expect(of("container_restarts_total")).toEqual(["x: container_restarts_total"]);
  expect(of("holdfast_autoscaler_holding")).toEqual(["x: holdfast_autoscaler_holding"]);
});

test("each exception is of a panel that exists, and says why", () => {
  const places = panelExpressions().map(({ place }) => place);
  expect(places.length).toBeGreaterThan(100);
  expect(new Set(places).size).toBe(places.length);
  for (const [place, reason] of QUIET_PANELS) {
    expect(places).toContain(place);
    expect(reason.length).toBeGreaterThan(10);
  }
});
