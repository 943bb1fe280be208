/** The recovery plan: what it says follows from the settings, and every command in it exists. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { lastResults } from "../../../commands/drills/lastResults.ts";
import { skippedResult } from "../../../commands/drills/result.ts";
import { recoveryFacts } from "../../../commands/recoveryPlan.ts";
import { loadSettingsFromFiles, parseSettings } from "../../../settings.ts";
import { type RecoveryFacts, renderRecoveryPlan } from "../../../templates/recovery.md.ts";

const settings = parseSettings({ stack: "dev", project: "holdfast", config: {} });
const one = recoveryFacts(settings, []);
const root = join(import.meta.dirname, "../../..");
/** What docs/recovery.md shows: Pulumi.two-sites.yaml in earnest, on hosts of their own, and a cloud elsewhere. */
const two: RecoveryFacts = {
  ...recoveryFacts(loadSettingsFromFiles(root, "two-sites"), []),
  hosts: { a: "ssh://root@a.example.org", b: "ssh://root@b.example.org" },
  hasCloud: true,
};
const main = readFileSync(join(import.meta.dirname, "../../../commands/main.ts"), "utf8");

describe("the page", () => {
  test("docs/recovery.md is what two sites' settings say", async () => {
    await expect(renderRecoveryPlan(two)).toMatchFileSnapshot("../../../docs/recovery.md");
  });

  test.each([one, two])("names only commands and options that there are", (facts) => {
    const text = renderRecoveryPlan(facts);
    const commands = [...text.matchAll(/\.\/holdfast ([a-z-]+)/g)].map(([, name]) => name);
    expect(commands.length).toBeGreaterThan(10);
    for (const name of new Set(commands)) {
      expect(main).toMatch(new RegExp(`^ {2}"${name}[ "]`, "m"));
    }
    for (const [, option] of text.matchAll(/(?<=holdfast [^`]*)(--[a-z-]+)/g)) {
      // `site dns --check` is of the public names.
      expect(`${main} --stack --yes --check`).toContain(option);
    }
  });

  test("without a witness a person's word is asked for, with the command", () => {
    const text = renderRecoveryPlan({ ...two, hasWitness: false });
    expect(text).toContain("failover --to b --site-is-off a --stack two-sites");
    expect(renderRecoveryPlan(two)).not.toContain("--site-is-off");
    expect(renderRecoveryPlan({ ...two, automatic: true })).toContain("promotes itself");
  });

  test("one site without a cloud has no way back, and the plan says so", () => {
    expect(renderRecoveryPlan(one)).toContain("**everything**: no backup lies elsewhere");
    expect(renderRecoveryPlan(one)).toContain("There is **no way**");
    expect(renderRecoveryPlan({ ...one, hasCloud: true })).toContain("restore --kit");
  });

  test("people are those of the settings, or blanks that name the setting", () => {
    expect(renderRecoveryPlan(one)).toContain("______________ (setting `recovery.decides`)");
    const config = { recovery: { decides: "the head of IT", contacts: ["on call: 555 0100"] } };
    const known = parseSettings({ stack: "dev", project: "holdfast", config });
    const text = renderRecoveryPlan(recoveryFacts(known, []));
    expect(text).toContain("A failover to another site: the head of IT.");
    expect(text).toContain("- on call: 555 0100");
    expect(text).not.toContain("____");
  });
});

describe("the last drills", () => {
  test("of each the last run is shown, with its scenario", () => {
    const root = mkdtempSync(join(tmpdir(), "holdfast-plan-"));
    const put = (time: string, reason: string) => {
      const folder = join(root, "drills", "dev", time);
      mkdirSync(folder, { recursive: true });
      const runs = [skippedResult("site", "2026-11-25T09:00:00.000Z", reason)];
      writeFileSync(join(folder, "results.json"), JSON.stringify({ runs }));
    };
    put("2026-11-24T09-00-00", "an older reason");
    put("2026-11-25T09-00-00", "this stack has one site");
    mkdirSync(join(root, "drills", "dev", "2026-11-26T09-00-00"));
    const facts = recoveryFacts(settings, lastResults("dev", root));
    rmSync(root, { recursive: true });
    expect(facts.drills).toEqual([
      {
        scenario: "data-centre outage",
        drill: "site",
        at: "2026-11-25",
        outcome: "skipped",
        figures: "this stack has one site",
      },
    ]);
    expect(renderRecoveryPlan(facts)).toContain(
      "| data-centre outage | `site` | 2026-11-25 | skipped | this stack has one site |",
    );
  });

  test("none is said to be none", () => {
    expect(lastResults("nobody", "/nowhere")).toEqual([]);
    expect(renderRecoveryPlan(one)).toContain("None on this machine yet");
  });
});

test.each([
  [{ contacts: [""] }, "recovery.contacts"],
  [{ contacts: ["one\ntwo"] }, "recovery.contacts"],
  [{ contacts: "me" }, "recovery.contacts"],
  [{ decides: "x".repeat(201) }, "recovery.decides"],
  [{ who: "me" }, "recovery"],
])("wrong: %j", (recovery, where) => {
  expect(() => parseSettings({ stack: "dev", project: "holdfast", config: { recovery } })).toThrow(
    where,
  );
});
