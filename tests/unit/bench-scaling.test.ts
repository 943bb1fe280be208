import { expect, test } from "vitest";
import { figures, type Run, seconds } from "../../bench/scaling/figures.ts";
import { schedule } from "../../bench/scaling/load.ts";
import { plot } from "../../bench/scaling/plot.ts";

const times = { step: 2, calm: 8, end: 12 };
const run: Run = {
  name: "on",
  answers: schedule(
    [
      { at: 0, rate: 1 },
      { at: 2, rate: 4 },
      { at: 8, rate: 1 },
    ],
    12,
  ).map((due) => ({
    due,
    latency: due >= 2 && due < 6 ? 0.5 : 0.1,
    status: due === 3 ? 503 : 200,
  })),
  seen: [
    { at: 0, desired: 2, ready: 2 },
    { at: 5, desired: 4, ready: 4 },
    { at: 11.5, desired: 2, ready: 2 },
  ],
};

test("requests are due evenly, and as many as the rate says", () => {
  expect(run.answers).toHaveLength(2 + 24 + 4);
  expect(run.answers.slice(0, 4).map(({ due }) => due)).toEqual([0, 1, 2, 2.25]);
});

test("the figures of a run", () => {
  expect(figures(run, times, { min: 2, max: 4 })).toEqual({
    run: "on",
    requests: 30,
    failed: 1,
    secondsToMaximum: 3,
    secondsBack: 3.5,
    p95Step: 0.5,
    p95Settled: 0.1,
  });
});

test("a run that never reached the maximum has no way back", () => {
  const pinned = { ...run, seen: [{ at: 0, desired: 2, ready: 2 }] };
  const row = figures(pinned, times, { min: 2, max: 4 });
  expect([row.secondsToMaximum, row.secondsBack]).toEqual([null, null]);
});

test("a line a second", () => {
  const lines = seconds(run, 12);
  expect(lines.map(({ offered }) => offered)).toEqual([1, 1, 4, 4, 4, 4, 4, 4, 1, 1, 1, 1]);
  expect(lines.map(({ failed }) => failed).indexOf(1)).toBe(3);
  expect(lines.map(({ ready }) => ready)).toEqual([2, 2, 2, 2, 4, 4, 4, 4, 4, 4, 4, 2]);
  expect(lines[3]?.p95).toBe(0.5);
});

test("the picture is a document of its own, with a curve a run and panel", () => {
  const drawn = { name: "on & off", color: "#123456", seconds: seconds(run, 12) };
  const text = plot([drawn, { ...drawn, name: "pinned" }], times);
  expect(text).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  expect(text).toContain("<title>Offered load");
  expect(text.match(/<polyline/g)).toHaveLength(6);
  expect(text).toContain("on &amp; off");
  expect(text).not.toContain("NaN");
});
