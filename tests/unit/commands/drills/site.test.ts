import { describe, expect, test } from "vitest";
import { parseBoxes } from "../../../../commands/drills/boxes.ts";
import { behind, leaderOf } from "../../../../commands/drills/site.ts";
import { allBoxes, box, following, leading, look, members } from "./fakes.ts";

describe("full redundancy", () => {
  test("nothing is missing when everything runs and streams", () => {
    const found = look();
    expect(found.missing).toEqual([]);
    expect(found.leader?.alias).toBe("postgres-1");
    expect(found.timeline).toBe(3);
  });

  test.each([
    ["etcd-2", "exited"],
    ["pooler-1", "paused"],
    ["router", "restarting"],
    ["app-2", "exited"],
    ["edge", "created"],
  ])("%s that is %s is missing", (alias, status) => {
    const boxes = allBoxes().map((one) => (one.alias === alias ? { ...one, status } : one));
    expect(look(boxes).missing).toEqual([`${alias} is ${status}`]);
  });

  test("so is a container that is not there, not healthy, or cut off", () => {
    const boxes = allBoxes()
      .filter(({ alias }) => alias !== "etcd-3")
      .map((one) => (one.alias === "router" ? { ...one, health: "starting" } : one))
      .map((one) => (one.alias === "postgres-2" ? { ...one, networks: {} } : one));
    expect(look(boxes).missing).toEqual([
      "etcd-3 has no container",
      "postgres-2 is on no network",
      "router is starting",
    ]);
  });

  test("an instance that the autoscaler may stop is not asked for, a guard that exists is", () => {
    const boxes = [...allBoxes(), box("app-3", { status: "exited" })];
    expect(look(boxes).missing).toEqual([]);
    const guarded = [...boxes, box("guard", { status: "exited" })];
    expect(look(guarded).missing).toEqual(["guard is exited"]);
  });

  test("every member streams on the leader's timeline, by its own and by the leader's word", () => {
    const change = (status: object) =>
      look(allBoxes(), { ...members, "postgres-2": { ...following, ...status } }).missing;
    expect(change({ replication_state: "in archive recovery" })).toEqual([
      "postgres-2 is in archive recovery",
    ]);
    expect(change({ timeline: 2 })).toEqual(["postgres-2 is on timeline 2, the leader on 3"]);
    expect(change({ etcdSilentSeconds: 60 })).toEqual(["postgres-2 does not hear etcd"]);
    const { "postgres-2": _, ...without } = members;
    expect(look(allBoxes(), without).missing).toEqual(["postgres-2's Patroni does not answer"]);
    const unseen = { ...leading, replication: leading.replication?.slice(1) ?? [] };
    expect(look(allBoxes(), { ...members, "postgres-1": unseen }).missing).toEqual([
      "the leader does not stream to postgres-2",
    ]);
  });

  test("one standby at least is synchronous", () => {
    const replication = (leading.replication ?? []).map((link) => ({
      ...link,
      sync_state: "async",
    }));
    const found = look(allBoxes(), { ...members, "postgres-1": { ...leading, replication } });
    expect(found.missing).toEqual(["no standby is synchronous"]);
  });

  test("two that call themselves leader are none", () => {
    const both = { ...members, "postgres-2": leading };
    expect(leaderOf(both)).toBeUndefined();
    expect(look(allBoxes(), both).missing).toEqual(["no single leader"]);
    expect(
      leaderOf({ ...members, "postgres-1": { ...leading, state: "starting" } }),
    ).toBeUndefined();
  });
});

test("a replica is behind until it has replayed the position, a silent one always", () => {
  const late = { ...following, xlog: { replayed_location: 999 } };
  const silent = { state: "starting", role: "replica" };
  const statuses = { ...members, "postgres-2": late, "postgres-3": silent };
  expect(behind(look(allBoxes(), statuses), "postgres-1", 1000)).toEqual([
    "postgres-2",
    "postgres-3",
  ]);
  expect(behind(look(), "postgres-1", 1000)).toEqual([]);
});

test("so is one whose Patroni gave no answer at all", () => {
  const { "postgres-3": _, ...without } = members;
  expect(behind(look(allBoxes(), without), "postgres-1", 1000)).toEqual(["postgres-3"]);
});

test("containers as docker inspect prints them", () => {
  const text = JSON.stringify([
    {
      Id: "abc",
      Name: "/holdfast-lab-a-postgres-2",
      State: { Status: "running", Pid: 17, StartedAt: "t", Health: { Status: "healthy" } },
      Config: {
        Image: "holdfast/postgres:1",
        Labels: {
          "holdfast.component": "postgres",
          "holdfast.instance": "2",
          "holdfast.id": "0b38",
        },
      },
      NetworkSettings: { Networks: { net: { IPAMConfig: { IPv4Address: "10.0.0.12" } } } },
      Mounts: [
        { Type: "volume", Name: "data", Source: "/v/data/_data", Destination: "/d", RW: true },
        { Type: "volume", Name: "config", Source: "/v/c/_data", Destination: "/c", RW: false },
        { Type: "bind", Source: "/x", Destination: "/x", RW: true },
      ],
    },
  ]);
  expect(parseBoxes(text)).toEqual([
    {
      id: "abc",
      name: "holdfast-lab-a-postgres-2",
      stackId: "0b38",
      alias: "postgres-2",
      component: "postgres",
      instance: 2,
      image: "holdfast/postgres:1",
      status: "running",
      health: "healthy",
      pid: 17,
      startedAt: "t",
      networks: { net: "10.0.0.12" },
      volumes: [{ name: "data", source: "/v/data/_data", path: "/d" }],
    },
  ]);
});
