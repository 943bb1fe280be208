import { hasSites } from "../../settings/sites.ts";
import type { Settings } from "../../settings.ts";
import type { RuleFacts } from "../../templates/prometheus-rules/rule.ts";

/** What the alerts' thresholds derive from. Pure; independent of how many members or instances there are. */
export function ruleFactsOf(settings: Settings): RuleFacts {
  const { application, database, monitoring, objectives, timings } = settings;
  return {
    scrapeIntervalSeconds: monitoring.scrapeIntervalSeconds,
    recoveryPointSeconds: objectives.recoveryPointSeconds,
    recoveryTimeSeconds: objectives.recoveryTimeSeconds,
    archiveTimeoutSeconds: timings.archiveTimeoutSeconds,
    patroni: timings.patroni,
    handoverBoundSeconds: timings.handover.boundSeconds,
    readLagLimitMiB: database.readLagLimitMiB,
    minimumInstances: application.instances.min,
    // What the edge gives one at a time: a thread stays free for health checks.
    requestsPerInstance: Math.max(1, application.workers * application.threads - 1),
    volumeSizeMiB: database.volumeSizeMiB,
    runbookUrl: monitoring.runbookUrl,
    publicNames: settings.dns !== undefined,
    ...(hasSites(settings) ? { sites: true } : {}),
  };
}
