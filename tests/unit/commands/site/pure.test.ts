import { describe, expect, test } from "vitest";
import { statusIn } from "../../../../commands/site/agentAnswer.ts";
import { checkedVerb, type SiteOptions } from "../../../../commands/site/command.ts";
import { lossText } from "../../../../commands/site/loss.ts";
import {
  apply,
  coldStart,
  confirms,
  heard,
  type Lease,
  promotesItself,
  resumes,
} from "../../../../commands/site/machine.ts";
import { parseContainers } from "../../../../commands/site/siteContainers.ts";
import { runningWriters } from "../../../../commands/site/stopSite.ts";
import { dockerAddresses, topologyOf } from "../../../../commands/site/topology.ts";
import type { SiteDocument } from "../../../../commands/site/types.ts";
import { epochsFor, hasAll, positionOf } from "../../../../commands/site/view.ts";
import { parseSettings } from "../../../../settings.ts";

const settings = parseSettings({ stack: "lab", project: "holdfast", config: {} });
const two = {
  ...settings,
  hosts: { h1: { docker: "unix:///one" }, h2: { docker: "ssh://two" } },
  sites: { a: { host: "h1" }, b: { host: "h2" } },
};
const active: SiteDocument = { site: "a", role: "active", epoch: 3, active: "a" };
const standby: SiteDocument = { site: "b", role: "standby", epoch: 3, active: "a" };
const free: Lease = { reachable: true, holder: null, epoch: 3, freeSeconds: 5 };

describe("one site", () => {
  test("an old epoch is refused, and one that was used up", () => {
    for (const verb of ["drain", "promote", "activate"] as const) {
      expect(apply(active, { verb, epoch: 2 }, undefined)).toHaveProperty("refused");
    }
    expect(apply(standby, { verb: "promote", epoch: 3 }, undefined)).toHaveProperty("refused");
    const promoted = apply(standby, { verb: "promote", epoch: 4 }, undefined);
    expect(promoted).toEqual({ document: { site: "b", role: "active", epoch: 4, active: "b" } });
  });

  test("a drain keeps its epoch, so that no older promotion wakes the site", () => {
    const drained = apply(active, { verb: "drain", epoch: 4 }, undefined);
    expect(drained).toEqual({ document: { ...active, role: "draining", epoch: 4 } });
    const again = "document" in drained ? drained.document : active;
    expect(apply(again, { verb: "promote", epoch: 4 }, undefined)).toHaveProperty("refused");
  });

  test("the witness gives its lease to one, for an epoch above its own", () => {
    const promote = (lease: Lease) => apply(standby, { verb: "promote", epoch: 4 }, lease);
    expect(promote(free)).toHaveProperty("document");
    expect(promote({ ...free, holder: "a" })).toHaveProperty("refused");
    expect(promote({ ...free, epoch: 4 })).toHaveProperty("refused");
    expect(promote({ ...free, reachable: false })).toHaveProperty("refused");
    // What it has forgotten may still be running.
    expect(promote({ ...free, epoch: null })).toHaveProperty("refused");
    expect(promote({ ...free, epoch: null, freeSeconds: 25 })).toHaveProperty("document");
  });

  test("that starts cold waits for a word, and gets it from who writes it down", () => {
    const cold = coldStart(active);
    expect(cold.role).toBe("unconfirmed");
    expect(coldStart(standby)).toEqual(standby);
    expect(confirms(standby, cold)).toEqual({ ...standby, epoch: 6 });
    expect(confirms({ ...standby, epoch: 4 }, cold)).toBeUndefined();
    expect(confirms({ ...standby, role: "active", active: "b" }, cold)).toBeUndefined();
    expect(resumes(cold, free)).toBe(true);
    expect(resumes(cold, { ...free, epoch: 4 })).toBe(false);
    // A witness without memory may have lost another one's lease.
    expect(resumes(cold, { ...free, epoch: null })).toBe(false);
  });

  test("hears of a newer active one: it stops, follows, or waits for people", () => {
    const newer: SiteDocument = { site: "b", role: "active", epoch: 4, active: "b" };
    expect(heard(active, newer)).toMatchObject({ role: "unconfirmed", active: "b", epoch: 3 });
    const own: SiteDocument = { site: "a", role: "standby", epoch: 3, active: "b" };
    expect(heard(own, newer)).toEqual({ ...own, epoch: 4 });
    expect(heard(active, { ...newer, epoch: 3 })).toEqual(active);
  });

  test("promotes itself only when the lease ran out and the other is not heard", () => {
    const watch = { lease: free, peer: undefined };
    expect(promotesItself(standby, watch)).toBe(4);
    expect(promotesItself(standby, { ...watch, peer: active })).toBeUndefined();
    expect(
      promotesItself(standby, { ...watch, lease: { ...free, freeSeconds: 1 } }),
    ).toBeUndefined();
    const forgotten = { ...free, epoch: null };
    expect(promotesItself(standby, { ...watch, lease: forgotten })).toBeUndefined();
  });
});

