import { expect, test } from "vitest";
import { Docker } from "../../../../commands/docker.ts";
import { crashes } from "../../../../commands/drills/faults/crash.ts";
import type { Scene } from "../../../../commands/drills/scene.ts";
import { box, settings } from "./fakes.ts";

/** A leader whose Patroni has this pid, and what was signalled in it. */
function hung() {
  const state = { pid: 8 };
  const signals: string[] = [];
  const undone: (() => Promise<unknown>)[] = [];
  const docker = new Docker("unix:///nowhere");
  docker.must = async (_, args) => {
    const script = args[4] ?? "";
    if (script.startsWith("kill")) {
      signals.push([script.split(" ")[1], ...args.slice(6)].join(" "));
    }
    const stdout = `1 tini -- x\n${state.pid} /usr/bin/python3 /usr/bin/patroni /run\n`;
    return { code: 0, stdout, stderr: "" };
  };
  const scene = {
    docker,
    settings,
    leader: box("postgres-1"),
    undo: (_: string, work: () => Promise<unknown>) => undone.push(work),
  } as unknown as Scene;
  return { state, signals, undone, scene };
}

const drill = crashes.find(({ name }) => name === "patroni-hung");

test("a Patroni that nobody replaced is reported, and goes on", async () => {
  const { signals, undone, scene } = hung();
  const injected = await drill?.inject(scene);
  expect(await injected?.check?.()).toBe("nobody replaced Patroni of postgres-1 within 12 s");
  await undone[0]?.();
  expect(signals).toEqual(["-STOP 8", "-CONT 8"]);
});

test("one that was replaced is left alone", async () => {
  const { state, signals, undone, scene } = hung();
  const injected = await drill?.inject(scene);
  state.pid = 90;
  expect(await injected?.check?.()).toBeUndefined();
  await undone[0]?.();
  expect(signals).toEqual(["-STOP 8"]);
});
