import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Member } from "../../../../commands/cluster/members.ts";
import { refusalLines } from "../../../../commands/plan/gate.ts";
import { listed, numberOf, scaleInRefusals, staysIn } from "../../../../commands/scaleIn/gate.ts";
import { scaleInNotes, scaleInRisks } from "../../../../commands/scaleIn/risks.ts";

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

const leavingOf = (replicas: number, members: Member[]) =>
  members.map(({ name }) => name).filter((name) => !staysIn({ replicas }, name));
const refusals = (replicas: number, members: Member[]) =>
  scaleInRefusals(members, leavingOf(replicas, members));
const reasons = (replicas: number, members: Member[]) =>
  refusals(replicas, members).map(({ reason }) => reason);

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

describe("at a standby site, where no commit waits for anybody", () => {
  const standby = (leads: number, ...dead: number[]): Member[] =>
    five(leads, ...dead).map((one) => {
      if (one.state === "exited") return one;
      return one.role === "leader"
        ? { ...one, role: "standby_leader", state: "streaming" }
        : { ...one, role: "replica" };
    });

  test("members leave, the standby's leader among them", () => {
    expect(reasons(1, standby(1))).toEqual([]);
    expect(reasons(2, standby(5))).toEqual([]);
    const replays = standby(1).map((one) =>
      one.name === "postgres-1" ? { ...one, state: "in archive recovery" } : one,
    );
    expect(reasons(1, replays)).toEqual([]);
  });

  test("they stay when nobody is left to follow, or nobody leads", () => {
    expect(refusals(1, standby(1, 2))).toEqual([
      {
        name: "below-quorum",
        reason: "the standby leader would be without a replica: postgres-2 is exited",
      },
    ]);
    expect(refusals(1, standby(5, 1, 2)).map(({ name }) => name)).toEqual(["nobody-takes-over"]);
    expect(refusals(1, standby(9)).map(({ name }) => name)).toEqual(["nobody-leads"]);
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

  it("when the leader leaves and nobody who stays can take over", () => {
    const late = five(4, 2).map((one) => (one.name === "postgres-1" ? member(1, "replica") : one));
    expect(refusals(1, late)).toEqual([
      {
        name: "nobody-takes-over",
        reason:
          "postgres-4 leads and leaves, and nobody who stays can take over: postgres-1 is streaming, postgres-2 is exited",
      },
    ]);
  });

  it("when the leader would be alone", () => {
    expect(refusals(1, five(1, 2))).toEqual([
      {
        name: "below-quorum",
        reason: "the leader would be without a synchronous replica: postgres-2 is exited",
      },
    ]);
    // The new leader is one of those that stay.
    expect(reasons(1, five(3, 2))).toHaveLength(1);
  });

  it("only as far as those leave that are named", () => {
    expect(scaleInRefusals(five(1, 2), ["postgres-5"])).toEqual([]);
    expect(scaleInRefusals(five(1, 2), [])).toEqual([]);
  });

  it("the plan's refusal names the stack's members, and the way back; a dead end takes no name", () => {
    const leaving = [3, 4, 5].map((n) => ({ name: `postgres-${n}`, volume: undefined }));
    const [alone] = scaleInRisks("dev", { site: "a", members: five(1, 2), leaving });
    expect(alone).toMatchObject({
      name: "below-quorum",
      resources: ["a-postgres-3", "a-postgres-4", "a-postgres-5"],
      instead: expect.stringContaining(
        "pulumi config set --path database.replicas 4 --stack dev && ./holdfast up --stack dev",
      ),
    });
    expect(alone && refusalLines([alone]).at(-1)).toContain("--accept-risk below-quorum");
    const [dead] = scaleInRisks("dev", { site: "a", members: five(9), leaving });
    expect(dead && refusalLines([dead]).at(-1)).toBe("no --accept-risk helps against nobody-leads");
    expect(scaleInRisks("dev", { site: "a", members: five(9), leaving: [] })).toEqual([]);
  });

  it("a new member on what an earlier one left is told of; what stays an orphan is not", () => {
    const orphans = [3, 5].map((n) => ({
      volume: `v${n}`,
      site: "a",
      member: `postgres-${n}`,
    }));
    expect(scaleInNotes({ replicas: 2 }, { orphans })).toEqual([
      "postgres-3 comes anew: what an earlier one left on v3 is removed first",
    ]);
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
