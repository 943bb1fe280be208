import { expect, test } from "vitest";
import { renderStatusJson } from "../../../templates/status.json.ts";

test("the status page reads these names (images/status/lib/statuspage/settings.py)", () => {
  const text = renderStatusJson({
    recoveryPointSeconds: 60,
    recoveryTimeSeconds: 90,
    readLagLimitMiB: 16,
    scrapeIntervalSeconds: 5,
  });
  expect(JSON.parse(text)).toEqual({
    recoveryPointSeconds: 60,
    recoveryTimeSeconds: 90,
    readLagLimitBytes: 16_777_216,
    scrapeIntervalSeconds: 5,
  });
  expect(text.endsWith("}\n")).toBe(true);
});
