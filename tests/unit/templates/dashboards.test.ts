import { describe, expect, test } from "vitest";
import { DASHBOARDS, renderDashboards } from "../../../templates/dashboards/all.ts";
import {
  type DashboardJson,
  faultsOf,
  type PanelJson,
} from "../../../templates/dashboards/lint.ts";
import * as uids from "../../../templates/dashboards/uids.ts";
import { LOKI_UID, PROMETHEUS_UID } from "../../../templates/grafana/datasource.yml.ts";
import { alertGroups } from "../../../templates/prometheus-rules.ts";
import { DASHBOARD_FACTS } from "../../dashboards.ts";
import { RULE_FACTS } from "../../rules/facts.ts";

interface Placed extends PanelJson {
  readonly gridPos: { x: number; y: number; w: number; h: number };
  readonly targets?: readonly { expr: string; refId: string; legendFormat?: string }[];
}

type Whole = Omit<DashboardJson, "panels"> & {
  panels: Placed[];
  tags: string[];
  links: { type: string; tags: string[]; includeVars: boolean }[];
  templating: { list: { name: string; includeAll?: boolean; query: unknown }[] };
};

const texts = renderDashboards(DASHBOARD_FACTS, ["prometheus", "loki"]);
const all = Object.entries(texts).map(([file, text]): [string, Whole] => [
  file,
  JSON.parse(text) as Whole,
]);
const context = {
  datasources: [PROMETHEUS_UID, LOKI_UID],
  uids: all.map(([, { uid = "" }]) => uid),
};
const panelsOf = ({ panels }: Whole): Placed[] => panels.filter(({ type }) => type !== "row");

test("every dashboard that there is to be, the home page first", () => {
  expect(Object.keys(DASHBOARDS)).toEqual([
    ...["overview", "postgresql", "replication", "pooler", "backups", "requests"],
    ...["application", "hosts", "objectives", "monitoring", "logs"],
  ]);
  // Each is reserved, so that no extension takes it.
  expect(Object.values(uids).toSorted()).toEqual(context.uids.toSorted());
});

test("without Loki there is no dashboard of logs", () => {
  expect(Object.keys(renderDashboards(DASHBOARD_FACTS, ["prometheus"]))).not.toContain("logs.json");
});

describe.each(all)("%s", (file, dashboard) => {
  test("the whole dashboard", async () => {
    await expect(texts[file]).toMatchFileSnapshot(`./__snapshots__/${file}`);
  });

  test("keeps our rules", () => {
    expect(faultsOf(dashboard, context)).toEqual([]);
  });

  test("says in sentences what each panel shows, and where it turns red", () => {
    for (const { title, description = "", fieldConfig } of panelsOf(dashboard)) {
      expect(description, title).toMatch(/[.)]$/);
      expect(fieldConfig?.defaults?.thresholds?.steps, title).not.toHaveLength(0);
    }
  });

  test("asks of the chosen stack and site alone, and names each line", () => {
    for (const { title, targets = [] } of panelsOf(dashboard)) {
      expect(targets.map(({ refId }) => refId)).toEqual([..."ABCDEF"].slice(0, targets.length));
      for (const { expr, legendFormat } of targets) {
        expect(legendFormat, title).not.toBe("");
        // Prometheus keeps no external labels on its own ALERTS series; a constant is nobody's.
        const everyones = expr.includes("ALERTS{") || /^vector\([\d.]+\)$/.test(expr);
        const selectors = expr.match(/\{[^}]*\}/g) ?? [];
        expect(everyones || selectors.length > 0, `${title}: ${expr}`).toBe(true);
        for (const selector of everyones ? [] : selectors) {
          expect(selector, title).toContain('stack="$stack", site="$site"');
        }
      }
    }
  });

  test("uses the choice of instances that it offers", () => {
    const offers = dashboard.templating.list.some(({ name }) => name === "instance");
    const uses = panelsOf(dashboard).some(({ targets = [] }) =>
      targets.some(({ expr }) => expr.includes('instance=~"$instance"')),
    );
    expect(uses).toBe(offers);
  });

  test("links to all others at the same stack and site", () => {
    expect(dashboard.tags).toEqual(["holdfast"]);
    expect(dashboard.links).toMatchObject([
      { type: "dashboards", tags: ["holdfast"], includeVars: true, keepTime: true },
    ]);
  });

  test("no panel covers another, and none is wider than the page", () => {
    const { panels } = dashboard;
    for (const a of panels) {
      expect(a.gridPos.x + a.gridPos.w, a.title).toBeLessThanOrEqual(24);
      for (const b of panels.filter(({ id = 0 }) => id > (a.id ?? 0))) {
        const apart =
          a.gridPos.x + a.gridPos.w <= b.gridPos.x ||
          b.gridPos.x + b.gridPos.w <= a.gridPos.x ||
          a.gridPos.y + a.gridPos.h <= b.gridPos.y ||
          b.gridPos.y + b.gridPos.h <= a.gridPos.y;
        expect(apart, `${a.title} and ${b.title}`).toBe(true);
      }
    }
  });
});

test("each page that a panel names is an alert's", () => {
  const alerts = Object.values(alertGroups(RULE_FACTS))
    .flat()
    .map(({ alert }) => alert);
  const named = Object.values(texts).flatMap((text) =>
    [...text.matchAll(/docs\/runbooks\/(\w+)\.md/g)].map(([, alert = ""]) => alert),
  );
  expect(named.length).toBeGreaterThan(50);
  expect([...new Set(named)].filter((alert) => !alerts.includes(alert))).toEqual([]);
});

test("thresholds follow the objectives", () => {
  const steps = (facts: typeof DASHBOARD_FACTS, title: string) => {
    const { panels } = JSON.parse(renderDashboards(facts, ["prometheus"])["objectives.json"] ?? "");
    return panels.find((panel: Placed) => panel.title === title).fieldConfig.defaults.thresholds
      .steps;
  };
  const slow = { ...DASHBOARD_FACTS, recoveryPointSeconds: 900, recoveryTimeSeconds: 120 };
  expect(steps(slow, "Now")).toContainEqual({ color: "red", value: 900 });
  expect(steps(slow, "Restore, by the last drill")).toContainEqual({ color: "orange", value: 120 });
  expect(steps(DASHBOARD_FACTS, "Now")).toContainEqual({ color: "red", value: 60 });
});
