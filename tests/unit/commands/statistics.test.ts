import { expect, test } from "vitest";
import { percentile, spreadOf } from "../../../commands/statistics.ts";

test("a percentile is the nearest rank, always a measured value", () => {
  const values = [5, 1, 4, 2, 3];
  expect([50, 95, 100, 20, 20.1].map((p) => percentile(values, p))).toEqual([3, 5, 5, 1, 2]);
  expect(percentile([1, 2, 3, 4], 50)).toBe(2);
  expect(percentile([7], 1)).toBe(7);
  expect(percentile([], 50)).toBeUndefined();
  expect(() => percentile(values, 0)).toThrow(RangeError);
  expect(() => percentile(values, 101)).toThrow(RangeError);
});

test("a spread is of what was measured, and of nothing there is none", () => {
  expect(spreadOf([4, 1, 3, 2])).toEqual({ n: 4, min: 1, median: 2, p95: 4, max: 4 });
  expect(spreadOf([7])).toEqual({ n: 1, min: 7, median: 7, p95: 7, max: 7 });
  expect(spreadOf([])).toBeUndefined();
});
