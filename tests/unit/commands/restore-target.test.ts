import { describe, expect, test } from "vitest";
import type { RepositoryState } from "../../../commands/cluster/backups.ts";
import { Fault } from "../../../commands/fault.ts";
import { healthyLeader } from "../../../commands/restore/inPlace.ts";
import { chooseRepository, describeTarget, parseTarget } from "../../../commands/restore/target.ts";
import type { RestoreOptions } from "../../../commands/restore/types.ts";
import { refuseMixed } from "../../../commands/restore.ts";

const FROM = "2026-11-25T02:00:00Z";
const TO = "2026-11-25T09:00:00Z";

function state(
  repository: string,
  windows: [string, string][] = [[FROM, TO]],
  recoverableTo: string | null = windows.at(-1)?.[1] ?? null,
): RepositoryState {
  const rest = { answeredAt: TO, rpoSeconds: 5, holes: 0, proofs: {} };
  return { repository, windows, recoverableTo, faults: [], ...rest };
}

describe("--to", () => {
  test("latest, also when nothing is said", () => {
    expect(parseTarget()).toEqual({ kind: "latest", value: "" });
    expect(parseTarget("latest")).toEqual({ kind: "latest", value: "" });
  });

  test.each([
    ["2026-11-25T09:00:00Z", "2026-11-25T09:00:00.000Z"],
    ["2026-11-25 09:00", "2026-11-25T09:00:00.000Z"],
    ["2026-11-25", "2026-11-25T00:00:00.000Z"],
    ["2026-11-25T09:00:00.25", "2026-11-25T09:00:00.250Z"],
    ["2026-11-25T09:00+01:00", "2026-11-25T08:00:00.000Z"],
  ])("%s is %s, in UTC unless it names a zone", (text, value) => {
    expect(parseTarget(text)).toEqual({ kind: "time", value });
  });

  test("an LSN", () => {
    expect(parseTarget("0/30001ab")).toEqual({ kind: "lsn", value: "0/30001AB" });
  });

  test.each(["yesterday", "2026-13-25T09:00:00Z", "09:00", "", "2026-11-25T09:00; ls"])(
    "%j is refused",
    (text) => {
      expect(() => parseTarget(text)).toThrow(Fault);
    },
  );

  test("is said as people read it", () => {
    expect(describeTarget(parseTarget("latest"))).toBe("the latest that was archived");
    expect(describeTarget(parseTarget("2026-11-25"))).toBe("2026-11-25T00:00:00.000Z");
  });
});

describe("the repository", () => {
  const noon = parseTarget("2026-11-25T08:00:00Z");

  test("the nearest that can", () => {
    expect(chooseRepository(noon, undefined, [state("local"), state("cloud")])).toBe("local");
    const young = state("local", [["2026-11-25T08:30:00Z", TO]]);
    expect(chooseRepository(noon, undefined, [young, state("cloud")])).toBe("cloud");
  });

  test("for the latest, one whose end is later by more than a minute", () => {
    const states = (end: string) => [state("local"), state("cloud", [[FROM, end]])];
    const latest = parseTarget("latest");
    expect(chooseRepository(latest, undefined, states("2026-11-25T09:00:59Z"))).toBe("local");
    expect(chooseRepository(latest, undefined, states("2026-11-25T09:01:01Z"))).toBe("cloud");
  });

  test("the one that is asked for, or an error with its windows", () => {
    const young = state("local", [["2026-11-25T08:30:00Z", TO]]);
    expect(chooseRepository(noon, "cloud", [state("local"), state("cloud")])).toBe("cloud");
    const asked = () => chooseRepository(noon, "local", [young, state("cloud")]);
    expect(asked).toThrow("cannot be recovered from local");
    expect(adviceOf(asked)).toEqual([`local: any moment from 2026-11-25T08:30:00Z to ${TO}`]);
  });

  test("a moment between two windows is in none", () => {
    const split = state("local", [
      [FROM, "2026-11-25T07:00:00Z"],
      ["2026-11-25T08:30:00Z", TO],
    ]);
    expect(adviceOf(() => chooseRepository(noon, undefined, [split]))).toHaveLength(2);
  });

  test("the ends of a window are in it, a moment later is not", () => {
    expect(chooseRepository(parseTarget(FROM), undefined, [state("local")])).toBe("local");
    expect(chooseRepository(parseTarget(TO), undefined, [state("local")])).toBe("local");
    const late = () =>
      chooseRepository(parseTarget("2026-11-25T09:00:01Z"), undefined, [state("local")]);
    expect(late).toThrow(Fault);
  });

  test("says what is wrong with one that has nothing", () => {
    const empty = { ...state("cloud", []), faults: [{ cause: "credentials", error: "no" }] };
    expect(adviceOf(() => chooseRepository(noon, undefined, [empty]))).toEqual([
      "cloud: nothing is recoverable",
      "cloud: it has a fault, credentials",
    ]);
    expect(() => chooseRepository(noon, "cloud", [state("local")])).toThrow("there is local");
  });
});

describe("before anything is touched", () => {
  const options = { stack: "dev", yes: false, json: false } satisfies RestoreOptions;

  test("two kinds of restore at once are refused", () => {
    expect(() => refuseMixed({ ...options, kit: "k", table: ["t"] })).toThrow("--kit and --table");
    expect(() => refuseMixed({ ...options, cancel: true, forget: true })).toThrow(Fault);
    expect(() => refuseMixed({ ...options, table: [], kit: "k" })).not.toThrow();
    expect(() => refuseMixed({ ...options, kit: "k", from: "s" })).not.toThrow();
    expect(() => refuseMixed(options)).not.toThrow();
  });

  test("a leader that works is in the way, one that does not is not", () => {
    const member = { name: "postgres-1", timeline: 1, lagBytes: null };
    const leader = { ...member, role: "leader", state: "running" };
    expect(healthyLeader([{ ...member, role: "replica", state: "streaming" }, leader])).toBe(
      leader,
    );
    expect(healthyLeader([{ ...leader, state: "exited" }])).toBeUndefined();
    expect(healthyLeader([])).toBeUndefined();
  });
});

function adviceOf(act: () => unknown): readonly string[] {
  try {
    act();
  } catch (error) {
    return (error as Fault).advice;
  }
  throw new Error("nothing was thrown");
}
