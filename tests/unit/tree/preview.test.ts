import { expect, test } from "vitest";
import { BUILTIN, record, settingsWith } from "./mocks.ts";

test("the preview of a stack that does not exist yet shows everything the first `up` makes", async () => {
  const settings = settingsWith(BUILTIN);
  const preview = await record(settings, { preview: true });
  const up = await record(settings);
  expect(preview.all.map(({ label }) => label).sort()).toEqual(
    up.all.map(({ label }) => label).sort(),
  );
});

test("what is not known yet is shown as such, not as text", async () => {
  const { all } = await record(settingsWith(BUILTIN), { preview: true });
  for (const { label, leaves } of all) {
    for (const { path, value } of leaves) {
      expect(String(value), `${label} ${path}`).not.toMatch(
        /undefined|\[object|Calling \[toString/,
      );
    }
  }
});
