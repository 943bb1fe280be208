/** The small parts: parameters, diffs, handovers, figures, events, refusals. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readLog } from "../../../commands/plan/events.ts";
import { figuresOfDocs, figuresOfRuns } from "../../../commands/plan/figures.ts";
import { checkRiskNames, guardedBy, liftedBy, refusalLines } from "../../../commands/plan/gate.ts";
import {
  howInForce,
  parameterChanges,
  parseConf,
  sameValue,
} from "../../../commands/plan/parameters.ts";
import { renderedFiles } from "../../../commands/plan/rendered.ts";
import { VOLUME_RISKS } from "../../../commands/plan/risks/names.ts";
import { joined } from "../../../commands/plan/text.ts";
import type { Risk } from "../../../commands/plan/types.ts";
import { unifiedDiff } from "../../../commands/plan/unified.ts";
import { recorded } from "./previews.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

describe("parameters", () => {
  test.each([
    ["shared_buffers", "restart"],
    ["max_connections", "restart"],
    ["archive_mode", "restart"],
    ["pg_stat_statements.max", "restart"],
    ["work_mem", "reload"],
    ["archive_command", "reload"],
    ["log_connections", "new sessions"],
    ["myext.setting", "unknown"],
  ])("%s: %s", (name, how) => {
    expect(howInForce(name)).toBe(how);
  });

  test.each([
    ["shared_buffers", "1GB", "1024MB", true],
    ["shared_buffers", "16384", "128MB", true], // its unit is 8 kB
    ["wal_sender_timeout", "15s", "15000", true],
    ["archive_timeout", "1min", "60", true],
    ["jit", "off", "false", true],
    ["fsync", "on", "off", false],
    ["wal_level", "REPLICA", "replica", true],
    ["search_path", "a", "A", false],
    ["checkpoint_completion_target", "0.9", "0.90", true],
  ])("%s: %s and %s are the same: %s", (name, one, other, same) => {
    expect(sameValue(name, one, other)).toBe(same);
  });

  test("as PostgreSQL reads the file: the last line wins, quotes and escapes, no equals sign", () => {
    const conf = "A = 1\n# b = 2\na = 'it''s \\'here\\''\nc 3 # why\n\n'nonsense'\n";
    expect(Object.fromEntries(parseConf(conf))).toEqual({ a: "it's 'here'", c: "3" });
  });

  test("a comment, another order and Patroni's own are no change", () => {
    const before = "work_mem = '2MB'\njit = off\nlisten_addresses = '*'\n";
    expect(parameterChanges(before, "# x\njit = off\nwork_mem = '2048kB'\n")).toEqual([]);
  });

  test("a line left out is the default again, and lowered against it or not", () => {
    expect(parameterChanges("max_connections = 200\n", "")).toEqual([
      { name: "max_connections", before: "200", after: undefined, how: "restart", lowered: true },
    ]);
    expect(parameterChanges("", "max_connections = 200\n")[0]?.lowered).toBe(false);
    expect(parameterChanges("max_connections = 100\n", "")).toEqual([]);
  });
});

describe("a unified diff", () => {
  const lines = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}\n`).join("");

  test("is empty for equal texts", () => {
    expect(unifiedDiff("x", "a\n", "a\n")).toBe("");
  });

  test("as diff -u prints it", () => {
    const before = lines(1, 20);
    const after = before.replace("line 3\n", "").replace("line 18\n", "line 18a\n");
    expect(unifiedDiff("a/file", before, after)).toMatchInlineSnapshot(`
      "--- a/a/file
      +++ b/a/file
      @@ -1,6 +1,5 @@
       line 1
       line 2
      -line 3
       line 4
       line 5
       line 6
      @@ -15,6 +14,6 @@
       line 15
       line 16
       line 17
      -line 18
      +line 18a
       line 19
       line 20
      "
    `);
  });

  test("of a new file, of one that goes, and of a missing last newline", () => {
    expect(unifiedDiff("f", "", "a\n")).toBe("--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+a\n");
    expect(unifiedDiff("f", "a\n", "")).toBe("--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n");
    expect(unifiedDiff("f", "a\n", "a")).toContain("-a\n+a\n\\ No newline at end of file\n");
  });
});

describe("figures", () => {
  test("are read from the table in docs/drills.md", () => {
    const docs = figuresOfDocs(
      readFileSync(join(ROOT, "docs/drills.md"), "utf8"),
      "docs/drills.md",
    );
    // Those that the plan names.
    for (const drill of [
      "leader-stopped",
      "replica-stopped",
      "restart",
      "etcd-member-killed",
      "pooler-killed",
      "router-killed",
    ]) {
      expect(docs[drill]?.n, drill).toBeGreaterThan(0);
      expect(docs[drill]?.maxSeconds, drill).toBeGreaterThanOrEqual(
        docs[drill]?.medianSeconds ?? 99,
      );
    }
  });

  test("of a stack's own drills: all runs together, without what was skipped or went wrong", () => {
    const run = (writeGapSeconds: number, more = {}) => ({
      drill: "restart",
      writeGapSeconds,
      ...more,
    });
    const figures = figuresOfRuns(
      [run(2), run(1), run(3), run(90, { error: "no" }), { drill: "x", skipped: "no root" }],
      "here",
    );
    expect(figures).toEqual({
      restart: { drill: "restart", n: 3, medianSeconds: 2, maxSeconds: 3, source: "here" },
    });
  });
});

describe("events", () => {
  test("the steps of a replacement are one change", () => {
    const change = recorded("etcd-image").find(({ name }) => name === "a-etcd-2");
    expect(change).toMatchObject({ action: "replace", replaceKeys: ["image"] });
    expect(change?.before?.image).not.toBe(change?.after?.image);
  });

  test("what a replacement elsewhere takes with it is a replacement too", () => {
    const found = liftedBy(recorded("stack-id")).map(({ name, action }) => `${name} ${action}`);
    expect(found).toContain("stack-id replace");
    expect(found).toContain("a-postgres-1-data replace");
  });

  test("what lost its protection to a run that was killed is guarded still", () => {
    const changes = recorded("scale-in").map((change) => ({ ...change, protect: false }));
    expect(guardedBy(recorded("scale-in")).map(({ name }) => name)).toEqual(["a-postgres-3-data"]);
    expect(guardedBy(changes).map(({ name }) => name)).toEqual(["a-postgres-3-data"]);
    expect(liftedBy(changes)).toEqual([]);
  });

  test("an error is no step, and its words are kept", () => {
    const log = JSON.stringify({ diagnosticEvent: { severity: "error", message: "no" } });
    expect(readLog(log)).toEqual({ changes: [], idle: false, errors: ["no"] });
    expect(readLog("")).toEqual({ changes: [], idle: false, errors: [] });
  });

  test("half a line is an error, not half a plan", () => {
    expect(() => readLog('{"resourcePreEvent": {"meta')).toThrow(SyntaxError);
  });
});

describe("refusals", () => {
  test("a risk that does not exist is not accepted in silence", () => {
    expect(() => checkRiskNames(["below-quorum"])).not.toThrow();
    expect(() => checkRiskNames(["below-quorm"])).toThrow("there is no such risk");
    expect(() => checkRiskNames(["nobody-leads"])).toThrow("there is no such risk");
  });

  test("each command takes its own names", () => {
    expect(() => checkRiskNames(["drop-orphan-volumes"])).toThrow("belongs to another command");
    expect(() => checkRiskNames(["drop-orphan-volumes"], VOLUME_RISKS)).not.toThrow();
    expect(() => checkRiskNames(["below-quorum"], VOLUME_RISKS)).toThrow("another command");
  });

  test("end with the option that accepts all of it", () => {
    const risk: Risk = {
      name: "replace-network",
      resources: ["a-network"],
      what: "w",
      instead: "i",
    };
    expect(refusalLines([risk, risk, { ...risk, name: "below-quorum" }]).at(-1)).toBe(
      "to do it all the same: --accept-risk replace-network --accept-risk below-quorum",
    );
  });
});

test("names in a row are one", () => {
  expect(joined(["a-app-1", "a-app-2", "a-app-4", "a-edge", "a-etcd-1"])).toBe(
    "a-app-1…2 a-app-4 a-edge a-etcd-1",
  );
});

test("rendered files: every text that is known, none that is secret or comes with an update", () => {
  const files = renderedFiles(recorded("max-connections-up"));
  expect(files.get("a-postgres-postgresql.conf")).toContain("max_connections = 210");
  expect([...files.keys()]).toContain("a-pooler-1-facts.json");
  const secret = { stdin: "[secret]" };
  const [one] = recorded("hba").filter(({ name }) => name === "a-postgres-pg_hba.conf");
  expect(one && renderedFiles([{ ...one, after: secret }]).size).toBe(0);
});
