import { describe, expect, test } from "vitest";
import {
  type DashboardJson,
  faultsOf,
  type PanelJson,
} from "../../../templates/dashboards/lint.ts";

const context = { datasources: ["prometheus"], uids: ["mine", "other"] };

const good: PanelJson = {
  id: 1,
  type: "timeseries",
  title: "Load",
  description: "How much.",
  datasource: { type: "prometheus", uid: "prometheus" },
  fieldConfig: { defaults: { unit: "short" } },
  targets: [{ refId: "A", expr: 'rate(a_total{stack="$stack"}[$__rate_interval])' }],
  links: [{ url: "/d/other?var-stack=$stack" }],
};

function dashboard(panel: Partial<PanelJson>, more: Partial<DashboardJson> = {}): DashboardJson {
  return {
    uid: "mine",
    title: "Mine",
    panels: [{ ...good, ...panel }],
    templating: { list: [{ name: "stack" }] },
    ...more,
  };
}

test("a good one has no fault", () => {
  expect(faultsOf(dashboard({}), context)).toEqual([]);
});

describe("the faults of a panel", () => {
  const asks = (expr: string) => ({ targets: [{ refId: "A", expr }] });
  test.each<[string, Partial<PanelJson>, string]>([
    ["no title", { title: "" }, "panel 1: has no title"],
    ["no description", { description: "" }, 'panel "Load": has no description'],
    ["no unit", { fieldConfig: { defaults: {} } }, 'panel "Load": has no unit'],
    [
      "a foreign data source",
      { datasource: { uid: "x" } },
      'panel "Load": has no data source of prometheus',
    ],
    ["no query", { targets: [] }, 'panel "Load": asks nothing'],
    ["no refId", { targets: [{ expr: "up" }] }, 'panel "Load": has a query without a refId'],
    [
      "the same refId twice",
      {
        targets: [
          { refId: "A", expr: "up" },
          { refId: "A", expr: "up" },
        ],
      },
      'panel "Load": has two queries with the same refId',
    ],
    ["an empty query", asks(""), 'panel "Load": has an empty query'],
    [
      "a fixed window",
      asks("sum(rate(a[5m]))"),
      'panel "Load": rate over 5m, not $__rate_interval',
    ],
    [
      "a fixed window behind a good one",
      asks('rate(a[$__rate_interval]) / irate(b{x="y"}[1m])'),
      'panel "Load": rate over 1m, not $__rate_interval',
    ],
    ["an unknown variable", asks("up{site='$site'}"), "variable $site is used and not defined"],
    [
      "a dead link",
      { links: [{ url: "/d/gone?x" }] },
      'panel "Load": links to gone, which is no dashboard',
    ],
  ])("%s", (_, panel, fault) => {
    expect(faultsOf(dashboard(panel), context)).toEqual([fault]);
  });

  test("increase() over a fixed time is a question of its own", () => {
    expect(faultsOf(dashboard(asks("increase(a[1h])")), context)).toEqual([]);
  });
});

describe("the faults of a dashboard", () => {
  test.each<[string, Partial<DashboardJson>, RegExp]>([
    ["no uid", { uid: "" }, /^uid: has to be there/],
    ["a uid with a slash", { uid: "a/b" }, /^uid: has to be there/],
    ["no title", { title: "" }, /^title: has to be there/],
    ["the same id twice", { panels: [good, good] }, /two have the same id/],
  ])("%s", (_, more, fault) => {
    expect(faultsOf(dashboard({}, more), context).join("\n")).toMatch(fault);
  });

  test("a uid that another one has", () => {
    const taken = { ...context, uids: ["mine", "mine", "other"] };
    expect(faultsOf(dashboard({}), taken)).toEqual(["uid: mine is another dashboard's too"]);
  });

  test("rows are no panels", () => {
    const row = { id: 2, type: "row", title: "Row" };
    expect(faultsOf(dashboard({}, { panels: [good, row] }), context)).toEqual([]);
  });
});
