import { expect, test } from "vitest";
import { requestsPerInstance } from "../../../components/application/edge.ts";
import { renderAutoscalerJson } from "../../../templates/autoscaler.json.ts";
import { settingsWith } from "../tree/mocks.ts";

const rendered = (config: Record<string, unknown> = {}) => {
  const { application } = settingsWith({ application: config });
  const places = requestsPerInstance(application);
  return JSON.parse(renderAutoscalerJson({ ...application, requestsPerInstance: places }));
};

test("the defaults", () => {
  expect(rendered()).toEqual({
    minimum: 2,
    maximum: 4,
    tolerancePercent: 10,
    requestsPerSecond: 50,
    // 0.7 of the seven places that two workers with four threads have beside the health check.
    requestsAtWork: 4.9,
    up: { windowSeconds: 0, policies: [{ kind: "instances", amount: 20, periodSeconds: 15 }] },
    down: { windowSeconds: 300, policies: [{ kind: "instances", amount: 1, periodSeconds: 15 }] },
  });
});

test("what is set", () => {
  const scaling = {
    targetRequests: 5,
    tolerance: 20,
    upWindow: "10 s",
    downWindow: "1 min",
    upStep: 2,
    downStep: 3,
  };
  expect(rendered({ instances: { min: 1, max: 20 }, scaling })).toMatchObject({
    minimum: 1,
    maximum: 20,
    tolerancePercent: 20,
    requestsPerSecond: 5,
    up: { windowSeconds: 10, policies: [{ amount: 2 }] },
    down: { windowSeconds: 60, policies: [{ amount: 3 }] },
  });
});

test("an instance with a single place can still be busy", () => {
  expect(rendered({ workers: 1, threads: 1 }).requestsAtWork).toBe(0.7);
});
