import { expect, test } from "vitest";
import { assess } from "../../../commands/plan/assess.ts";
import { planLines, planText } from "../../../commands/plan/text.ts";
import type { Figures } from "../../../commands/plan/types.ts";
import { recorded, unchanged } from "./previews.ts";

const figures: Figures = {
  "leader-stopped": {
    drill: "leader-stopped",
    n: 3,
    medianSeconds: 1.3,
    maxSeconds: 1.33,
    source: "docs/drills.md",
  },
};
const facts = { leaders: { a: 2 }, figures };

test("a page: a new image of PostgreSQL, the leader known", async () => {
  const text = planText(assess(recorded("postgres-image"), facts), [], "dev");
  await expect(text).toMatchFileSnapshot("./__snapshots__/postgres-image.txt");
});

test("a page with something refused, and with the same accepted", async () => {
  const plan = assess(recorded("max-connections-down"), facts);
  await expect(planText(plan, [], "dev")).toMatchFileSnapshot("./__snapshots__/refused.txt");
  expect(planText(plan, ["lower-hot-standby"], "dev")).toContain("accepted  lower-hot-standby");
});

test("up says in a few lines what it is about to do, and nothing when it does nothing", () => {
  expect(planLines(assess(recorded("postgres-image"), facts))).toMatchInlineSnapshot(`
    [
      "  plan",
      "       replacement  a-postgres-1…3: image holdfast/postgres:da1828aca0e1 → holdfast/postgres:a35876d23a52",
      "       1 × a handover while the leader is replaced: no write for 1.30 s (median), 1.33 s (longest); drill leader-stopped, n = 3, docs/drills.md",
      "       2 × a replica is replaced: not measured",
    ]
  `);
  expect(planLines(assess(unchanged()))).toEqual([]);
});
