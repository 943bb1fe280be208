import { describe, expect, test } from "vitest";
import { explainTimings } from "../../objectives/explain.ts";
import {
  archiveTimeoutFloorSeconds,
  deriveTimings,
  incrementalCron,
  incrementalSeconds,
  nodeLossBoundSeconds,
  objectiveLimits,
} from "../../objectives.ts";

const { recoveryPointMinSeconds, recoveryTimeMinSeconds, maxSeconds } = objectiveLimits;

/** Every second up to five minutes, then steps. */
function* range(from: number): Generator<number> {
  for (let seconds = from; seconds <= maxSeconds; seconds += seconds < 300 ? 1 : 60) yield seconds;
}

test("one minute and one minute", () => {
  expect(deriveTimings({ recoveryPointSeconds: 60, recoveryTimeSeconds: 60 })).toEqual({
    patroni: {
      ttlSeconds: 20,
      loopWaitSeconds: 1,
      retryTimeoutSeconds: 3,
      primaryStartTimeoutSeconds: 10,
      primaryStopTimeoutSeconds: 10,
    },
    archiveTimeoutSeconds: 30,
    routerCheck: { interMs: 1000, fastinterMs: 250, downinterMs: 250, fall: 2, rise: 1 },
    handover: { drainSeconds: 5, boundSeconds: 12, stopPathSeconds: 15, pauseLeaseSeconds: 10 },
    stopTimeoutSeconds: 60,
    queryWaitTimeoutSeconds: 25,
    backup: { incrementalSeconds: 14_400, archiveTransportSeconds: 30 },
    workerTimeoutSeconds: 30,
    edgeTimeoutSeconds: 35,
  });
});

test.each([
  [30, 20, 1, 3],
  [81, 20, 1, 3],
  [82, 25, 3, 8],
  [100, 30, 5, 10],
  [3600, 30, 5, 10],
])("recovery time %i s: ttl %i, loop %i, retry %i", (recoveryTimeSeconds, ttl, loop, retry) => {
  const { patroni } = deriveTimings({ recoveryPointSeconds: 60, recoveryTimeSeconds });
  expect([patroni.ttlSeconds, patroni.loopWaitSeconds, patroni.retryTimeoutSeconds]).toEqual([
    ttl,
    loop,
    retry,
  ]);
});

describe("for every recovery time", () => {
  const all = [...range(recoveryTimeMinSeconds)].map((recoveryTimeSeconds) => ({
    recoveryTimeSeconds,
    timings: deriveTimings({ recoveryPointSeconds: 60, recoveryTimeSeconds }),
  }));

  test("Patroni keeps the timings as they are", () => {
    for (const { timings } of all) {
      const { ttlSeconds, loopWaitSeconds, retryTimeoutSeconds } = timings.patroni;
      expect(ttlSeconds).toBeGreaterThanOrEqual(20);
      expect(loopWaitSeconds).toBeGreaterThanOrEqual(1);
      expect(retryTimeoutSeconds).toBeGreaterThanOrEqual(3);
      expect(loopWaitSeconds + 2 * retryTimeoutSeconds).toBeLessThanOrEqual(ttlSeconds);
    }
  });

  test("a lost node is made up for in time, a slow start or stop sooner", () => {
    for (const { recoveryTimeSeconds, timings } of all) {
      const bound = nodeLossBoundSeconds(timings.patroni);
      expect(bound).toBeLessThanOrEqual(recoveryTimeSeconds);
      const { primaryStartTimeoutSeconds, loopWaitSeconds } = timings.patroni;
      expect(loopWaitSeconds + primaryStartTimeoutSeconds + 5).toBeLessThan(bound);
    }
  });

  test("a looser objective never gives tighter timings", () => {
    const ttls = all.map(({ timings }) => timings.patroni.ttlSeconds);
    expect(ttls).toEqual(ttls.toSorted((a, b) => a - b));
  });

  test("each layer waits longer than the one behind it", () => {
    for (const { timings } of all) {
      const { handover } = timings;
      const layers = [
        handover.drainSeconds,
        handover.boundSeconds,
        handover.boundSeconds + handover.pauseLeaseSeconds,
        timings.queryWaitTimeoutSeconds,
        timings.workerTimeoutSeconds,
        timings.edgeTimeoutSeconds,
      ];
      expect(layers).toEqual([...new Set(layers)].sort((a, b) => a - b));
      expect(handover.boundSeconds).toBeGreaterThanOrEqual(
        handover.drainSeconds + timings.patroni.loopWaitSeconds + 2,
      );
      expect(handover.stopPathSeconds).toBeGreaterThan(handover.boundSeconds);
      expect(timings.stopTimeoutSeconds).toBeGreaterThanOrEqual(60);
      expect(timings.stopTimeoutSeconds).toBeGreaterThan(
        handover.stopPathSeconds + timings.patroni.primaryStopTimeoutSeconds,
      );
    }
  });
});

