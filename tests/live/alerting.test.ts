/**
 * Alerting, on a stack of its own: who is told of what and when, and which fault raises which alert. It needs
 * half an hour, which CI has not: it runs where HOLDFAST_ALERTING=1 asks for it.
 */
import { describe, it } from "vitest";
import { alertSteps } from "./alerting.ts";
import { LiveStack, runInSteps } from "./stack.ts";

describe.runIf(process.env.HOLDFAST_ALERTING === "1")("alerting", () => {
  const stack = new LiveStack();
  runInSteps(stack);

  it("comes up", async () => {
    await stack.holdfast("up");
  });

  alertSteps(stack);

  it("goes away", async () => {
    await stack.holdfast("down", "--data");
  });
});
