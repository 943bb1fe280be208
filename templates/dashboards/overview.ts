/** The home dashboard: is it up, who leads, is traffic served, can it be restored. */

import {
  DashboardBuilder,
  DashboardCursorSync,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { PROMETHEUS_UID } from "../grafana/datasource.yml.ts";
import { overviewSections } from "./overview-sections.ts";

/** The dashboard's uid; part of its address. */
export const OVERVIEW_UID = "holdfast-overview";

/** Renders overview.json. Pure; the same at every site. */
export function renderOverviewDashboard(): string {
  const builder = new DashboardBuilder("Holdfast: overview")
    .uid(OVERVIEW_UID)
    .description("Is it up, who leads, is traffic served, can it be restored?")
    .tags(["holdfast"])
    .readonly()
    .refresh("10s")
    .time({ from: "now-1h", to: "now" })
    .timezone("browser")
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(variable("stack", "Stack", "label_values(up, stack)"))
    .withVariable(variable("site", "Site", 'label_values(up{stack="$stack"}, site)'));
  for (const section of overviewSections()) {
    builder.withRow(new RowBuilder(section.title));
    for (const panel of section.panels) {
      builder.withPanel(panel);
    }
  }
  return `${JSON.stringify(withIds(builder.build()), undefined, 2)}\n`;
}

function variable(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource({ type: "prometheus", uid: PROMETHEUS_UID })
    .query({ query, refId: name })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}

/** The builder leaves ids out, and gives rows 0: Grafana wants each panel's own. */
function withIds<D extends { panels?: unknown[] }>(dashboard: D): D {
  const panels = (dashboard.panels ?? []).map((panel, index) => ({
    ...(panel as Record<string, unknown>),
    id: index + 1,
  }));
  return { ...dashboard, panels };
}
