/** The plan and the policy pack's rules on two sites: whole trees of the program. */
import { beforeAll, describe, expect, test } from "vitest";
import { assess, risksOf } from "../../../commands/plan/assess.ts";
import { changesBetween } from "../../../commands/plan/compare.ts";
import { breachesIn } from "../../../commands/plan/invariants.ts";
import type { Facts } from "../../../commands/plan/types.ts";
import { BUILTIN, THREE_HOSTS, TWO_SITES } from "../tree/mocks.ts";
import { declaredBy, exported, type Recorded } from "./declared.ts";

const DNS = { zone: "shop.test", app: "shop", database: "db", provider: "builtin" };
const TWO = { ...TWO_SITES, dns: DNS };

let one: Recorded[];
let two: Recorded[];

beforeAll(async () => {
  one = await declaredBy(BUILTIN);
  two = await declaredBy(TWO);
});

/** The program of two sites, with one resource changed. */
function with2(name: string, change: (resource: Recorded) => Recorded | undefined): Recorded[] {
  let found = 0;
  const all = two.flatMap((resource) => {
    if (resource.type === "component" || !resource.urn.endsWith(`::${name}`)) return [resource];
    found += 1;
    return change(resource) ?? [];
  });
  expect(found, name).toBe(1);
  return all;
}

const changesOf = (after: readonly Recorded[]) => changesBetween(exported(two), after);
const risks = (after: readonly Recorded[]) =>
  risksOf(changesOf(after)).flatMap(({ name, resources }) =>
    resources.map((resource) => `${name}: ${resource}`),
  );

describe("invariants", () => {
  test("hold for two sites on one host, with a witness and a name server", () => {
    expect(breachesIn(changesBetween({}, two))).toEqual([]);
  });

  test("hold for two sites on two hosts, the witness on a third", async () => {
    expect(breachesIn(changesBetween({}, await declaredBy(THREE_HOSTS)))).toEqual([]);
  });

  test("protect what the sites, the witness and the name server cannot make again", () => {
    const bare = [
      ...["a-site-agent-memory", "witness-etcd-data", "nameserver-dns-data"],
      ...["link-network", "witness-network", "nameserver-network", "b-postgres-2-data"],
    ];
    const unprotected = two.map((resource) =>
      bare.some((name) => resource.urn.endsWith(`::${name}`))
        ? { ...resource, protect: false }
        : resource,
    );
    const [breach, ...more] = breachesIn(changesBetween({}, unprotected));
    expect(more).toEqual([]);
    expect(breach?.invariant).toBe("protected");
    expect([...(breach?.resources ?? [])].sort()).toEqual(bare.toSorted());
  });

  test("hold each site's members to their own chain", () => {
    const loose = with2("b-etcd-2", (member) => ({ ...member, dependsOn: [] }));
    expect(breachesIn(changesBetween({}, loose))).toMatchObject([
      { invariant: "chained", resources: ["b-etcd-1", "b-etcd-2", "b-etcd-3"] },
    ]);
  });
});

describe("risks", () => {
  test("there are none in the same program, nor when a second site comes", () => {
    expect(risks(two)).toEqual([]);
    expect(changesOf(two).filter(({ action }) => action !== "none")).toEqual([]);
    expect(risksOf(changesBetween(exported(one), two))).toEqual([]);
  });

  test("a site that goes is refused, with everything that goes with it", () => {
    const names = new Set(risksOf(changesBetween(exported(two), one)).map(({ name }) => name));
    expect([...names].sort()).toEqual(
      expect.arrayContaining(["delete-data-volume", "remove-all-members", "replace-network"]),
    );
  });

  test("what the site's agent, the witness and the name server remember is data", () => {
    for (const name of ["a-site-agent-memory", "witness-etcd-data", "nameserver-dns-data"]) {
      expect(risks(with2(name, () => undefined))).toEqual([`delete-data-volume: ${name}`]);
    }
    const moved = with2("witness-witness", (witness) => ({
      ...witness,
      inputs: {
        ...witness.inputs,
        volumes: [{ containerPath: "/var/lib/etcd", volumeName: "another" }],
      },
    }));
    expect(risks(moved)).toEqual(["leave-data-behind: witness-witness"]);
  });
});

describe("the plan", () => {
  /** Another image for every member of the database. */
  const rolled = () =>
    changesOf(
      two.map((resource) =>
        /::[ab]-postgres-\d+$/.test(resource.urn)
          ? { ...resource, inputs: { ...resource.inputs, image: "another" } }
          : resource,
      ),
    );
  const facts = (standbys: readonly string[]): Facts => ({
    leaders: { a: 2, b: 2 },
    standbys,
    figures: {},
  });

  test("places the containers of two sites, and those of none", () => {
    const { nodes } = assess(changesOf(two));
    const of = (name: string) => nodes.find(({ node }) => node === name);
    expect(of("b-link")).toMatchObject({ site: "b", tier: "link", effect: "nothing" });
    expect(of("a-site-agent")).toMatchObject({ site: "a", tier: "site-agent" });
    expect(of("witness-witness")).toMatchObject({ site: "witness", tier: "witness" });
    expect(of("nameserver-dns")).toMatchObject({ site: "nameserver", tier: "dns" });
  });

  test("hands over at the active site alone", () => {
    const plan = assess(rolled(), facts(["b"]));
    expect(plan.handovers).toEqual([1, 1]);
    expect(plan.stalls.map(({ moment, times }) => [moment, ...times])).toEqual([
      ["a handover while the leader is replaced", 1, 1],
      ["a replica is replaced", 2, 2],
    ]);
    expect(plan.notes).toEqual([
      "site b is a standby: its members stop without a handover, and no write waits for them",
    ]);
  });

  test("counts both where nobody could be asked which one is active", () => {
    expect(assess(rolled(), facts([])).handovers).toEqual([2, 2]);
  });

  test("says what the sites lose meanwhile when what joins them is replaced", () => {
    const renewed = with2("a-link", (link) => ({
      ...link,
      inputs: { ...link.inputs, image: "another" },
    }));
    const { stalls } = assess(changesOf(renewed));
    expect(stalls.map(({ moment, times, measured }) => [moment, ...times, measured])).toEqual([
      [expect.stringContaining("the link is replaced"), 1, 1, undefined],
    ]);
  });
});
