import { describe, expect, test } from "vitest";
import { DRILLS } from "../../../../commands/drills/catalogue.ts";
import {
  HOLD_SECONDS,
  limitsOf,
  measure,
  withoutOrders,
} from "../../../../commands/drills/limits.ts";
import { parseSettings } from "../../../../settings.ts";
import { settings } from "./fakes.ts";

const slow = parseSettings({
  stack: "lab",
  project: "holdfast",
  config: { objectives: { recoveryTime: "5 min" } },
});

describe("limits", () => {
  test.each(DRILLS.map(({ name }) => name).filter((name) => name !== "site"))(
    "%s promises every row",
    (name) => {
      expect(limitsOf(name, settings)).toMatchObject({
        lost: 0,
        duplicated: 0,
        phantom: 0,
        reordered: 0,
        twoLeaders: 0,
        hung: 0,
        ordersLost: 0,
        ordersDuplicated: 0,
      });
      expect(limitsOf(name, settings).redundancySeconds).toBeGreaterThanOrEqual(60);
    },
  );

  test.each(["switchover", "leader-stopped", "restart", "handover-twice", "replica-stopped"])(
    "%s is planned: nobody sees an error",
    (name) => {
      expect(limitsOf(name, settings)).toMatchObject({
        rejected: 0,
        unknown: 0,
        writeGapSeconds: 3,
        ordersBroken: 0,
      });
    },
  );

  test.each([
    ["app-killed", 1],
    ["app-hung", 0],
    ["app-failing", 0],
    ["app-all-but-one-killed", 1],
  ])(
    "%s: no traffic after 2 s, %i answer broken off at most, serving again by itself",
    (name, broken) => {
      const limits = limitsOf(name, settings);
      expect(limits).toMatchObject({
        noTrafficSeconds: 2,
        pagesFailed: broken,
        ordersBroken: broken,
      });
      // What ends a hang must be who watches, not the drill's own undoing.
      expect(limits.wholeAgainSeconds).toBeLessThan(HOLD_SECONDS.hungInstance);
    },
  );

  test("the loss of a site is held to the recovery point, and to two minutes", () => {
    const limits = limitsOf("site", settings);
    expect(limits).toMatchObject({ recoveryPointSeconds: 60, writeGapSeconds: 120, twoLeaders: 0 });
    expect(limits).toMatchObject({ duplicated: 0, phantom: 0, ordersDuplicated: 0 });
    expect(limits).not.toHaveProperty("lost");
  });

  test("an application that takes no orders is held to none", () => {
    const limits = withoutOrders(limitsOf("app-killed", settings));
    expect(Object.keys(limits).filter((name) => name.startsWith("orders"))).toEqual([]);
    expect(limits).toMatchObject({ lost: 0, pagesFailed: 1 });
  });

  test("a handover whose owner dies waits for the lease", () => {
    const lease = settings.timings.handover.pauseLeaseSeconds;
    expect(limitsOf("handover-interrupted", settings)).toMatchObject({
      rejected: 0,
      unknown: 0,
      writeGapSeconds: lease + 5,
    });
  });

  test.each([
    ["postgres-killed", 5],
    ["patroni-killed", 5],
    ["container-killed", 5],
    ["container-stopped", 5],
    ["replica-killed", 5],
    ["etcd-member-killed", 5],
    ["etcd-member-lost", 5],
    ["etcd-all-killed", 8],
    ["etcd-all-lost", 8],
    ["pooler-hung", 5],
    ["router-hung", 2],
    ["guard-killed", 2],
    ["network-cut", 25],
    ["container-paused", 25],
    ["disk-full", 25],
    ["host-killed", 60],
  ])("%s: a write gap of at most %i s", (name, seconds) => {
    expect(limitsOf(name, settings).writeGapSeconds).toBe(seconds);
  });

  test("a cut-off leader steps down within 8 s on the fastest tier", () => {
    expect(limitsOf("network-cut", settings).stepDownSeconds).toBe(8);
    const { retryTimeoutSeconds } = slow.timings.patroni;
    expect(limitsOf("network-cut", slow).stepDownSeconds).toBe(2 * retryTimeoutSeconds + 2);
  });

  test("a lost node's limit follows the objectives, and is the target on the fastest tier", () => {
    const { patroni } = slow.timings;
    expect(patroni.ttlSeconds).toBeGreaterThan(20);
    const bound = patroni.ttlSeconds + patroni.loopWaitSeconds + patroni.retryTimeoutSeconds + 5;
    expect(limitsOf("network-cut", slow).writeGapSeconds).toBe(bound);
    expect(limitsOf("disk-full", slow).writeGapSeconds).toBe(
      patroni.primaryStartTimeoutSeconds + 15,
    );
  });

  test("the edge is held to its pages, a slow disk to no gap at all", () => {
    expect(limitsOf("edge-killed", settings).pageGapSeconds).toBe(5);
    expect(limitsOf("edge-hung", settings).pageGapSeconds).toBe(7);
    expect(limitsOf("slow-disk", settings).writeGapSeconds).toBeUndefined();
  });
});

test("a limit is met up to and with it; what was not measured is a miss", () => {
  expect(
    measure({ lost: 0, writeGapSeconds: 3, hung: 0 }, { lost: 1, writeGapSeconds: 3 }),
  ).toEqual([
    { name: "lost", limit: 0, measured: 1, met: false },
    { name: "writeGapSeconds", limit: 3, measured: 3, met: true },
    { name: "hung", limit: 0, measured: undefined, met: false },
  ]);
});
