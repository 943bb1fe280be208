/** Every dashboard by the name of its file; all of them link to each other by their tag. */

import { renderApplicationDashboard } from "./application.ts";
import { renderBackupsDashboard } from "./backups.ts";
import type { DashboardFacts } from "./facts.ts";
import { renderHostsDashboard } from "./hosts.ts";
import { renderLogsDashboard } from "./logs.ts";
import { renderMonitoringDashboard } from "./monitoring.ts";
import { renderObjectivesDashboard } from "./objectives.ts";
import { renderOverviewDashboard } from "./overview.ts";
import { renderPoolerDashboard } from "./pooler.ts";
import { renderPostgresqlDashboard } from "./postgresql.ts";
import { renderReplicationDashboard } from "./replication.ts";
import { renderRequestsDashboard } from "./requests.ts";

/** Where a dashboard's panels get their data from. */
export type Datasource = "prometheus" | "loki";

interface Entry {
  /** A dashboard without its data source would be nothing but faults. */
  readonly needs: Datasource;
  readonly render: (facts: DashboardFacts) => string;
}

/** File name without `.json` → dashboard. The first is Grafana's home page. */
export const DASHBOARDS: Readonly<Record<string, Entry>> = {
  overview: { needs: "prometheus", render: renderOverviewDashboard },
  postgresql: { needs: "prometheus", render: renderPostgresqlDashboard },
  replication: { needs: "prometheus", render: renderReplicationDashboard },
  pooler: { needs: "prometheus", render: renderPoolerDashboard },
  backups: { needs: "prometheus", render: renderBackupsDashboard },
  requests: { needs: "prometheus", render: renderRequestsDashboard },
  application: { needs: "prometheus", render: renderApplicationDashboard },
  hosts: { needs: "prometheus", render: renderHostsDashboard },
  objectives: { needs: "prometheus", render: renderObjectivesDashboard },
  monitoring: { needs: "prometheus", render: renderMonitoringDashboard },
  logs: { needs: "loki", render: renderLogsDashboard },
};

/** The dashboards that the data sources at hand can fill: file name → JSON. */
export function renderDashboards(
  facts: DashboardFacts,
  datasources: readonly Datasource[],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(DASHBOARDS)
      .filter(([, { needs }]) => datasources.includes(needs))
      .map(([name, { render }]) => [`${name}.json`, render(facts)]),
  );
}
