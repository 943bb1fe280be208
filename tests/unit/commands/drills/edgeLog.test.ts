import { describe, expect, test } from "vitest";
import { readView } from "../../../../commands/drills/faults/edgeLog.ts";

const FAULT = Date.parse("2026-11-28T12:00:00.000Z") / 1000;
const stamp = (seconds: number) => new Date((FAULT + seconds) * 1000).toISOString();
const state = (seconds: number, server: string, word: string) =>
  `${stamp(seconds)} Server app/${server} is ${word}, reason: Layer7 timeout, check duration: 602ms.`;
const request = (begin: number, server: string, more: Record<string, unknown> = {}) =>
  `${stamp(begin + 0.02)} ${JSON.stringify({ time: stamp(begin), server, queueMs: 0, retries: 0, ...more })}`;
const view = (lines: string[], aliases = ["app-1"]) => readView(lines.join("\n"), aliases, FAULT);

describe("the edge's log after a fault", () => {
  test("says when an instance was out, and when it was up again", () => {
    const found = view([
      "",
      `${stamp(0.5)} [NOTICE] something else`,
      request(1.2, "app-1"),
      state(1.7, "app-1", "DOWN"),
      request(2, "app-2"),
      state(9, "app-1", "UP"),
      request(9.5, "app-1"),
      // After its slow start.
      state(14, "app-1", "UP"),
    ]);
    expect(found).toEqual({
      out: expect.closeTo(FAULT + 1.7, 2),
      back: expect.closeTo(FAULT + 9, 2),
      late: 0,
    });
  });

  test("of several, the last one counts; one that never was out leaves it open", () => {
    const lines = [
      state(0.1, "app-1", "DOWN"),
      state(0.4, "app-2", "DOWN"),
      state(5, "app-2", "UP"),
    ];
    expect(view(lines, ["app-1", "app-2"]).out).toBeCloseTo(FAULT + 0.4, 2);
    expect(view(lines, ["app-1", "app-2"]).back).toBeUndefined();
    expect(view(lines, ["app-1", "app-3"]).out).toBeUndefined();
  });

  test("counts what it was given while it was out, and nothing that only looks like it", () => {
    const out = [state(1, "app-1", "DOWN"), state(8, "app-1", "UP")];
    expect(view([...out, request(3, "app-1")]).late).toBe(1);
    // Came while it was out, waited, and was given to it when it was up again.
    expect(view([...out, request(7, "app-1", { queueMs: 1500 })]).late).toBe(0);
    // The daemon stamped the line of its return a little after HAProxy wrote it.
    expect(view([...out, request(7.7, "app-1")]).late).toBe(0);
    // Was tried elsewhere first: nobody knows when it came here.
    expect(view([...out, request(7, "app-1", { retries: 1 })]).late).toBe(0);
    // Another's, or of none: the edge itself answered.
    expect(view([...out, request(3, "app-2"), request(3, "<NOSRV>", { queueMs: -1 })]).late).toBe(
      0,
    );
  });

  test("what was before the fault is not of it", () => {
    const found = view([state(-3, "app-1", "DOWN"), state(-1, "app-1", "UP")]);
    expect(found).toEqual({ out: undefined, back: undefined, late: 0 });
  });
});
