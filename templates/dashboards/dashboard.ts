/** What every dashboard has: tags, time, variables, rows of panels. */

import {
  DashboardBuilder,
  DashboardCursorSync,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { PROMETHEUS_UID } from "../grafana/datasource.yml.ts";
import type { Panel } from "./panels.ts";

/** A row and its panels, in reading order. */
export interface Section {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface DashboardArgs {
  readonly title: string;
  /** Part of its address. */
  readonly uid: string;
  /** The questions that it answers. */
  readonly description: string;
  readonly sections: readonly Section[];
}

/** Selects the stack and the site that are looked at. */
export const HERE = 'stack="$stack", site="$site"';

/** Renders a dashboard's JSON. Pure; the same at every site. */
export function renderDashboard({ title, uid, description, sections }: DashboardArgs): string {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(["holdfast"])
    .readonly()
    .refresh("10s")
    .time({ from: "now-1h", to: "now" })
    .timezone("browser")
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(variable("stack", "Stack", "label_values(up, stack)"))
    .withVariable(variable("site", "Site", 'label_values(up{stack="$stack"}, site)'));
  for (const section of sections) {
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
