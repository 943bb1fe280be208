import { describe, expect, test } from "vitest";
import { type Bench, measureAll } from "../../../../commands/bench/measure.ts";
import { cellsOf } from "../../../../commands/bench/plan.ts";
import { runBench, type Tools } from "../../../../commands/bench/run.ts";
import type { Sample } from "../../../../commands/bench/types.ts";
import type { Runs } from "../../../../commands/drills/all.ts";
import { skippedResult } from "../../../../commands/drills/result.ts";
import { Fault } from "../../../../commands/fault.ts";

/** Writes down what was done to it. */
class FakeBench implements Bench {
  readonly log: string[] = [];
  /** Called before each run of pgbench. */
  onMeasure: (path: string) => void = () => undefined;
  say = () => undefined;
  loadAverage = () => 1.5;

  measure: Bench["measure"] = async ({ load, path }, seconds) => {
    this.onMeasure(path);
    this.log.push(`${load} ${path} ${seconds}`);
    return { tps: 100, transactions: 1000, p50Ms: 1, p95Ms: 2, p99Ms: 3 };
  };

  replicate: Bench["replicate"] = async (mode) => {
    if (this.log.findLast((line) => line.startsWith("to ")) !== `to ${mode}`) {
      this.log.push(`to ${mode}`);
    }
  };

  tidy = async () => {
    this.log.push("tidy");
  };
}

const options = { parts: ["throughput" as const], rounds: 2, seconds: 10, times: 3 };

function tools(bench: FakeBench, change: Partial<Tools> = {}): Tools {
  return {
    replicas: 2,
    say: () => undefined,
    setUp: async (undoing) => {
      undoing.add("containers", async () => bench.log.push("removed"));
      undoing.add("replication", async () => bench.log.push("put back"));
      return bench;
    },
    drill: async (names, times): Promise<Runs> => {
      bench.log.push(`drill ${names.join(" ")} ${times}`);
      return {
        results: names.map((name) => skippedResult(name, "2026-11-28T17:00:00Z", "no root")),
      };
    },
    ...change,
  };
}

describe("measuring", () => {
  test("a warm-up that is not kept, then each cell once a round, tidied before it", async () => {
    const bench = new FakeBench();
    const kept: Sample[] = [];
    const cells = cellsOf(["throughput"], 2);
    await measureAll(bench, cells, options, (one) => kept.push(one));
    expect(kept).toHaveLength(2 * cells.length);
    expect(kept.map(({ round }) => round)).toEqual([1, 2].flatMap((n) => cells.map(() => n)));
    expect(kept[0]).toMatchObject({
      path: "bare",
      replication: "none",
      tps: 100,
      loadAverage: 1.5,
    });
    expect(bench.log.filter((line) => line === "tidy")).toHaveLength(2);
    expect(bench.log.filter((line) => line.endsWith(" 2"))).toHaveLength(cells.length);
    expect(bench.log.filter((line) => line.endsWith(" 10"))).toHaveLength(kept.length);
  });

  test("every sample was taken in its own mode", async () => {
    const bench = new FakeBench();
    let mode = "";
    const wrong: string[] = [];
    const watched: Bench = {
      ...bench,
      replicate: async (to) => {
        mode = to;
      },
      measure: async (cell, seconds) => {
        if (cell.replication !== "none" && cell.replication !== mode) wrong.push(cell.path);
        return bench.measure(cell, seconds);
      },
    };
    await measureAll(watched, cellsOf(["throughput"], 2), options, () => undefined);
    expect(wrong).toEqual([]);
  });
});

describe("a run", () => {
  const quiet = () => new AbortController().signal;

  test("undoes everything, last first, before it drills", async () => {
    const bench = new FakeBench();
    const parts = ["throughput", "handover", "failover"] as const;
    const outcome = await runBench({ ...options, parts }, tools(bench), quiet());
    expect(bench.log.slice(-3)).toEqual([
      ...["put back", "removed", "drill switchover container-stopped network-cut 3"],
    ]);
    expect(outcome).toMatchObject({ errors: [] });
    expect(outcome.ended).toBeUndefined();
    expect(outcome.drills.map(({ drill }) => drill)).toEqual([
      ...["switchover", "container-stopped", "network-cut"],
    ]);
  });

  test("drills alone set nothing up", async () => {
    const bench = new FakeBench();
    await runBench({ ...options, parts: ["handover"] }, tools(bench), quiet());
    expect(bench.log).toEqual(["drill switchover 3"]);
  });

  test("a failure keeps what was measured, undoes, says why, and drills nothing", async () => {
    const bench = new FakeBench();
    bench.onMeasure = (path) => {
      if (path === "router" && bench.log.includes("tidy"))
        throw new Fault("pgbench failed", "| why");
    };
    const parts = ["throughput", "handover"] as const;
    const outcome = await runBench({ ...options, parts }, tools(bench), quiet());
    expect(outcome.samples.map(({ path }) => path)).toEqual(["bare", "direct"]);
    expect(outcome).toMatchObject({
      ended: "failed",
      errors: ["pgbench failed; | why"],
      drills: [],
    });
    expect(bench.log.slice(-2)).toEqual(["put back", "removed"]);
  });

  test("what was set up halfway is undone", async () => {
    const bench = new FakeBench();
    const setUp: Tools["setUp"] = async (undoing) => {
      undoing.add("half", async () => bench.log.push("half removed"));
      throw new Error("no image");
    };
    const outcome = await runBench(options, tools(bench, { setUp }), quiet());
    expect(bench.log).toEqual(["half removed"]);
    expect(outcome.errors).toEqual(["no image"]);
  });

  test("what could not be undone is said, and nothing else breaks the stack then", async () => {
    const bench = new FakeBench();
    const setUp: Tools["setUp"] = async (undoing) => {
      undoing.add("replication as it was", () => Promise.reject(new Error("no etcd")));
      return bench;
    };
    const parts = ["throughput", "failover"] as const;
    const outcome = await runBench({ ...options, parts }, tools(bench, { setUp }), quiet());
    expect(outcome.errors).toEqual(["not undone (replication as it was): no etcd"]);
    expect(outcome).toMatchObject({ ended: "failed", drills: [] });
  });

  test("an interruption undoes and drills nothing; what it did to pgbench is no error", async () => {
    const bench = new FakeBench();
    const controller = new AbortController();
    bench.onMeasure = (path) => {
      if (path === "pooler" && bench.log.includes("tidy")) {
        controller.abort();
        controller.signal.throwIfAborted();
      }
    };
    const parts = ["throughput", "handover"] as const;
    const outcome = await runBench({ ...options, parts }, tools(bench), controller.signal);
    expect(outcome).toMatchObject({ ended: "interrupted", errors: [], drills: [] });
    expect(outcome.samples).toHaveLength(3);
    expect(bench.log.slice(-2)).toEqual(["put back", "removed"]);
  });

  test("a stack that does not come back from a drill is a failure", async () => {
    const drill: Tools["drill"] = async () => ({
      results: [],
      ended: "broken",
      why: "postgres-2 is away",
    });
    const outcome = await runBench(
      { ...options, parts: ["failover"] },
      tools(new FakeBench(), { drill }),
      quiet(),
    );
    expect(outcome).toMatchObject({ ended: "failed", errors: ["postgres-2 is away"] });
  });
});
