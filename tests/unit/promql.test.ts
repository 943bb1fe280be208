import { describe, expect, test } from "vitest";
import { filledIn, metricsIn } from "../promql.ts";

describe("the metrics that an expression names", () => {
  test.each([
    ["up", ["up"]],
    ['up{job="node_load1"} == 0', ["up"]],
    ["sum by (instance, le) (rate(a_bucket[5m]))", ["a_bucket"]],
    ["sum(rate(a_total[$__rate_interval])) / (sum(b_total) > 0)", ["a_total", "b_total"]],
    ["a - on (stack, site) group_left (query) b offset 2h", ["a", "b"]],
    ["time() - max without (x) (a) > 1e9", ["a"]],
    ["a and b unless c or vector(0)", ["a", "b", "c"]],
    ["avg_over_time((sum(a) == bool 1)[$__range:10s])", ["a"]],
    ['label_replace(a, "instance", "$1", "server", "(.+)")', ["a"]],
    ["a:b:rate5m / instance:c", ["a:b:rate5m", "instance:c"]],
    ["{__name__=~'x.*'}", []],
    ["a == Inf or a != NaN", ["a"]],
    ["(1 - avg(a)) * $__range_s", ["a"]],
  ])("%s", (expr, names) => {
    expect(metricsIn(expr)).toEqual(names);
  });
});

describe("an expression as Grafana sends it", () => {
  test("variables are filled in, the long ones first", () => {
    expect(filledIn('increase(a{stack="$stack"}[$__range]) / $__range_s', "dev", "a")).toBe(
      'increase(a{stack="dev"}[1h]) / 3600',
    );
  });

  test("an unknown one is a fault", () => {
    expect(() => filledIn("a{x='$other'}", "dev", "a")).toThrow("no value for $other");
  });

  test("what label_replace calls $1 is left alone", () => {
    expect(() => filledIn('label_replace(a, "b", "$1", "c", "(.*)")', "dev", "a")).not.toThrow();
  });
});
