/** The disaster-recovery plan of one stack. */
import type { RecoveryFacts } from "./recovery/facts.ts";
import { scenarios } from "./recovery/scenarios.ts";

export type { RecoveryFacts } from "./recovery/facts.ts";

/** Renders it as Markdown. Pure. */
export function renderRecoveryPlan(facts: RecoveryFacts): string {
  return [
    head(facts),
    objectives(facts),
    people(facts),
    ...scenarios(facts),
    drills(facts),
    afterwards(facts),
  ].join("\n");
}

function head({ stack }: RecoveryFacts): string {
  return `# Recovery plan of stack ${stack}

<!-- Rendered by ./holdfast recovery-plan from the settings and the last drills: edit those, not this file. -->

Three things can happen: the database fails, the application is down, a data centre is lost. For each: how it is seen, what
happens by itself, who does what by which command, and when it is over. Keep a copy of this page, of the repository and of
the recovery kit (\`./holdfast recovery-kit\`) where the loss of a data centre does not reach them.
`;
}

function objectives(facts: RecoveryFacts): string {
  const { recoveryPointSeconds: point, recoveryTimeSeconds: time, hasCloud } = facts;
  const far = facts.sites.length > 1;
  const site = far
    ? `2 min from the decision; with it, what the other site has not received: at most ${point} s`
    : "as long as the restore takes (the drills below)";
  const cost = hasCloud
    ? `at most ${point} s of writes`
    : "**everything**: no backup lies elsewhere";
  return `## Objectives

| what is lost | writes are back within | it may cost |
| --- | --- | --- |
| a node of the database | ${time} s (\`objectives.recoveryTime\`) | nothing that was acknowledged |
| an instance of the application | seconds, by itself | nothing |
| a data centre | ${site} | ${far ? `at most ${point} s of writes (\`objectives.recoveryPoint\`)` : cost} |
`;
}

function people({ decides, contacts, automatic }: RecoveryFacts): string {
  const lines = contacts.length > 0 ? contacts : ["______________ (setting `recovery.contacts`)"];
  const who = decides === "" ? "______________ (setting `recovery.decides`)" : decides;
  const witness = automatic
    ? "Without a decision of people the standby site promotes itself, once the witness has seen the active one's lease run out (`failover.sites: automatic`)."
    : "Nothing fails over to another site by itself: two sites cannot tell a lost data centre from a lost line between them.";
  return `## Who decides

A failover to another site: ${who}. ${witness} Everything else below is done by whoever is on call.

${lines.map((line) => `- ${line}`).join("\n")}
`;
}

function drills({ stack, drills }: RecoveryFacts): string {
  const rows = drills.map(({ scenario, drill, at, outcome, figures }) => {
    return `| ${scenario} | \`${drill}\` | ${at} | ${outcome} | ${figures} |`;
  });
  const table =
    rows.length === 0
      ? `None on this machine yet: \`./holdfast drill all --stack ${stack}\`.`
      : [
          "| scenario | drill | when | result | figures |",
          "| --- | --- | --- | --- | --- |",
          ...rows,
        ].join("\n");
  return `## Last drills

${table}

A drill that was skipped has shown nothing. \`./holdfast drill all --stack ${stack}\` runs those of all three scenarios.
`;
}

function afterwards({ stack }: RecoveryFacts): string {
  return `## Afterwards

1. \`./holdfast status --stack ${stack}\` ends with exit code 0: every member streams, no alert fires.
2. \`./holdfast backups --stack ${stack}\`: a base backup of after the event is in each repository.
3. \`./holdfast recovery-kit --stack ${stack}\` when passwords or settings have changed; keep it away from here.
4. What happened, what it cost, and what this plan did not say: write it down, and change the plan.
`;
}
