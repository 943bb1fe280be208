/** No order of commands, faults and returns makes two active sites, under exactly the rules of M29. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mend, type Step, walk } from "./walk.ts";
import { type Event, World } from "./world.ts";

/** `HOLDFAST_WALKS=100000` walks longer; a failure names its seed. */
const WALKS = Number(process.env.HOLDFAST_WALKS ?? 1500);
const LONGEST = 60;

const site = fc.constantFrom("a" as const, "b" as const);
const call: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("call" as const),
  fate: fc.constantFrom("well" as const, "well", "well", "well", "lost", "unanswered"),
});
const events: fc.Arbitrary<Event>[] = [
  fc.record({
    kind: fc.constantFrom("power" as const, "agent", "operator", "witness-link"),
    site,
    on: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("stall" as const), site, on: fc.boolean() }),
  fc.record({ kind: fc.constantFrom("link" as const, "witness"), on: fc.boolean() }),
  fc.record({ kind: fc.constant("ticks" as const), seconds: fc.integer({ min: 1, max: 30 }) }),
  fc.constant({ kind: "witness-lost" as const }),
];
const forgotten: fc.Arbitrary<Event> = fc.record({ kind: fc.constant("etcd-lost" as const), site });
const commands: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("switchover" as const), to: site }),
  fc.record({ kind: fc.constant("failover" as const), to: site, siteIsOff: fc.boolean() }),
  fc.record({
    kind: fc.constant("activate" as const),
    site: fc.option(site, { nil: undefined }),
    siteIsOff: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("failback" as const),
    to: fc.option(site, { nil: undefined }),
    rejoinOnly: fc.boolean(),
  }),
);
const listOf = (happens: fc.Arbitrary<Event>) =>
  fc.array(
    fc.oneof(
      { arbitrary: call, weight: 4 },
      { arbitrary: happens, weight: 4 },
      { arbitrary: commands, weight: 3 },
    ),
    { minLength: 1, maxLength: LONGEST, size: "max" },
  );
/** A lost etcd is in every second list: with it, people are one at a time (walk.ts). */
const orders = fc.oneof(listOf(fc.oneof(...events)), listOf(fc.oneof(...events, forgotten)));

const stacks = [
  { name: "without a witness", witness: false, automatic: false },
  { name: "with a witness", witness: true, automatic: false },
  { name: "with a witness, and standbys that promote themselves", witness: true, automatic: true },
];

describe.each(stacks)("$name", ({ witness, automatic }) => {
  const world = () => new World({ witness, automatic });

  test("two sites never take writes, whatever happens in which order", async () => {
    await fc.assert(
      fc.asyncProperty(orders, async (steps) => {
        const here = world();
        await walk(here, steps, false);
        expect(here.both).toEqual([]);
        expect(here.gaps).toEqual([]);
      }),
      { numRuns: WALKS },
    );
  }, 600_000);

  test("once all is mended, the advised commands bring back one active site and its standby", async () => {
    await fc.assert(
      fc.asyncProperty(orders, async (steps) => {
        const here = world();
        await walk(here, steps, false);
        await mend(here);
        expect(here.both).toEqual([]);
      }),
      { numRuns: WALKS },
    );
  }, 600_000);
});

/** That the walks would find it: each of these orders has been thought of as safe. */
test.each([
  ["word-not-written", false, false],
  ["witness-forgets", true, true],
  ["no-lease-kept", true, false],
] as const)(
  "a broken rule is found: %s",
  async (broken, witness, automatic) => {
    let found = false;
    for (const steps of fc.sample(orders, { numRuns: 20_000, seed: 8 })) {
      const here = new World({ witness, automatic, broken });
      await walk(here, steps, false);
      found ||= here.both.length > 0;
      if (found) break;
    }
    expect(found).toBe(true);
  },
  600_000,
);

test("walks reach what they are about", async () => {
  const ended = new Map<string, number>();
  for (const { witness, automatic } of stacks) {
    for (const steps of fc.sample(orders, { numRuns: 400, seed: 8 })) {
      const walked = await walk(new World({ witness, automatic }), steps, false);
      for (const how of walked.ended) {
        ended.set(how, (ended.get(how) ?? 0) + 1);
      }
    }
  }
  const count = (pattern: RegExp) =>
    [...ended].reduce((sum, [how, n]) => sum + (pattern.test(how) ? n : 0), 0);
  for (const pattern of [
    /^switchover ended well/,
    /^failover ended well/,
    /^activate ended well/,
    /^failback ended well/,
    /was taken back/,
    /takes writes again is not known/,
    /can be neither reached nor stopped/,
    /still renews its lease/,
    /the witness has not answered/,
    /was active after site/,
    /site [ab] runs/,
  ]) {
    expect(count(pattern), String(pattern)).toBeGreaterThan(0);
  }
}, 600_000);

describe("a lie", () => {
  test("without a witness is the only way to two active sites", async () => {
    let reached = 0;
    await fc.assert(
      fc.asyncProperty(orders, async (steps) => {
        const here = new World({ witness: false, automatic: false });
        const { lies } = await walk(here, steps, true);
        if (here.both.length > 0) {
          reached += 1;
          expect(lies).toBeGreaterThan(0);
        }
        await mend(here);
      }),
      { numRuns: WALKS },
    );
    expect(reached).toBeGreaterThan(0);
  }, 600_000);

  test.each([false, true])(
    "with a witness makes none (automatic: %s)",
    async (automatic) => {
      await fc.assert(
        fc.asyncProperty(orders, async (steps) => {
          const here = new World({ witness: true, automatic });
          await walk(here, steps, true);
          expect(here.both).toEqual([]);
        }),
        { numRuns: WALKS },
      );
    },
    600_000,
  );
});
