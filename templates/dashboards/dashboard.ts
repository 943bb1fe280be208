/** What every dashboard has: tags, time, variables, links to the others, rows of panels. */

import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  QueryVariableBuilder,
  RowBuilder,
  type TextBoxVariableBuilder,
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
  /**
   * Series whose `instance` can be chosen, e.g. `patroni_primary`; all are at first. Expressions select
   * them by {@link INSTANCES}. @default the dashboard has no such variable
   */
  readonly instancesOf?: string;
  /** What the reader types, beside stack, site and instance. @default none */
  readonly variables?: readonly TextBoxVariableBuilder[];
}

/** The tag of every dashboard of ours: each links to all that carry it. */
export const TAG = "holdfast";
/** Selects the stack and the site that are looked at. */
export const HERE = 'stack="$stack", site="$site"';
/** The same, and the instances chosen: where the dashboard has that variable. */
export const INSTANCES = `${HERE}, instance=~"$instance"`;

/** Renders a dashboard's JSON. Pure; the same at every site. */
export function renderDashboard(args: DashboardArgs): string {
  const { title, uid, description, sections, instancesOf } = args;
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .readonly()
    .refresh("10s")
    .time({ from: "now-1h", to: "now" })
    .timezone("browser")
    .tooltip(DashboardCursorSync.Crosshair)
    .link(others())
    .withVariable(variable("stack", "Stack", "label_values(up, stack)"))
    .withVariable(variable("site", "Site", 'label_values(up{stack="$stack"}, site)'));
  if (instancesOf !== undefined) {
    builder.withVariable(
      variable("instance", "Instance", `label_values(${instancesOf}{${HERE}}, instance)`)
        .multi(true)
        .includeAll(true)
        .current({ selected: true, text: ["All"], value: ["$__all"] }),
    );
  }
  for (const typed of args.variables ?? []) {
    builder.withVariable(typed);
  }
  for (const section of sections) {
    builder.withRow(new RowBuilder(section.title));
    for (const panel of section.panels) {
      builder.withPanel(panel);
    }
  }
  return `${JSON.stringify(withIds(builder.build()), undefined, 2)}\n`;
}

/** All dashboards with our tag, those of extensions too, at the same stack, site and time. */
function others(): DashboardLinkBuilder {
  return new DashboardLinkBuilder("Holdfast")
    .type(DashboardLinkType.Dashboards)
    .tags([TAG])
    .asDropdown(true)
    .includeVars(true)
    .keepTime(true);
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
