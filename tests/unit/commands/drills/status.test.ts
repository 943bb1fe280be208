import { expect, test } from "vitest";
import type { StackStatus } from "../../../../commands/cluster/inspect.ts";
import { statusText } from "../../../../commands/status.ts";

const found: StackStatus = {
  members: [{ name: "postgres-1", role: "leader", state: "running", timeline: 1, lagBytes: null }],
  instances: [],
  services: [],
  backups: [],
  alerts: [],
  endpoints: {},
};

test("status shows the last drills, and nothing of drills that never ran", () => {
  const drills = {
    at: "2026-11-25T10:00:00.000Z",
    passed: 26,
    missed: 1,
    skipped: 2,
    writeGapSeconds: 23.04,
    failed: ["restart"],
  };
  const lines = statusText("lab", { ...found, drills }).split("\n");
  expect(lines).toContain("drills");
  expect(lines[lines.indexOf("drills") + 2]).toMatch(
    /^ {2}2026-11-25T10:00:00.000Z +26 +1 \(restart\) +2 +23.0 s$/,
  );
  expect(statusText("lab", { ...found, drills: null })).not.toContain("drills");
});