test("each site is promoted with epochs of its own, above all that are known", () => {
  const seen = (epoch: number) => ({ answers: true, status: { epoch, witness: null } }) as never;
  const view = new Map([
    ["a", seen(3)],
    ["b", seen(2)],
  ]);
  const topology = topologyOf(two);
  expect(epochsFor(view, topology, "a")).toEqual({ clearing: 5, promotion: 6 });
  expect(epochsFor(view, topology, "b")).toEqual({ clearing: 4, promotion: 5 });
  expect(epochsFor(new Map(), topology, "b")).toEqual({ clearing: 2, promotion: 3 });
});

test("positions in the WAL are compared as numbers", () => {
  expect(positionOf("1/0")).toBe(4294967296n);
  expect(hasAll({ lsn: "0/A0" }, "0/9F")).toBe(true);
  expect(hasAll({ lsn: "0/FFFFFFFF" }, "1/0")).toBe(false);
  expect(hasAll({ lsn: null }, "0/1")).toBe(false);
  expect(() => positionOf("0-1")).toThrow(RangeError);
});

test("a status is read with what an agent may leave out", () => {
  const text = {
    site: "a",
    role: "active",
    epoch: 1,
    active: "a",
    witness: { reachable: true, epoch: 0 },
  };
  expect(statusIn(text, "a")).toMatchObject({
    leader: null,
    writes: true,
    witness: { reachable: true, holder: null, epoch: null },
  });
  expect(() => statusIn(text, "b")).toThrow("not a status of site b");
  expect(() => statusIn({ ...text, role: "boss" }, "a")).toThrow("not a status");
});

test("the sites come from the settings, their addresses also from a person", () => {
  expect(topologyOf(two)).toMatchObject({ sites: ["a", "b"], witness: false, automatic: false });
  const more = { ...two, witness: { host: "h1" }, failover: { sites: "automatic" as const } };
  expect(topologyOf(more)).toMatchObject({ witness: true, automatic: true });
  expect(() => topologyOf(settings)).toThrow("stack lab has one site");
  expect(dockerAddresses(two, [])).toEqual({ a: "unix:///one", b: "ssh://two" });
  expect(dockerAddresses(two, ["b=unix:///run/b.sock"]).b).toBe("unix:///run/b.sock");
  for (const wrong of ["c=unix:///x", "b", "b=x"]) {
    expect(() => dockerAddresses(two, [wrong])).toThrow("expected a site of stack lab");
  }
});

test("what takes writes is stopped, the database first; etcd goes on", () => {
  const text =
    "x-edge\tedge\trunning\nx-pg\tpostgres\tpaused\nx-e\tetcd\trunning\nx-p\tpooler\texited\n";
  const containers = parseContainers(text);
  expect(runningWriters(containers).map(({ name }) => name)).toEqual(["x-pg", "x-edge"]);
});

test("what may be lost is said, also when it is not known", () => {
  expect(lossText({ seconds: 4, bytes: 2048 }, "b", "a")).toBe(
    "what may be lost: what site a took in the last 4 s, the age of site b's newest data; when site a was last heard of, 2.0 KiB were missing",
  );
  expect(lossText({ seconds: null, bytes: null }, "b", "a")).toContain("is not known");
});

test("a verb takes its own options only", () => {
  const options = (verb: string, more: Partial<SiteOptions> = {}): SiteOptions => ({
    stack: "lab",
    yes: false,
    json: false,
    rejoinOnly: false,
    check: false,
    args: [verb],
    ...more,
  });
  expect(checkedVerb(options("failover", { to: "b", siteIsOff: "a" }))).toBe("failover");
  expect(() => checkedVerb(options("switchover", { siteIsOff: "a" }))).toThrow(
    "site switchover does not take --site-is-off",
  );
  expect(() => checkedVerb(options("flip"))).toThrow("there is no ./holdfast site flip");
});
