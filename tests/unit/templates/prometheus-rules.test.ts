import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { alertGroups, renderPrometheusRules } from "../../../templates/prometheus-rules.ts";
import { RULE_FACTS } from "../../rules/facts.ts";

const alerts = Object.values(alertGroups(RULE_FACTS)).flat();
const TESTS = new URL("../../rules/", import.meta.url);

test("the whole rules file", async () => {
  await expect(renderPrometheusRules(RULE_FACTS)).toMatchFileSnapshot(
    "./__snapshots__/holdfast-rules.yml",
  );
});

test("names are unique", () => {
  const names = alerts.map(({ alert }) => alert);
  expect(new Set(names).size).toBe(names.length);
});

test("each alert says what is wrong and what to do", () => {
  for (const { alert, summary, action, forSeconds } of alerts) {
    expect(summary, alert).not.toBe("");
    expect(action, alert).toMatch(/[.?]$|^Nothing|wait\.$/);
    expect(Number.isInteger(forSeconds), alert).toBe(true);
  }
});

test("each alert has promtool tests in which it fires and in which it does not", () => {
  const text = readdirSync(TESTS)
    .filter((name) => name.endsWith(".test.yml"))
    .map((name) => readFileSync(new URL(name, TESTS), "utf8"))
    .join("\n");
  for (const { alert } of alerts) {
    const checks = text.split(`ALERTS{alertname="${alert}"`).slice(1);
    const fires = checks.filter((check) => /^[^\n]*\n[^\n]*\n\s*exp_samples: \[\{/.test(check));
    expect(fires.length, `${alert} fires`).toBeGreaterThan(0);
    // The watchdog's whole purpose is never to be silent.
    if (alert !== "Watchdog") {
      expect(checks.length - fires.length, `${alert} does not fire`).toBeGreaterThan(0);
    }
  }
});

test("thresholds follow the facts", () => {
  const slow = alertGroups({
    ...RULE_FACTS,
    recoveryPointSeconds: 900,
    recoveryTimeSeconds: 120,
    archiveTimeoutSeconds: 450,
    patroni: { ttlSeconds: 30, loopWaitSeconds: 5, retryTimeoutSeconds: 10 },
  });
  const find = (name: string) =>
    Object.values(slow)
      .flat()
      .find(({ alert }) => alert === name);
  expect(find("PostgresNoLeader")?.forSeconds).toBe(45);
  expect(find("WalArchiveLate")).toMatchObject({ forSeconds: 470 });
  expect(find("WalArchiveLate")?.expr).toContain("> 900 unless");
  expect(find("WalArchiveLate")?.summary).toContain("objective of 900 s");
  expect(find("WalShipLate")?.expr).toContain("> 450");
  expect(find("RestoreSlow")?.expr).toContain("> 120");
  expect(find("RestoreLosesTooMuch")?.expr).toContain("> 900");
});

test("each cause of a repository's fault has advice of its own, and one serves all others", () => {
  const fault = alerts.find(({ alert }) => alert === "RepositoryFault");
  const advised = [...(fault?.action ?? "").matchAll(/eq \$labels\.cause "(\w+)"/g)].map(
    ([, cause]) => cause,
  );
  expect(advised).toEqual([
    "unreachable",
    "credentials",
    "bucket",
    "full",
    "stanza",
    "damaged",
    "certificate",
    "clock",
  ]);
  expect(fault?.action).toContain("{{ else }}");
});

test("every command that an alert names is one that the launcher has", () => {
  const main = readFileSync(new URL("../../../commands/main.ts", import.meta.url), "utf8");
  const known = [...main.matchAll(/^command\(\n {2}"([a-z-]+)/gm)].map(([, name]) => name);
  expect(known).toContain("backups");
  for (const { alert, action } of alerts) {
    const named = [...action.matchAll(/\.\/holdfast (?:--stack \{\{[^}]*\}\} )?([a-z-]+)/g)];
    for (const [, name] of named) {
      expect(known, alert).toContain(name);
    }
  }
});
