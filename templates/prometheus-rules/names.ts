/** The public names: whether they are answered, and with the site that takes writes. */

import { type AlertRule, CLUSTER, containerName, launcher, MINUTE } from "./rule.ts";

const NAME = `${CLUSTER}, name`;
const ANSWERED = `on (${NAME}) max by (${NAME}) (holdfast_dns_answers) == 1`;
/** What one of the asked servers says: they may differ while an update is on its way. */
const ELSEWHERE = `min by (${NAME}) (holdfast_dns_points_here) == 0`;
const HERE = `max by (${NAME}) (holdfast_dns_points_here) == 1`;

/** Whether the site's Patroni has such a leader. */
const leads = (metric: string) => `on (${CLUSTER}) max by (${CLUSTER}) (${metric}) == 1`;

export function nameRules(): AlertRule[] {
  return [
    {
      alert: "NameNotAnswered",
      expr: `max by (${NAME}) (holdfast_dns_answers) == 0`,
      // Six looks: a name server that is replaced is away for a few seconds.
      forSeconds: 30,
      severity: "critical",
      summary: "No name server gives {{ $labels.name }} an address",
      action: `New clients do not find the service; others lose it when dns.ttl has passed. ${launcher("site dns --check")} says what each server answered.`,
    },
    {
      alert: "NameLeadsElsewhere",
      // A site that takes writes and is not found, or one that is found and takes none.
      expr: `((${ELSEWHERE}) and ${ANSWERED} and ${leads("patroni_primary")}) or ((${HERE}) and ${leads("patroni_standby_leader")})`,
      // A flip takes seconds after the promotion, a cloud's servers up to a minute more.
      forSeconds: 2 * MINUTE,
      severity: "critical",
      summary: "{{ $labels.name }} does not point to the site that takes writes",
      action: `${launcher("site dns")} points it there. If it fails, the log of docker logs ${containerName("dns-sync")} and the command's own words say why.`,
    },
  ];
}
