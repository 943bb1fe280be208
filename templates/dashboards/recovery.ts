/** What both the overview and the dashboard of backups say of recovery: the same words, query and thresholds. */

import { HERE } from "./dashboard.ts";
import type { DashboardFacts } from "./facts.ts";
import type { PanelArgs, Step } from "./panels.ts";

const DAY_SECONDS = 86_400;

/** As RestoreProofOld: a week between two full proofs, and a day for one that fails. */
export const PROOF_OLD: Step[] = [{ color: "green" }, { color: "red", from: 8 * DAY_SECONDS }];

/** Age of the newest moment that a repository could recover, in seconds; one series a repository. */
export const RECOVERABLE_AGE = `time() - holdfast_archive_recoverable_to_timestamp_seconds{${HERE}}`;

/** Its caller adds the runbooks. */
export const NEWEST_BASE_BACKUP = {
  title: "Newest base backup",
  description: "Age of the newest base backup in any repository.",
  unit: "s",
  queries: [
    {
      expr: `time() - max(holdfast_backup_last_success_timestamp_seconds{${HERE}, kind=~"full|diff|incr"})`,
      legend: "age",
    },
  ],
  steps: [
    { color: "green" },
    { color: "orange", from: 1.1 * DAY_SECONDS },
    { color: "red", from: 2 * DAY_SECONDS },
  ],
} satisfies PanelArgs;

/** What the loss of the site would cost, by repository, against the objective. Pure. */
export function costOfALoss(facts: DashboardFacts): PanelArgs {
  return {
    title: "What a loss would cost",
    description: "Age of the newest moment that each repository could recover.",
    unit: "s",
    queries: [{ expr: RECOVERABLE_AGE, legend: "{{repository}}" }],
    steps: [{ color: "green" }, { color: "red", from: facts.recoveryPointSeconds }],
    runbooks: ["WalArchiveLate"],
  };
}
