import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boundsOf } from "../../objectives/bounds.ts";
import { differences, neighbours } from "../../objectives/change.ts";
import {
  deriveTimings,
  nodeLossBoundSeconds,
  objectiveLimits,
  patroniTiers,
} from "../../objectives.ts";

const { recoveryPointMinSeconds, recoveryTimeMinSeconds, maxSeconds } = objectiveLimits;
const objectives = fc.record({
  recoveryPointSeconds: fc.integer({ min: recoveryPointMinSeconds, max: maxSeconds }),
  recoveryTimeSeconds: fc.integer({ min: recoveryTimeMinSeconds, max: maxSeconds }),
});
const minute = { recoveryPointSeconds: 60, recoveryTimeSeconds: 60 };

describe("bounds", () => {
  test("each is the sum of its parts, none of which is negative, within its objective", () => {
    fc.assert(
      fc.property(objectives, (given) => {
        for (const { limit, parts, objective, unit } of boundsOf(given)) {
          expect(parts.length).toBeGreaterThan(0);
          expect(parts.reduce((sum, { amount }) => sum + amount, 0)).toBe(limit);
          expect(parts.every(({ amount, from }) => amount >= 0 && from.length > 5)).toBe(true);
          if (unit === "s") expect(limit).toBeLessThanOrEqual(given[objective]);
        }
      }),
    );
  });

  test("they are those that the timings keep", () => {
    fc.assert(
      fc.property(objectives, (given) => {
        const timings = deriveTimings(given);
        const limit = (name: string) => boundsOf(given).find((one) => one.name === name)?.limit;
        expect(limit("planned handover")).toBe(timings.handover.boundSeconds);
        expect(limit("handover whose owner died")).toBe(timings.queryWaitTimeoutSeconds);
        expect(limit("node lost without a word")).toBe(nodeLossBoundSeconds(timings.patroni));
        expect(limit("site lost, now")).toBe(given.recoveryPointSeconds);
        expect(limit("restore of a backup")).toBe(given.recoveryTimeSeconds);
      }),
    );
  });

  test("one minute and one minute, as docs/objectives.md says", () => {
    const limits = boundsOf(minute).map(({ limit, unit }) =>
      unit === "s" ? `${limit}` : `${limit} writes`,
    );
    expect(limits).toEqual(["12", "25", "16", "29", "60", "60", "0 writes", "60", "60"]);
    const page = readFileSync(join(import.meta.dirname, "../../docs/objectives.md"), "utf8");
    const table = page.slice(
      page.indexOf("| promised | bound |"),
      page.indexOf("*Router and pooler*"),
    );
    const rows = table
      .trim()
      .split("\n")
      .slice(2)
      .map((line) => line.split("|").map((cell) => cell.trim()));
    expect(rows.map((cells) => cells[2])).toEqual(limits);
    const parts = boundsOf(minute).find(({ name }) => name === "node lost without a word")?.parts;
    const written = parts?.map(({ name, amount }) => `${name} ${amount}`).join(", ");
    expect(rows[3]?.[3]?.replaceAll("`", "")).toBe(written);
    const [, balanced, calm] = patroniTiers.map((tier) => 2 * nodeLossBoundSeconds(tier));
    expect(page).toContain(`from ${balanced} s and from ${calm} s on`);
  });
});

describe("another objective", () => {
  test("the same one changes nothing", () => {
    expect(differences(minute, minute)).toEqual([]);
  });

  test("half of the recovery point: archive, base backups, and the bounds of the site", () => {
    expect(differences(minute, { ...minute, recoveryPointSeconds: 30 })).toEqual([
      { name: "postgresql archive_timeout", before: 30, after: 15, unit: "s" },
      { name: "archive transport", before: 30, after: 15, unit: "s" },
      { name: "incremental base backups, every", before: 14_400, after: 7200, unit: "s" },
      { name: "bound: site lost, now", before: 60, after: 30, unit: "s" },
      { name: "bound: site lost, proven", before: 60, after: 30, unit: "s" },
    ]);
  });

  test("a recovery time within the same tier changes no timing", () => {
    const found = differences(minute, { ...minute, recoveryTimeSeconds: 81 });
    expect(found.every(({ name }) => name.startsWith("bound: "))).toBe(true);
    const calmer = differences(minute, { ...minute, recoveryTimeSeconds: 82 });
    expect(calmer).toContainEqual({ name: "patroni ttl", before: 20, after: 25, unit: "s" });
  });

  test("those worth a look", () => {
    const said = (point: number, time: number) =>
      neighbours({ recoveryPointSeconds: point, recoveryTimeSeconds: time }).map(
        (one) => `${one.recoveryPointSeconds} ${one.recoveryTimeSeconds}`,
      );
    expect(said(60, 60)).toEqual(["30 60", "120 60", "60 82"]);
    expect(said(30, 90)).toEqual(["60 90", "30 30", "30 100"]);
    expect(said(3600, 3600)).toEqual(["1800 3600", "3600 82"]);
  });

  test("they are within the limits, and each changes something", () => {
    fc.assert(
      fc.property(objectives, (given) => {
        for (const other of neighbours(given)) {
          expect(() => deriveTimings(other)).not.toThrow();
          expect(other.recoveryPointSeconds).toBeLessThanOrEqual(maxSeconds);
          expect(differences(given, other).length).toBeGreaterThan(0);
        }
      }),
    );
  });
});
