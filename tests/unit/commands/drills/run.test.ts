import { describe, expect, test } from "vitest";
import { needFullRedundancy, runAll } from "../../../../commands/drills/all.ts";
import { Interrupted, runDrill } from "../../../../commands/drills/run.ts";
import {
  type Drill,
  type Injected,
  type Scene,
  Skipped,
} from "../../../../commands/drills/scene.ts";
import { allBoxes, FakeStage, look, members, record, rowsOf, write } from "./fakes.ts";

const never = new AbortController().signal;

/** A fault that writes down when it is made and undone. */
function fault(
  stage: FakeStage,
  inject: (scene: Scene) => Promise<Injected> = async () => ({ fault: "it was broken" }),
): Drill {
  return {
    name: "postgres-killed",
    family: "crash",
    description: "",
    async inject(scene) {
      scene.undo("it is mended", async () => stage.log.push("undo"));
      stage.log.push(`inject ${scene.leader.alias}`);
      return inject(scene);
    },
  };
}

describe("an alert that a fault has to raise", () => {
  const alerting = (stage: FakeStage): Drill => ({
    ...fault(stage, async () => ({ fault: "it was broken", holdSeconds: 20 })),
    alert: "TransactionsSlow",
  });

  test("is waited for while the fault lasts, and timed", async () => {
    const stage = new FakeStage();
    stage.alerts = async () =>
      stage.log.includes("inject postgres-1") && stage.now() >= 9
        ? [{ name: "PostgresDown" }, { name: "TransactionsSlow" }]
        : [{ name: "PostgresDown" }];
    const result = await runDrill(alerting(stage), stage, never);
    expect(result.alertSeconds).toBeGreaterThan(0);
    expect(result.notes).toContain("new alerts before the fault was undone: TransactionsSlow");
  });

  test("that does not come is not measured", async () => {
    const result = await runDrill(alerting(new FakeStage()), new FakeStage(), never);
    expect(result.alertSeconds).toBeUndefined();
  });

  test("of another place or cause is another alert", async () => {
    const stage = new FakeStage();
    const firing = (cause: string) => ({ name: "RepositoryFault", labels: { cause, job: "x" } });
    stage.alerts = async () =>
      stage.log.includes("inject postgres-1")
        ? [firing("full"), ...(stage.now() >= 9 ? [firing("bucket")] : [])]
        : [];
    const alert = { name: "RepositoryFault", labels: { cause: "bucket" } };
    const result = await runDrill({ ...alerting(stage), alert }, stage, never);
    expect(result.alertSeconds).toBeGreaterThan(3);
    expect(result.notes.at(-1)).toBe(
      "new alerts before the fault was undone: RepositoryFault (full), RepositoryFault (bucket)",
    );
  });

  test("ends the fault once it has fired, not before the fault has lasted long enough", async () => {
    for (const [after, lasted] of [
      [2, 6],
      [9, 9],
      [99, 20],
    ] as const) {
      const stage = new FakeStage();
      const begin = () => (stage.marks.get("fault: postgres-killed") ?? Infinity) - 100;
      stage.alerts = async () =>
        stage.now() >= begin() + after ? [{ name: "TransactionsSlow" }] : [];
      const drill = fault(stage, async () => ({
        fault: "it was broken",
        holdSeconds: 20,
        untilAlertSeconds: 6,
      }));
      await runDrill({ ...drill, alert: "TransactionsSlow" }, stage, never);
      const undone = stage.marks.get("undone: it is mended") ?? 0;
      expect(undone - 100 - begin()).toBe(lasted);
    }
  });

  test("that fires already proves nothing", async () => {
    const stage = new FakeStage();
    stage.alerts = async () => [{ name: "TransactionsSlow" }];
    const result = await runDrill(alerting(stage), stage, never);
    expect(result.error).toContain("TransactionsSlow fires already");
    expect(stage.log).not.toContain("inject postgres-1");
  });
});

