/** What holds for any change. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assess, risksOf } from "../../../commands/plan/assess.ts";
import { afterRestart, afterStops, candidate } from "../../../commands/plan/handovers.ts";
import { parseConf, sameValue } from "../../../commands/plan/parameters.ts";
import type { Action, Change } from "../../../commands/plan/types.ts";
import { unifiedDiff } from "../../../commands/plan/unified.ts";
import { renderPostgresqlConf } from "../../../templates/postgresql.conf.ts";
import { type Patch, stackWith } from "./changes.ts";
import { unchanged } from "./previews.ts";

const NAMES = unchanged().map(({ name }) => name);
const action = fc.constantFrom<Action>("none", "create", "update", "replace", "delete");
/** Any change of any resources at once. */
const changes: fc.Arbitrary<Change[]> = fc
  .dictionary(fc.constantFrom(...NAMES), action, { maxKeys: 12 })
  .map((actions) =>
    stackWith(
      Object.fromEntries(
        Object.entries(actions).map(([name, action]): [string, Patch] => [name, { action }]),
      ),
    ),
  );

describe("any set of changes", () => {
  test("every container is one node, and what is not touched stays so", () => {
    fc.assert(
      fc.property(changes, (set) => {
        const containers = set.filter(({ type }) => type.endsWith(":Container"));
        const plan = assess(set);
        expect(plan.nodes.map(({ node }) => node).sort()).toEqual(
          containers.map(({ name }) => name).sort(),
        );
        for (const { node, effect } of plan.nodes) {
          const own = containers.find(({ name }) => name === node)?.action;
          if (own === "replace") expect(effect).toBe("replacement");
          if (own === "delete") expect(effect).toBe("removed");
          if (own === "none") expect(["nothing", "reload", "rolling restart"]).toContain(effect);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("what cannot be made again is never deleted or replaced without a refusal", () => {
    fc.assert(
      fc.property(changes, (set) => {
        const refused = new Set(risksOf(set).flatMap(({ resources }) => resources));
        const staying = new Set(
          set.filter(({ action }) => action !== "delete").map(({ name }) => name),
        );
        for (const { name, protect, action, retain } of set) {
          if (!protect || (action !== "replace" && action !== "delete")) continue;
          const orphan = retain && action === "delete" && !staying.has(name.replace(/-data$/, ""));
          expect(refused.has(name), `${name} ${action}`).toBe(!orphan);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("handovers add up, and there are none without a member that stops", () => {
    fc.assert(
      fc.property(changes, fc.integer({ min: 1, max: 3 }), (set, leader) => {
        const plan = assess(set, { leaders: { a: leader }, figures: {} });
        const sum = plan.order.reduce((total, { handovers }) => total + (handovers?.[1] ?? 0), 0);
        expect(plan.handovers[0]).toBeLessThanOrEqual(plan.handovers[1]);
        expect(plan.handovers[1]).toBe(sum);
        const stops = set.some(
          ({ name, action }) =>
            /^a-postgres-\d$/.test(name) && (action === "replace" || action === "delete"),
        );
        if (!stops) expect(plan.handovers).toEqual([0, 0]);
      }),
      { numRuns: 100 },
    );
  });
});

describe("handovers", () => {
  const cluster = fc
    .integer({ min: 1, max: 11 })
    .chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 1, max: size })));
  const upTo = (size: number) => Array.from({ length: size }, (_, index) => index + 1);

  test("at most two in a roll from 1 to the highest, none to who goes next, one leader at the end", () => {
    fc.assert(
      fc.property(cluster, ([size, leader]) => {
        const members = upTo(size);
        const end = afterStops({ leader, handovers: 0 }, members, members);
        expect(end.handovers).toBeLessThanOrEqual(size === 1 ? 0 : 2);
        expect(members).toContain(end.leader);
        let now = { leader, handovers: 0 };
        for (const member of members) {
          const next = afterStops(now, [member], members);
          if (next.leader !== now.leader && size > 2)
            expect(next.leader).not.toBe(member + 1 < size ? member + 1 : -1);
          now = next;
        }
        expect(now).toEqual(end);
      }),
    );
  });

  test("nobody hands over to itself, and a sole member to nobody", () => {
    fc.assert(
      fc.property(cluster, ([size, leader]) => {
        const next = candidate(leader, upTo(size));
        expect(next).not.toBe(leader);
        expect(next === undefined).toBe(size === 1);
      }),
    );
    expect(afterRestart({ leader: 1, handovers: 0 }, [1], false).handovers).toBe(0);
    expect(afterRestart({ leader: 1, handovers: 0 }, [1, 2], true).handovers).toBe(0);
  });
});

describe("diffs", () => {
  const text = fc
    .array(fc.constantFrom("a", "b", "c", "", " d"), { maxLength: 30 })
    .chain((lines) =>
      fc.boolean().map((end) => lines.join("\n") + (end && lines.length > 0 ? "\n" : "")),
    );

  test("a diff turns the old text into the new one", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(patchedBy(before, unifiedDiff("f", before, after))).toBe(after);
      }),
      { numRuns: 500 },
    );
  });
});

/** What `patch` does; enough for diffs without fuzz. */
function patchedBy(before: string, diff: string): string {
  if (diff === "") return before;
  const old = before === "" ? [] : before.replace(/\n$/, "").split("\n");
  const result: string[] = [];
  let at = 0;
  let bare = before !== "" && !before.endsWith("\n");
  let last: { sign: string } | undefined;
  for (const line of diff.split("\n").slice(2, -1)) {
    const [, start, count] = /^@@ -(\d+)(?:,(\d+))? /.exec(line) ?? [];
    if (start !== undefined) {
      const begin = Number(start) - (count === "0" ? 0 : 1);
      result.push(...old.slice(at, begin));
      at = begin;
    } else if (line.startsWith("\\")) {
      if (last?.sign === "-") bare = false;
      if (last?.sign === "+") bare = true;
    } else {
      const sign = line[0] ?? "";
      last = { sign };
      if (sign !== "+") {
        expect(old[at]).toBe(line.slice(1));
        at += 1;
      }
      if (sign !== "-") result.push(line.slice(1));
    }
  }
  result.push(...old.slice(at));
  return result.length === 0 ? "" : result.join("\n") + (bare ? "" : "\n");
}

describe("parameters", () => {
  test("a size is the same in any unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (n) => {
        expect(sameValue("shared_buffers", `${n}GB`, `${n * 1024}MB`)).toBe(true);
        expect(sameValue("shared_buffers", `${n}MB`, `${n * 128}`)).toBe(true);
        expect(sameValue("shared_buffers", `${n}MB`, `${n + 1}MB`)).toBe(false);
        expect(sameValue("statement_timeout", `${n}min`, `${n * 60_000}`)).toBe(true);
      }),
    );
  });

  test("what the template writes is read back, whatever the value", () => {
    const value = fc.string({ unit: "grapheme-ascii", maxLength: 20 });
    fc.assert(
      fc.property(value, (word) => {
        const conf = renderPostgresqlConf({
          memoryMiB: 512,
          volumeSizeMiB: 10240,
          maxConnections: 200,
          archiveTimeoutSeconds: 30,
          archiveCommand: word,
          authentication: "scram-sha-256",
          parameters: { "my.word": word },
        });
        const values = parseConf(conf);
        expect(values.get("my.word")).toBe(word);
        expect(values.get("archive_command")).toBe(word);
        expect(values.get("max_connections")).toBe("200");
      }),
    );
  });
});
