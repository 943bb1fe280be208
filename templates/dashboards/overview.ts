/** The home dashboard: is it up, who leads, is traffic served, can it be restored. */

import { renderDashboard } from "./dashboard.ts";
import type { DashboardFacts } from "./facts.ts";
import { overviewSections } from "./overview-sections.ts";
import { OVERVIEW_UID } from "./uids.ts";

/** Renders overview.json. Pure; the same at every site. */
export function renderOverviewDashboard(facts: DashboardFacts): string {
  return renderDashboard({
    title: "Holdfast: overview",
    uid: OVERVIEW_UID,
    description: "Is it up, who leads, is traffic served, can it be restored?",
    sections: overviewSections(facts),
  });
}
