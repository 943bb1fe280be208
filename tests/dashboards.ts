import type { DashboardFacts } from "../templates/dashboards/facts.ts";

/** The facts that dashboards under test are rendered from: those of the defaults. */
export const DASHBOARD_FACTS: DashboardFacts = {
  recoveryPointSeconds: 60,
  recoveryTimeSeconds: 60,
  archiveTimeoutSeconds: 30,
  handoverBoundSeconds: 12,
  leaseSeconds: 20,
  readLagLimitMiB: 16,
  scrapeIntervalSeconds: 5,
};
