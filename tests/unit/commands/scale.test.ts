import { describe, expect, test } from "vitest";
import { isHealthy, type StackStatus } from "../../../commands/cluster/inspect.ts";
import { instanceStates, type Scaling } from "../../../commands/cluster/scaling.ts";
import { Fault } from "../../../commands/fault.ts";
import { checkedPin, scalingLine, scalingText } from "../../../commands/scale.ts";
import { settingsWith } from "../tree/mocks.ts";

const settings = settingsWith({ application: { instances: { min: 2, max: 4 } } });
const scaling: Scaling = {
  desired: 3,
  running: 3,
  ready: 2,
  minimum: 2,
  maximum: 4,
  pinned: null,
  deploying: false,
  wanted: 3,
  limitedBy: null,
  held: null,
  why: "requests/s 140.0 / 50 = 2.80, at work 3.1 / 4.9 = 0.63",
  failing: [],
  missing: [],
};

describe("--instances", () => {
  test("takes what is within the bounds", () => {
    expect(["2", "3", "4"].map((given) => checkedPin(given, settings))).toEqual([2, 3, 4]);
  });

  const advice = (given: string): string => {
    try {
      checkedPin(given, settings);
    } catch (error) {
      if (error instanceof Fault) return [error.message, ...error.advice].join(" | ");
    }
    throw new Error(`${given} was taken`);
  };

  test("refuses others by the setting's key, with what to type", () => {
    expect(advice("5")).toBe(
      "--instances 5: above application.instances.max = 4; expected a whole number from 2 to 4 | " +
        "pulumi config set --path application.instances.max 5 --stack dev, then ./holdfast up",
    );
    expect(advice("1")).toContain("below application.instances.min = 2");
    expect(advice("1")).toContain("application.instances.min 1");
    for (const given of ["0", "21", "-1", "two", "", "3.5", "1e1"]) {
      expect(advice(given)).not.toContain("pulumi config set");
    }
  });
});

describe("states of instances", () => {
  const box = (instance: number, running: boolean, state: string) => ({
    alias: `app-${instance}`,
    component: "app",
    instance,
    running,
    state,
  });
  const boxes = [
    box(1, true, "healthy"),
    box(2, true, "healthy"),
    box(3, false, "exited"),
    box(4, false, "exited"),
    { alias: "edge", component: "edge", instance: 0, running: true, state: "healthy" },
  ];
  const states = (list: typeof boxes, desired?: number) =>
    instanceStates(list, 2, desired === undefined ? undefined : { desired }).map(
      ({ name, state }) => `${name} ${state}`,
    );

  test("what is stopped and not needed is scaled in", () => {
    const rest = ["app-3 scaled in", "app-4 scaled in"];
    expect(states(boxes, 2)).toEqual(["app-1 healthy", "app-2 healthy", ...rest]);
    expect(states(boxes)).toEqual(["app-1 healthy", "app-2 healthy", ...rest]);
  });

  test("what is needed and stopped is shown as it is", () => {
    expect(states(boxes, 3).slice(2)).toEqual(["app-3 exited", "app-4 scaled in"]);
    expect(states(boxes, 4).slice(2)).toEqual(["app-3 exited", "app-4 exited"]);
    const killed = [box(1, false, "exited"), ...boxes.slice(1)];
    expect(states(killed, 2)[0]).toBe("app-1 exited");
    expect(states([...boxes.slice(0, 2), box(3, false, "dead")], 2)[2]).toBe("app-3 dead");
  });

  test("scaled in is healthy, exited is not", () => {
    const status = (state: string): StackStatus => ({
      members: [
        { name: "postgres-1", role: "leader", state: "running", timeline: 1, lagBytes: null },
      ],
      instances: [{ name: "app-3", state }],
      backups: [],
      alerts: [],
      endpoints: {},
      services: [],
    });
    expect([isHealthy(status("scaled in")), isHealthy(status("exited"))]).toEqual([true, false]);
  });
});

describe("what is shown", () => {
  test("the number, and why", () => {
    expect(scalingText(scaling)).toMatchInlineSnapshot(`
      "  desired   3 (from 2 to 4)
        running   3, 2 of them serve
        pinned    no: traffic decides
        measured  asks for 3
        why       requests/s 140.0 / 50 = 2.80, at work 3.1 / 4.9 = 0.63"
    `);
    expect(scalingLine(scaling)).toBe(`3 desired: ${scaling.why}`);
  });

  test("pins, holds and troubles", () => {
    const held = { ...scaling, pinned: 4, held: "the database has no leader" };
    expect(scalingLine(held)).toContain("pinned");
    expect(scalingLine({ ...held, pinned: null })).toBe(
      "3 desired, held: the database has no leader",
    );
    const text = scalingText({
      ...held,
      limitedBy: "pinned",
      failing: ["app-2"],
      missing: ["app-4"],
    });
    expect(text).toContain("to 4");
    expect(text).toMatch(/failing +app-2/);
    expect(text).toMatch(/no container +app-4/);
  });
});
