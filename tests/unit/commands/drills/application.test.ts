import { describe, expect, test } from "vitest";
import { Docker } from "../../../../commands/docker.ts";
import { applications } from "../../../../commands/drills/faults/application.ts";
import { type Scene, Skipped } from "../../../../commands/drills/scene.ts";
import { box, look, settings } from "./fakes.ts";

const FAULT = Date.parse("2026-11-28T12:00:00.000Z");
const stamp = (seconds: number) => new Date(FAULT + seconds * 1000).toISOString();

/** Instances on a Docker host elsewhere, so that no process here is killed; what was run in which. */
function scene(instances = ["app-1", "app-2"], log: string[] = []) {
  const ran: string[] = [];
  const undone: (() => Promise<unknown>)[] = [];
  const notes: string[] = [];
  const docker = new Docker("ssh://elsewhere");
  docker.must = async (_, args) => {
    const [verb, where, , , script = "", , ...rest] = args;
    let stdout = "";
    if (verb === "logs") stdout = log.join("\n");
    else if (script.includes("/proc/")) stdout = "1 tini -- x\n7 sh serve\n8 gunicorn\n";
    else if (script.includes("date") || args[2] === "date") stdout = `${FAULT}\n`;
    if (script.includes("kill") || script.includes(": >") || args[2] === "rm") {
      const words = args[2] === "rm" ? args.slice(2) : [script.split(" && ")[0], ...rest];
      ran.push([where, ...words].join(" "));
    }
    return { code: 0, stdout, stderr: "" };
  };
  docker.run = async () => ({ code: 0, stdout: "/usr/local/bin/holdfast-serve", stderr: "" });
  const state = { boxes: [...instances.map((name) => box(name)), box("edge")] };
  return {
    ran,
    undone,
    notes,
    state,
    scene: {
      docker,
      settings,
      look: look(state.boxes),
      lookAgain: async () => look(state.boxes),
      undo: (_: string, work: () => Promise<unknown>) => undone.push(work),
      note: (text: string) => notes.push(text),
      now: () => 0,
      sleep: async () => undefined,
    } as unknown as Scene,
  };
}

const drill = (name: string) => {
  const found = applications.find((one) => one.name === name);
  if (!found) throw new Error(name);
  return found;
};

describe("a hung instance", () => {
  test("is stopped with all below its init, and goes on when nobody restarted it", async () => {
    const { ran, undone, notes, scene: given } = scene();
    const injected = await drill("app-hung").inject(given);
    expect(ran).toEqual(['holdfast-lab-a-app-1 kill -STOP "$@" 7 8']);
    await undone[0]?.();
    expect(notes).toEqual(["app-1 was not restarted by itself"]);
    expect(ran[1]).toContain("kill -CONT");
    expect(injected.holdSeconds).toBeGreaterThan(40);
  });

  test("that was restarted meanwhile is left alone", async () => {
    const { ran, undone, notes, state, scene: given } = scene();
    await drill("app-hung").inject(given);
    state.boxes[0] = box("app-1", { startedAt: "2026-11-28T12:00:09Z" });
    await undone[0]?.();
    expect([ran.length, notes]).toEqual([1, []]);
  });
});

test("a failing instance says so itself, and is mended", async () => {
  const { ran, undone, scene: given } = scene();
  await drill("app-failing").inject(given);
  await undone[0]?.();
  expect(ran).toEqual([
    'holdfast-lab-a-app-1 : >"$1" /run/app/draining',
    "holdfast-lab-a-app-1 rm -f /run/app/draining",
  ]);
});

test("of all but one the last that runs is left; those that do not run do not count", async () => {
  const { ran, state, scene: given } = scene(["app-1", "app-2", "app-3", "app-4"]);
  state.boxes[3] = box("app-4", { status: "exited" });
  await drill("app-all-but-one-killed").inject({ ...given, look: look(state.boxes) });
  expect(ran.map((line) => line.split(" ")[0])).toEqual([
    "holdfast-lab-a-app-1",
    "holdfast-lab-a-app-2",
  ]);
});

test("with a single instance nothing is broken", async () => {
  for (const { inject } of applications) {
    const { ran, scene: given } = scene(["app-1"]);
    await expect(inject(given)).rejects.toThrow(Skipped);
    expect(ran).toEqual([]);
  }
});

describe("what the edge did", () => {
  const out = `${stamp(1.2)} Server app/app-1 is DOWN, reason: Layer7 timeout`;
  const back = `${stamp(8)} Server app/app-1 is UP, reason: Layer7 check passed`;

  test("is told in seconds from the fault", async () => {
    const { scene: given } = scene(undefined, [out, back]);
    const injected = await drill("app-killed").inject(given);
    await injected.whole?.();
    const seen = await injected.seen?.();
    expect(seen?.noTrafficSeconds).toBeCloseTo(1.2, 2);
    expect(seen?.wholeAgainSeconds).toBeCloseTo(8, 2);
  });

  test("that it gave requests to an instance which it had taken out is an error", async () => {
    const request = { time: stamp(3), server: "app-1", queueMs: 0, retries: 0 };
    const log = [out, `${stamp(3.1)} ${JSON.stringify(request)}`, back];
    const { scene: given } = scene(undefined, log);
    const injected = await drill("app-killed").inject(given);
    await expect(injected.seen?.()).rejects.toThrow("gave 1 requests to an instance");
  });
});
