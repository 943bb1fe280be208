/** The home dashboard: is it up, who leads, is traffic served, can it be restored. */

import { renderDashboard } from "./dashboard.ts";
import { overviewSections } from "./overview-sections.ts";

/** The dashboard's uid; part of its address. */
export const OVERVIEW_UID = "holdfast-overview";

/** Renders overview.json. Pure; the same at every site. */
export function renderOverviewDashboard(): string {
  return renderDashboard({
    title: "Holdfast: overview",
    uid: OVERVIEW_UID,
    description: "Is it up, who leads, is traffic served, can it be restored?",
    sections: overviewSections(),
  });
}
