import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Member } from "../../../../commands/cluster/members.ts";
import {
  BELOW_QUORUM,
  listed,
  numberOf,
  scaleInRefusals,
  staysIn,
} from "../../../../commands/scaleIn/gate.ts";

const wanting = (replicas: number) => ({ database: { replicas } });

const member = (number: number, role = "quorum_standby", state = "streaming"): Member => ({
  name: `postgres-${number}`,
  role,
  state: role === "leader" ? "running" : state,
  timeline: 1,
  lagBytes: null,
});

/** Five members, of which one leads and some are dead. */
const five = (leads: number, ...dead: number[]): Member[] =>
  [1, 2, 3, 4, 5].map((n) => {
    if (dead.includes(n)) return member(n, "-", "exited");
    return n === leads ? member(n, "leader") : member(n);
  });

const reasons = (replicas: number, members: Member[], ...accepted: string[]) =>
  scaleInRefusals(wanting(replicas), members, undefined, accepted).map(({ reason }) => reason);

describe("lets members leave", () => {
  test.each([
    ["nobody leaves", 4, five(1)],
    ["nobody leaves, and nobody leads", 4, five(9)],
    ["there are fewer than wanted", 7, five(1)],
    ["the leader stays", 1, five(1)],
    ["the leader leaves, and a replica that stays can take over and another confirm", 2, five(5)],
    ["those that leave are dead", 1, five(1, 3, 4, 5)],
    ["one that stays is dead and another confirms", 2, five(1, 3)],
    // As far as the old members lead and confirm it is two of two afterwards, and both are there.
    ["one leads who stays, the other confirms", 1, five(2)],
  ])("%s", (_, replicas, members) => {
    expect(reasons(replicas, members)).toEqual([]);
  });
});

describe("keeps them", () => {
  it("when nobody leads: they may have what nobody else has", () => {
    expect(reasons(1, five(9))).toEqual([
      "nobody leads, so what postgres-3, postgres-4 and postgres-5 have may be nowhere else",
    ]);
    expect(reasons(1, [])).toEqual([]);
    const down = [1, 2, 3].map((n) => member(n, "-", "exited"));
    expect(reasons(1, down)[0]).toMatch(/^nobody leads, so what postgres-3 have/);
  });

  it("when the leader leaves and nobody who stays can take over, whatever is accepted", () => {
    const late = five(4, 2).map((one) => (one.name === "postgres-1" ? member(1, "replica") : one));
    expect(reasons(1, late, BELOW_QUORUM)).toEqual([
      "postgres-4 leads and leaves, and nobody who stays can take over: postgres-1 is streaming, postgres-2 is exited",
    ]);
  });

  it("when the leader would be alone, unless somebody takes that risk", () => {
    const alone = five(1, 2);
    expect(scaleInRefusals(wanting(1), alone)).toEqual([
      {
        risk: "below-quorum",
        reason: "the leader would be without a synchronous replica: postgres-2 is exited",
      },
    ]);
    expect(reasons(1, alone, "drop-orphan-volumes")).toHaveLength(1);
    expect(reasons(1, alone, BELOW_QUORUM)).toEqual([]);
    // The new leader is one of those that stay.
    expect(reasons(1, five(3, 2))).toHaveLength(1);
  });

  it("under another name for the risk, and for members that are named", () => {
    const found = scaleInRefusals(wanting(1), five(1, 2), ["postgres-5"], [], "quorum");
    expect(found).toEqual([]);
    const all = ["postgres-3", "postgres-4", "postgres-5"];
    expect(scaleInRefusals(wanting(1), five(1, 2), all, [], "quorum")[0]?.risk).toBe("quorum");
    expect(scaleInRefusals(wanting(1), five(1, 2), all, ["quorum"], "quorum")).toEqual([]);
  });
});

it("never lets a leader be alone that was not, nor removes all that can lead", () => {
  const roles = fc.constantFrom("quorum_standby", "replica", "-");
  const cluster = fc
    .array(fc.tuple(roles, fc.boolean()), { minLength: 2, maxLength: 11 })
    .chain((all) =>
      fc.tuple(fc.constant(all), fc.nat(all.length - 1), fc.integer({ min: 1, max: 10 })),
    );
  fc.assert(
    fc.property(cluster, ([all, leads, replicas]) => {
      const members = all.map(([role, alive], index) =>
        index === leads
          ? member(index + 1, "leader")
          : member(index + 1, role, alive ? "streaming" : "exited"),
      );
      if (reasons(replicas, members).length > 0) return;
      const stay = members.filter(({ name }) => staysIn({ replicas }, name));
      if (stay.length === members.length) return;
      const leaderStays = stay.some(({ role }) => role === "leader");
      const streaming = stay.filter(({ state }) => state === "streaming");
      expect(streaming.length).toBeGreaterThanOrEqual(leaderStays ? 1 : 2);
      if (!leaderStays) expect(streaming.map(({ role }) => role)).toContain("quorum_standby");
    }),
  );
});

it("counts members as the settings do", () => {
  expect(numberOf("postgres-11")).toBe(11);
  expect(numberOf("postgres")).toBeNaN();
  expect(staysIn({ replicas: 1 }, "postgres-2")).toBe(true);
  expect(staysIn({ replicas: 1 }, "postgres-3")).toBe(false);
  expect([["a"], ["a", "b"], ["a", "b", "c"], []].map(listed)).toEqual([
    "a",
    "a and b",
    "a, b and c",
    "",
  ]);
});
