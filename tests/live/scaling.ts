/** Steps on a running stack with `application.instances` 2 to 4: traffic decides how many of them run. */
import { expect, it } from "vitest";
import { Generator } from "./generator.ts";
import { eventually, type LiveStack } from "./stack.ts";

interface Scaling {
  readonly desired: number;
  readonly running: number;
  readonly ready: number;
  readonly pinned: number | null;
}

/** Of one instance, so little that a laptop bears three times as much of it with ease. */
const TARGET = 10;
/** Four instances' worth and more. */
const STEP = 45;

/** @param appUrl asked when a step runs */
export function scalingSteps(stack: LiveStack, appUrl: () => string): void {
  const look = () => stack.json<Scaling>("scale");
  const runs = (number: number, seconds: number) =>
    eventually(`${number} instances run and serve`, seconds, async () => {
      const { running, ready } = await look();
      return running === number && ready === number;
    });
  const set = async (key: string, value: string) => {
    const line = `pulumi config set --path application.scaling.${key} ${value}`;
    const { code, stderr } = await stack.pulumi(line);
    expect(code, stderr).toBe(0);
  };

  it("stops what traffic does not need, and Pulumi sees no drift in it", async () => {
    await set("targetRequests", String(TARGET));
    await set("downWindow", "'20 s'");
    const before = await stack.containers();
    await stack.holdfast("up");
    expect(Object.keys(await stack.containers()).sort()).toEqual(Object.keys(before).sort());
    await runs(2, 240);
    await stack.holdfast("preview", "--expect-no-changes");
    await stack.holdfast("preview", "--expect-no-changes", "--refresh");
    const { stdout } = await stack.try("status", "--json");
    const { instances } = JSON.parse(stdout) as { instances: { name: string; state: string }[] };
    expect(instances.map(({ state }) => state).sort()).toEqual([
      ...["healthy", "healthy", "scaled in", "scaled in"],
    ]);
  });

  it("starts them when traffic comes, and stops them when it is gone", async () => {
    const load = await Generator.start(appUrl(), STEP);
    const begin = performance.now();
    try {
      await runs(4, 60);
      console.log(`2 to 4 instances after ${((performance.now() - begin) / 1000).toFixed(1)} s`);
    } finally {
      const { failures } = await load.end();
      expect(failures.slice(0, 5), `${failures.length} failed`).toEqual([]);
    }
    const quiet = performance.now();
    await runs(2, 240);
    console.log(`4 to 2 instances after ${((performance.now() - quiet) / 1000).toFixed(1)} s`);
  });

  it("holds a pinned number over an up, until it is unpinned", async () => {
    await stack.holdfast("scale", "--instances", "3");
    await runs(3, 60);
    await stack.holdfast("up");
    expect(await look()).toMatchObject({ pinned: 3, desired: 3 });
    const refused = await stack.try("scale", "--instances", "9");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("application.instances.max = 4");
    await stack.holdfast("scale", "--auto");
    expect((await look()).pinned).toBeNull();
    await runs(2, 240);
  });
}
