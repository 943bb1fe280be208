import { describe, expect, test } from "vitest";
import { checkedOptions } from "../../../../commands/bench/options.ts";
import { cellsOf, planSeconds, roundsOf } from "../../../../commands/bench/plan.ts";
import type { Cell } from "../../../../commands/bench/types.ts";

const typed = { args: [], rounds: "5", seconds: "10", clients: "8", scale: "10", times: "3" };
const said = ({ load, replication, path }: Cell) => `${load} ${replication} ${path}`;

describe("what is measured", () => {
  test("every path in both modes, the bare server beside them, reads by 1 to n replicas", () => {
    expect(cellsOf(["throughput", "reads"], 2).map(said)).toEqual([
      "writes none bare",
      "writes quorum direct",
      "writes quorum router",
      "writes quorum pooler",
      "writes quorum pooler+router",
      "writes asynchronous direct",
      "writes asynchronous router",
      "writes asynchronous pooler",
      "writes asynchronous pooler+router",
      "reads none bare",
      "reads quorum direct",
      "reads quorum router",
      "reads quorum pooler",
      "reads quorum pooler+router",
      "reads quorum replicas-1",
      "reads quorum replicas-2",
      "reads quorum pool-ro",
    ]);
  });

  test("only what was asked for", () => {
    expect(cellsOf(["handover", "failover"], 2)).toEqual([]);
    expect(cellsOf(["reads"], 3).map(({ path }) => path)).toEqual([
      ...["replicas-1", "replicas-2", "replicas-3", "pool-ro"],
    ]);
  });

  test("takes as long as all rounds and the warm-up", () => {
    expect(planSeconds(17, 5, 10)).toBe(17 * 52);
  });
});

describe("rounds", () => {
  const cells = cellsOf(["throughput", "reads"], 2);
  const rounds = roundsOf(cells, 4);

  test("every cell once a round", () => {
    for (const round of rounds) {
      expect(round.map(said).toSorted()).toEqual(cells.map(said).toSorted());
    }
  });

  test("replication is switched once a round", () => {
    const modes = rounds.flat().map(({ replication }) => replication === "asynchronous");
    const switches = modes.filter((mode, index) => index > 0 && mode !== modes[index - 1]);
    expect(modes[0]).toBe(false);
    expect(switches).toHaveLength(4);
  });

  test("each begins with another cell of its mode", () => {
    const quorum = rounds.map((round) => round.find((cell) => cell.replication !== "asynchronous"));
    const asynchronous = rounds.map((round) =>
      round.find((cell) => cell.replication === "asynchronous"),
    );
    for (const firsts of [quorum, asynchronous]) {
      expect(new Set(firsts.map((cell) => cell && said(cell))).size).toBe(4);
    }
  });

  test("of nothing there are none", () => {
    expect(roundsOf([], 2)).toEqual([[], []]);
  });
});

describe("options", () => {
  test("no part stands for all, and they come in their order", () => {
    expect(checkedOptions(typed)).toEqual({
      parts: ["throughput", "reads", "handover", "failover"],
      ...{ rounds: 5, seconds: 10, clients: 8, scale: 10, times: 3 },
    });
    expect(checkedOptions({ ...typed, args: ["failover", "reads"] }).parts).toEqual([
      ...["reads", "failover"],
    ]);
  });

  test.each([
    [{ args: ["speed"] }, /no part "speed"/],
    [{ rounds: "0" }, /--rounds 0: expected a whole number from 1 to 100/],
    [{ rounds: "1.5" }, /--rounds 1\.5/],
    [{ seconds: "61" }, /--seconds 61: expected a whole number from 2 to 60/],
    [{ seconds: "" }, /--seconds/],
    [{ clients: "-1" }, /--clients -1/],
    [{ clients: "65" }, /--clients 65/],
    [{ scale: "101" }, /--scale 101/],
    [{ times: "x" }, /--times x/],
    [{ clients: "11" }, /--scale 10: below --clients 11/],
  ])("%j is refused", (change, message) => {
    expect(() => checkedOptions({ ...typed, ...change })).toThrow(message);
  });
});
