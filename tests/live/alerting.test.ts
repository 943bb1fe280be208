/**
 * Alerting, on a stack of its own: who is told of what and when, and which fault raises which alert. It needs
 * half an hour, which CI has not: vitest.config.ts leaves it out unless HOLDFAST_ALERTING=1.
 */
import { describe, it } from "vitest";
import { alertSteps } from "./alerting.ts";
import { LiveStack, runInSteps } from "./stack.ts";

const stack = new LiveStack();
runInSteps(stack);

describe("alerting", () => {
  it("comes up", async () => {
    await stack.holdfast("up");
  });

  alertSteps(stack);

  it("goes away", async () => {
    await stack.holdfast("down", "--data");
  });
});
