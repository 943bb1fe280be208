import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ACTIVE_ONLY } from "../../../templates/prometheus-rules/sites.ts";
import { alertGroups, renderPrometheusRules } from "../../../templates/prometheus-rules.ts";
import { RULE_FACTS } from "../../rules/facts.ts";
import { casesOf, kindsOf, metricsOf } from "../../rules/kinds.ts";

const alerts = Object.values(alertGroups(RULE_FACTS)).flat();
const TESTS = new URL("../../rules/", import.meta.url);

test("the whole rules file", async () => {
  await expect(renderPrometheusRules(RULE_FACTS)).toMatchFileSnapshot(
    "./__snapshots__/holdfast-rules.yml",
  );
});

test("with two sites, what is of the active one is silent on the other, and nothing else changes", () => {
  const { sites, ...others } = two;
  const changed = Object.values(others)
    .flat()
    .filter((rule, index) => rule.expr !== alerts[index]?.expr);
  expect(changed.map(({ alert }) => alert).toSorted()).toEqual(ACTIVE_ONLY.toSorted());
  for (const { expr } of changed) {
    expect(expr).toMatch(/^\(.*\) unless on \(stack, site\) holdfast_site_active == 0$/);
  }
  expect(sites?.length).toBeGreaterThan(0);
});

test("names are unique", () => {
  const names = [...alerts, ...(two.sites ?? [])].map(({ alert }) => alert);
  expect(new Set(names).size).toBe(names.length);
});

test("each alert says what is wrong and what to do", () => {
  for (const { alert, summary, action, forSeconds } of alerts) {
    expect(summary, alert).not.toBe("");
    expect(action, alert).toMatch(/[.?]$|^Nothing|wait\.$/);
    expect(Number.isInteger(forSeconds), alert).toBe(true);
  }
});

const cases = readdirSync(TESTS)
  .filter((name) => name.endsWith(".test.yml"))
  .flatMap((name) => casesOf(readFileSync(new URL(name, TESTS), "utf8")));

const two = alertGroups({ ...RULE_FACTS, sites: true });

// The watchdog's whole purpose is never to be silent.
const tested = [...alerts, ...(two.sites ?? [])].filter(({ alert }) => alert !== "Watchdog");

test.each(tested)("$alert: promtool sees it fire, rest, and both at its boundary", (rule) => {
  expect(kindsOf(rule.alert, rule.expr, cases)).toEqual({
    fires: true,
    rests: true,
    boundary: true,
  });
});

test("a kind of test that is missing is noticed", () => {
  const file = (looks: string) =>
    casesOf(`
evaluation_interval: 10s
tests:
  - interval: 10s
    input_series: [{ series: 'a{b="c"}', values: '1' }]
    promql_expr_test: [${looks}]
`);
  const look = (eval_time: string, samples: string) =>
    `{ expr: 'count(ALERTS{alertname="X", alertstate="firing"})', eval_time: ${eval_time}, exp_samples: ${samples} }`;
  const none = { fires: false, rests: false, boundary: false };
  expect(kindsOf("X", "a > 1", [])).toEqual(none);
  expect(kindsOf("X", "a > 1", file(look("10s", "[]")))).toEqual({ ...none, rests: true });
  // What it reads besides is not there: it rests for the wrong reason.
  expect(kindsOf("X", "a > max by (d) (e)", file(look("10s", "[]")))).toEqual(none);
  expect(kindsOf("X", "a", file(look("10s", "[{}]")))).toEqual({ ...none, fires: true });
  const wide = [look("10s", "[]"), look("40s", "[{}]")].join();
  expect(kindsOf("X", "a", file(wide))).toEqual({ ...none, fires: true });
  const near = [look("1m", "[]"), look("1m20s", "[{}]")].join();
  expect(kindsOf("X", "a", file(near))).toEqual({ fires: true, rests: false, boundary: true });
});

test("metrics are told from functions, labels and durations", () => {
  const expr =
    'sum by (site, le) (rate(a_bucket{job="x_y", code=~"5.."}[5m])) / on (c) group_left () (b:c offset 2h) > 1e3 and d unless e';
  expect(metricsOf(expr)).toEqual(["a_bucket", "b:c", "d", "e"]);
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
