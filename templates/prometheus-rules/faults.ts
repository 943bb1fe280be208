/** What to do about each cause for which a repository does not work. */

import { containerName, launcher } from "./rule.ts";

const LOGS = `docker logs --tail 50 ${containerName("backup")}`;

/** By the metric's label `cause`; the last one serves those that nobody knew. */
const ACTIONS: readonly (readonly [cause: string, action: string])[] = [
  [
    "unreachable",
    `The endpoint does not answer, or with errors. Is it up, and does the way there work? ${LOGS}`,
  ],
  [
    "credentials",
    `The S3 keys are refused. Set the right ones (pulumi config set --secret holdfast:cloudKeyId, then holdfast:cloudKeySecret), then ${launcher("up")}`,
  ],
  [
    "bucket",
    `The bucket backup.cloud.bucket does not exist. Make it again, under its name; then ${launcher("backup --now full --repository {{ $labels.repository }}")}`,
  ],
  [
    "full",
    `There is no space left. Give the Docker host (or the bucket) more, or lower backup.keepFull and backup.keepDumps, then ${launcher("up")}`,
  ],
  [
    "stanza",
    `The repository belongs to another cluster, or to none. Where the cluster that runs is meant to take its place: docker exec ${containerName("backup")} holdfast-backup --accept-new-cluster`,
  ],
  [
    "damaged",
    `Files in it are not what was stored. Take a new base backup, then ${launcher("backups --verify")} names the others: ${launcher("backup --now full --repository {{ $labels.repository }}")}`,
  ],
  [
    "certificate",
    `The endpoint's certificate is not from the authority that is trusted, or has ended. Renew it, or set backup.cloud.caCertificate, then ${launcher("up")}`,
  ],
  [
    "clock",
    "The clock of the Docker host is too far from the server's. Set it: timedatectl set-ntp true",
  ],
  ["other", `${launcher("backups")} has the error in its own words, and ${LOGS}`],
];

/** One annotation for all causes: the alert shows the branch of its own. */
export function faultAction(): string {
  const branches = ACTIONS.map(([cause, action], index) => {
    if (index === ACTIONS.length - 1) return `{{ else }}${action}`;
    return `{{ ${index === 0 ? "if" : "else if"} eq $labels.cause "${cause}" }}${action}`;
  });
  return `${branches.join("")}{{ end }}. Meanwhile the other repository goes on, and what this one lacks is made up for by itself.`;
}
