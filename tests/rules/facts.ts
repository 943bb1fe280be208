import type { RuleFacts } from "../../templates/prometheus-rules/rule.ts";

/** The facts that the rules under test are rendered from: those of the defaults, in round numbers. */
export const RULE_FACTS: RuleFacts = {
  scrapeIntervalSeconds: 10,
  recoveryPointSeconds: 60,
  recoveryTimeSeconds: 60,
  archiveTimeoutSeconds: 30,
  patroni: { ttlSeconds: 20, loopWaitSeconds: 1, retryTimeoutSeconds: 3 },
  handoverBoundSeconds: 12,
  readLagLimitMiB: 16,
  minimumInstances: 2,
  requestsPerInstance: 8,
  volumeSizeMiB: 1024,
  runbookUrl: "docs/runbooks",
  publicNames: true,
};