describe("one drill", () => {
  test("goes from load to ledger in this order", async () => {
    const stage = new FakeStage();
    const drill = fault(stage, async () => ({ fault: "it was broken", holdSeconds: 7 }));
    const result = await runDrill(drill, stage, never);
    expect(stage.log).toEqual([
      "load",
      "mark fault: postgres-killed",
      "inject postgres-1",
      "mark undone: it is mended",
      "undo",
      "mark full redundancy",
      "stop",
      "rows holdfast-lab-a-postgres-1",
      "rows holdfast-lab-a-postgres-2",
      "rows holdfast-lab-a-postgres-3",
      "kill",
    ]);
    expect(result).toMatchObject({
      drill: "postgres-killed",
      fault: "it was broken",
      passed: true,
      acknowledged: 8,
      lost: 0,
      leaderBefore: "postgres-1",
      leaderAfter: "postgres-1",
      timelineBefore: 3,
      timelineAfter: 3,
      notes: ["a quiet machine", "new alerts before the fault was undone: none"],
    });
    expect(result.verdicts.map(({ member }) => member)).toEqual([
      "postgres-1",
      "postgres-2",
      "postgres-3",
    ]);
    expect(result.error).toBeUndefined();
  });

  test("what is whole again later than redundancy is waited for under the load, and timed", async () => {
    const stage = new FakeStage();
    let sleep: (seconds: number) => Promise<void> = async () => undefined;
    const drill = fault(stage, async (scene) => {
      sleep = scene.sleep;
      return {
        fault: "it was broken",
        whole: async () => {
          await sleep(40);
          stage.log.push("whole");
        },
      };
    });
    const result = await runDrill({ ...drill, name: "s3-unavailable" }, stage, never);
    expect(result.wholeAgainSeconds).toBeGreaterThanOrEqual(40);
    expect(result.wholeAgainSeconds).toBeLessThan(42);
    expect(stage.log.indexOf("whole")).toBeLessThan(stage.log.indexOf("stop"));
    expect(result.redundancySeconds).toBeLessThan(40);
  });

  test("what does not become whole fails the drill, with its words", async () => {
    const stage = new FakeStage();
    const drill = fault(stage, async () => ({
      fault: "it was broken",
      whole: () => Promise.reject(new Error("cloud has a hole")),
    }));
    const result = await runDrill(drill, stage, never);
    expect(result).toMatchObject({ passed: false, error: "cloud has a hole" });
    expect(result.wholeAgainSeconds).toBeUndefined();
  });

  test("what mended itself is timed by the fault; an alert that goes on afterwards is an error", async () => {
    const stage = new FakeStage();
    stage.alerts = async () =>
      stage.log.includes("inject postgres-1") ? [{ name: "BackupDamaged" }] : [];
    const drill = fault(stage, async () => ({
      fault: "a segment was deleted",
      figures: { wholeAgainSeconds: 7 },
      whole: async () => undefined,
    }));
    const result = await runDrill({ ...drill, alert: "BackupDamaged" }, stage, never);
    expect(result.wholeAgainSeconds).toBe(7);
    expect(result.error).toBe("its alert fires 60 s after all is whole again");
  });

  test("a row that one replica lacks is a miss", async () => {
    const stage = new FakeStage();
    stage.rowsAt = (container) =>
      rowsOf(stage.loaded).slice(container.endsWith("postgres-3") ? 1 : 0);
    const result = await runDrill(fault(stage), stage, never);
    expect(result).toMatchObject({ passed: false, lost: 1 });
    expect(result.verdicts[2]?.lost).toEqual(["1/1"]);
    expect(result.objectives.filter(({ met }) => !met).map(({ name }) => name)).toEqual(["lost"]);
  });

  test("what is not undone has recovered by a write that began after it was made", async () => {
    const stage = new FakeStage();
    const asked: number[] = [];
    const start = stage.startLoad;
    stage.startLoad = async () => {
      const load = await start();
      const writesAgain = async (since: number) => {
        asked.push(since);
        return since + 1;
      };
      return { ...load, writesAgain };
    };
    const drill: Drill = {
      ...fault(stage),
      async inject({ sleep }) {
        await sleep(4);
        return { fault: "a handover was begun and killed" };
      },
    };
    await runDrill(drill, stage, never);
    expect(stage.log).toContain("mark the fault is made");
    // Looks before the load and its settling, then the four seconds of the fault.
    const begin = stage.marks.get("fault: postgres-killed") ?? 0;
    expect(asked).toEqual([begin + 4]);
  });

  test("redundancy counts from the undo to the first look of a steady row", async () => {
    const stage = new FakeStage();
    let looks = 0;
    stage.looks = () => {
      const broken = stage.log.includes("undo") && ++looks <= 4;
      // Full once in between: that does not count.
      return broken && looks !== 2 ? look(allBoxes().slice(1)) : look();
    };
    const result = await runDrill(fault(stage), stage, never);
    expect(result.redundancySeconds).toBe(1);
    expect(result.passed).toBe(true);
  });

  test("a fault that fails halfway is undone, and the ledger was not checked", async () => {
    const stage = new FakeStage();
    const drill = fault(stage, async () => {
      throw new Error("the second half did not work");
    });
    const result = await runDrill(drill, stage, never);
    expect(stage.log.slice(-3)).toEqual(["inject postgres-1", "undo", "kill"]);
    expect(result).toMatchObject({ passed: false, error: "the second half did not work" });
    expect(result.objectives.find(({ name }) => name === "lost")).toEqual({
      name: "lost",
      limit: 0,
      measured: undefined,
      met: false,
    });
  });

  test("an interruption undoes the fault and is thrown", async () => {
    const stage = new FakeStage();
    const person = new AbortController();
    stage.onSleep = (seconds) => {
      if (seconds === 35) {
        person.abort();
      }
    };
    const drill = fault(stage, async () => ({ fault: "cut off", holdSeconds: 35 }));
    await expect(runDrill(drill, stage, person.signal)).rejects.toThrow(Interrupted);
    expect(stage.log.slice(-3)).toEqual(["inject postgres-1", "undo", "kill"]);
  });

  test("an interruption says what is not undone", async () => {
    const stage = new FakeStage();
    const person = new AbortController();
    const drill = fault(stage, async ({ undo, cleanUp }) => {
      undo("connected again", () => Promise.reject(new Error("no such network")));
      cleanUp("started", () => Promise.reject(new Error("no such container")));
      person.abort();
      return { fault: "cut off", holdSeconds: 35 };
    });
    const left = [
      "not undone (connected again): no such network",
      "not undone (started): no such container",
    ];
    await expect(runDrill(drill, stage, person.signal)).rejects.toMatchObject({
      message: "drill postgres-killed was interrupted; not all that it did is undone",
      advice: left,
    });
    const again = await runAll([drill], 1, stage, person.signal, () => undefined);
    expect(again).toMatchObject({ results: [], ended: "interrupted" });
    expect(again.why).toContain("was interrupted; its fault is undone");
  });

  test("several undos run last first, each once, whatever becomes of the others", async () => {
    const stage = new FakeStage();
    const drill = fault(stage, async ({ undo, cleanUp }) => {
      cleanUp("cleared up", async () => stage.log.push("clean"));
      undo("the second", async () => {
        stage.log.push("undo 2");
        throw new Error("no such container");
      });
      return { fault: "" };
    });
    const result = await runDrill(drill, stage, never);
    const steps = stage.log.filter((line) => /^(undo|clean|kill|stop)/.test(line));
    expect(steps).toEqual(["undo 2", "undo", "stop", "kill", "clean"]);
    expect(result.error).toBe("not undone (the second): no such container");
    expect(result.passed).toBe(false);
  });

  test("what cannot run is skipped with its reason, and cleared up", async () => {
    const stage = new FakeStage();
    const drill: Drill = {
      ...fault(stage),
      async prepare({ cleanUp }) {
        cleanUp("started again", async () => stage.log.push("clean"));
        throw new Skipped("this needs root");
      },
    };
    const result = await runDrill(drill, stage, never);
    expect(result).toMatchObject({ passed: false, skipped: "this needs root", objectives: [] });
    expect(stage.log).toEqual(["clean"]);
  });

  test("what could not be cleared up is no skip", async () => {
    const stage = new FakeStage();
    const drill: Drill = {
      ...fault(stage),
      async prepare({ cleanUp }) {
        cleanUp("the volume is back", () => Promise.reject(new Error("no space left")));
        throw new Skipped("this needs root");
      },
    };
    const result = await runDrill(drill, stage, never);
    expect(result.skipped).toBeUndefined();
    expect(result).toMatchObject({
      passed: false,
      error: "cannot run here: this needs root; not undone (the volume is back): no space left",
    });
  });

  test("what lasted too long or too short is seen before it is undone", async () => {
    const stage = new FakeStage();
    const drill = fault(stage, async () => ({
      fault: "stopped",
      holdSeconds: 7,
      check: async () => {
        stage.log.push(`check ${stage.now()}`);
        return "nobody replaced it";
      },
    }));
    const result = await runDrill(drill, stage, never);
    const begin = (stage.marks.get("fault: postgres-killed") ?? 0) - 100;
    expect(stage.log.indexOf(`check ${begin + 7}`)).toBeGreaterThan(0);
    expect(stage.log.indexOf(`check ${begin + 7}`)).toBeLessThan(stage.log.indexOf("undo"));
    expect(result).toMatchObject({ passed: false, error: "nobody replaced it" });
  });

  test("no write and no redundancy in time are errors", async () => {
    const silent = new FakeStage();
    silent.writesAgain = undefined;
    const first = await runDrill(fault(silent), silent, never);
    expect(first.error).toBe("no write was acknowledged within 120 s after the fault");
    const broken = new FakeStage();
    broken.looks = () => look(broken.log.includes("undo") ? allBoxes().slice(1) : allBoxes());
    const second = await runDrill(fault(broken), broken, never);
    expect(second.error).toBe("no full redundancy within 120 s: etcd-1 has no container");
    expect(second.passed).toBe(false);
  });

  test("a replica that does not replay fails the drill", async () => {
    const stage = new FakeStage();
    const late = { ...members["postgres-3"], state: "running", role: "replica" };
    stage.looks = () =>
      stage.log.includes("stop")
        ? look(allBoxes(), { ...members, "postgres-3": { ...late, xlog: {} } })
        : look();
    const result = await runDrill(fault(stage), stage, never);
    expect(result.error).toBe("postgres-3 did not replay the leader's WAL in 30 s");
  });

  test("what the fault itself found wrong fails the drill", async () => {
    const stage = new FakeStage();
    const drill = fault(stage, async () => ({ fault: "two at once", wrong: "both succeeded" }));
    expect(await runDrill(drill, stage, never)).toMatchObject({
      passed: false,
      error: "both succeeded",
    });
  });

  test("a load that the fault ends: a second one ends the gap, untold rows are unknown", async () => {
    const stage = new FakeStage();
    const first = record();
    const second = record({ writes: [write(1, 1, { begin: 120, end: 121 })] });
    const start = stage.startLoad;
    let loads = 0;
    stage.startLoad = async () => {
      loads += 1;
      if (loads === 2) {
        throw new Error("nothing answers yet");
      }
      const load = await start();
      const own = loads === 1 ? first : second;
      return { ...load, record: () => own };
    };
    stage.rowsAt = () => [...rowsOf(first), { client: 2, sequence: 5 }];
    const drill: Drill = { ...fault(stage), endsLoad: true };
    const result = await runDrill(drill, stage, never);
    expect(loads).toBe(3);
    expect(result.writeGapSeconds).toBeCloseTo(121 - 104.01);
    expect(result).toMatchObject({ acknowledged: 8, lost: 0, phantom: 0 });
  });
});