test("for every recovery point the archive fits in twice, and not below its floor", () => {
  for (const recoveryPointSeconds of range(recoveryPointMinSeconds)) {
    const timings = deriveTimings({ recoveryPointSeconds, recoveryTimeSeconds: 60 });
    const archive = timings.archiveTimeoutSeconds;
    expect(2 * archive).toBeLessThanOrEqual(recoveryPointSeconds);
    expect(archive).toBeGreaterThanOrEqual(archiveTimeoutFloorSeconds);
    expect(archive).toBe(Math.floor(recoveryPointSeconds / 2));
  }
});

describe("between base backups", () => {
  test.each([
    [30, 2, "5 */2 * * *"],
    [44, 2, "5 */2 * * *"],
    [45, 3, "5 */3 * * *"],
    [60, 4, "5 */4 * * *"],
    [90, 6, "5 */6 * * *"],
    [120, 8, "5 */8 * * *"],
    [180, 12, "5 */12 * * *"],
    [900, 12, "5 */12 * * *"],
    [3600, 12, "5 */12 * * *"],
  ])("recovery point %i s: every %i h", (recoveryPoint, hours, cron) => {
    expect(incrementalSeconds(recoveryPoint)).toBe(hours * 3600);
    expect(incrementalCron(recoveryPoint)).toBe(cron);
  });

  test("archive_timeout closes at most 480 segments, and the hours divide the day", () => {
    for (const recoveryPointSeconds of range(recoveryPointMinSeconds)) {
      const timings = deriveTimings({ recoveryPointSeconds, recoveryTimeSeconds: 60 });
      const { incrementalSeconds: between, archiveTransportSeconds } = timings.backup;
      // An odd recovery point has a half second less in its half.
      expect(between / (recoveryPointSeconds / 2)).toBeLessThanOrEqual(480);
      expect(86_400 % between).toBe(0);
      expect(archiveTransportSeconds + timings.archiveTimeoutSeconds).toBe(recoveryPointSeconds);
      expect(archiveTransportSeconds).toBeGreaterThanOrEqual(archiveTimeoutFloorSeconds);
    }
  });
});

test.each([
  [29, 60],
  [0, 60],
  [60, 29],
  [Number.NaN, 60],
])("point %d s, time %d s: refused", (recoveryPointSeconds, recoveryTimeSeconds) => {
  expect(() => deriveTimings({ recoveryPointSeconds, recoveryTimeSeconds })).toThrow(RangeError);
});

test("every derived number is explained, with the value in force", () => {
  const objectives = { recoveryPointSeconds: 900, recoveryTimeSeconds: 3600 };
  const explained = explainTimings(objectives);
  const leaves = (value: unknown): number[] =>
    typeof value === "number" ? [value] : Object.values(value as object).flatMap(leaves);
  const values = explained.map(({ value }) => value);
  expect(values).toEqual(expect.arrayContaining(leaves(deriveTimings(objectives))));
  // All numbers of Timings, and the bound they add up to.
  expect(explained).toHaveLength(leaves(deriveTimings(objectives)).length + 1);
  expect(explained.every(({ from }) => from.length > 10)).toBe(true);
  expect(new Set(explained.map(({ name }) => name)).size).toBe(explained.length);
});
