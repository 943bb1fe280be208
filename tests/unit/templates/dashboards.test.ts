import { describe, expect, test } from "vitest";
import {
  APPLICATION_UID,
  renderApplicationDashboard,
} from "../../../templates/dashboards/application.ts";
import { OVERVIEW_UID, renderOverviewDashboard } from "../../../templates/dashboards/overview.ts";
import { PROMETHEUS_UID } from "../../../templates/grafana/datasource.yml.ts";

interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  datasource?: { uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig?: { defaults: { unit?: string; thresholds?: { steps: unknown[] } } };
  targets?: { refId: string; expr: string; legendFormat: string; datasource: { uid: string } }[];
}

describe.each([
  ["overview", OVERVIEW_UID, renderOverviewDashboard()],
  ["application", APPLICATION_UID, renderApplicationDashboard()],
])("%s", (name, uid, text) => {
  const dashboard: { uid: string; panels: Panel[] } = JSON.parse(text);
  const panels = dashboard.panels.filter(({ type }) => type !== "row");

  test("the whole dashboard", async () => {
    await expect(text).toMatchFileSnapshot(`./__snapshots__/${name}.json`);
    expect(dashboard.uid).toBe(uid);
  });

  test("ids are each panel's own", () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("every panel says what it shows, in which unit, and from where", () => {
    for (const { title, description, datasource, fieldConfig, targets } of panels) {
      expect(description, title).toMatch(/\.$/);
      expect(datasource?.uid, title).toBe(PROMETHEUS_UID);
      expect(fieldConfig?.defaults.unit, title).toBeTruthy();
      expect(fieldConfig?.defaults.thresholds?.steps, title).not.toHaveLength(0);
      expect(targets, title).not.toHaveLength(0);
    }
  });

  test("every query is of the chosen stack and site, and named", () => {
    for (const { title, targets = [] } of panels) {
      expect(targets.map(({ refId }) => refId)).toEqual([..."ABCDEF"].slice(0, targets.length));
      for (const { expr, legendFormat, datasource } of targets) {
        expect(legendFormat, title).not.toBe("");
        expect(datasource.uid, title).toBe(PROMETHEUS_UID);
        // Prometheus keeps no external labels on its own ALERTS series.
        expect(
          expr.includes("ALERTS") || expr.includes('stack="$stack", site="$site"'),
          title,
        ).toBe(true);
      }
    }
  });

  test("no panel covers another", () => {
    for (const a of dashboard.panels) {
      for (const b of dashboard.panels.filter(({ id }) => id > a.id)) {
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