describe("several drills", () => {
  test("the list runs as often as asked, and one that fails does not stop it", async () => {
    const stage = new FakeStage();
    const bad: Drill = {
      ...fault(stage, async () => Promise.reject(new Error("no"))),
      name: "bad",
    };
    const done: string[] = [];
    const runs = await runAll([bad, fault(stage)], 2, stage, never, ({ drill }) =>
      done.push(drill),
    );
    expect(done).toEqual(["bad", "postgres-killed", "bad", "postgres-killed"]);
    expect(runs.ended).toBeUndefined();
  });

  test("what the clearing up has just started has its time to become healthy", async () => {
    const stage = new FakeStage();
    stage.looks = () => {
      const starting = stage.log.includes("clean") && stage.now() < begin + 9;
      return look(starting ? allBoxes().slice(1) : allBoxes());
    };
    let begin = Infinity;
    const drill = fault(stage, async ({ cleanUp }) => {
      cleanUp("started again", async () => {
        stage.log.push("clean");
        begin = stage.now();
      });
      return { fault: "stopped", wrong: "nobody noticed" };
    });
    const runs = await runAll([drill, fault(stage)], 1, stage, never, () => undefined);
    expect(runs.results).toHaveLength(2);
    expect(runs.ended).toBeUndefined();
  });

  test("a stack that does not come back ends it", async () => {
    const stage = new FakeStage();
    stage.looks = () => look(stage.log.includes("undo") ? allBoxes().slice(1) : allBoxes());
    const runs = await runAll([fault(stage), fault(stage)], 1, stage, never, () => undefined);
    expect(runs.results).toHaveLength(1);
    expect(runs.ended).toBe("broken");
  });

  test("so does a Docker that does not answer any more, and the results are kept", async () => {
    const stage = new FakeStage();
    stage.looks = () => {
      if (stage.log.includes("undo")) {
        throw new Error("Cannot connect to the Docker daemon");
      }
      return look();
    };
    const runs = await runAll([fault(stage), fault(stage)], 1, stage, never, () => undefined);
    expect(runs.results).toMatchObject([{ error: "Cannot connect to the Docker daemon" }]);
    expect(runs.ended).toBe("broken");
    expect(runs.why).toContain("Cannot connect to the Docker daemon");
  });

  test("a stack that lacks something is refused", async () => {
    const stage = new FakeStage();
    stage.looks = () => look(allBoxes().slice(1));
    await expect(needFullRedundancy(stage)).rejects.toMatchObject({
      message: expect.stringContaining("not fully redundant"),
      advice: expect.arrayContaining(["missing: etcd-1 has no container"]),
    });
  });
});
