/** The three scenarios, each as one section. Pure. */
import type { RecoveryFacts } from "./facts.ts";

export function scenarios(facts: RecoveryFacts): string[] {
  const [home, away] = facts.sites;
  const lost =
    home === undefined || away === undefined ? oneSiteLost(facts) : siteLost(facts, home, away);
  return [databaseFails(facts), applicationDown(facts), lost];
}

function counted(count: number, verb: string): string {
  return `${count} ${verb}${count === 1 ? "s" : ""}`;
}

function databaseFails({ stack, replicas, recoveryTimeSeconds, hasCloud }: RecoveryFacts): string {
  const from = hasCloud ? "`local`, else `cloud`" : "`local`";
  return `## 1. The database fails

**Seen by**: \`./holdfast status --stack ${stack}\`; alerts PostgresDown, PostgresNoLeader, PostgresNoSynchronousStandby.

**By itself**: one of ${replicas + 1} members is lost: another one leads within ${recoveryTimeSeconds} s, with every
acknowledged write; the lost one comes back as a replica, by rewind or a new copy. All of etcd, all members restarted, a full
disk: the same, without anybody.

**By people**, in this order, when writes are still away after twice that time:

| what | command |
| --- | --- |
| who leads, who follows, what fires | \`./holdfast status --stack ${stack}\` |
| containers or the state of the last \`up\` are in disorder | \`./holdfast repair --stack ${stack}\`, then \`./holdfast up --stack ${stack}\` |
| the data itself is damaged or gone (from ${from}) | \`./holdfast backups --stack ${stack}\`, then \`./holdfast restore --to latest --stack ${stack}\` |
| somebody deleted or changed rows | \`./holdfast restore --table users --table orders --to 2026-11-25T09:00:00Z --stack ${stack}\`: beside the live tables |
| everything back to a moment | \`./holdfast restore --to 2026-11-25T09:00:00Z --overwrite --stack ${stack}\` |

**Over** when \`status\` says that one member leads and ${counted(replicas, "stream")}.
`;
}

function applicationDown({ stack, instancesMin }: RecoveryFacts): string {
  return `## 2. The application is down

**Seen by**: the shop does not answer; alerts EdgeNoInstance, InstancesMissing, ApplicationErrors.

**By itself**: an instance that dies or hangs gets no requests after 2 s and is started again; at least ${counted(instancesMin, "run")}.
Edge, poolers and router are started again by Docker.

**By people**:

| what | command |
| --- | --- |
| which instances run, and why so many | \`./holdfast scale --stack ${stack}\` |
| too few for the traffic | \`./holdfast scale --instances ${instancesMin + 1} --stack ${stack}\`; afterwards \`--auto\` |
| a new version fails | set the old one back, \`./holdfast up --stack ${stack}\`: a failed deploy left the old instances running |
| the containers are gone | \`./holdfast up --stack ${stack}\` |

**Over** when the shop answers, an order can be placed, and \`status\` ends with exit code 0.
`;
}

function siteLost(facts: RecoveryFacts, home: string, away: string): string {
  const { stack, hosts, hasWitness, dnsTtlSeconds } = facts;
  const command = (words: string) => `./holdfast site ${words} --stack ${stack}`;
  const reach = hasWitness
    ? `It waits until ${home}'s lease at the witness has run out (20 s and a margin); who still renews it is alive, and the command says so.`
    : `Where ${home} can be neither reached nor stopped, see with your own eyes that it is off, then: \`${command(`failover --to ${away} --site-is-off ${home}`)}\`. If that is not true, two sites take writes, and one of both loses them.`;
  const names =
    dnsTtlSeconds === undefined
      ? "There are no public names (`dns.zone`): tell clients the other site's addresses."
      : `Clients may keep the old address for ${dnsTtlSeconds} s.`;
  return `## 3. A data centre is lost

Site ${home} (${hosts[home] ?? "?"}) is active at first, site ${away} (${hosts[away] ?? "?"}) follows it. The commands need
Docker at the site that is left, the repository's clone and \`Pulumi.${stack}.yaml\` (or \`--kit\`, the recovery kit): no
Pulumi state. On another machine than the settings were written for: \`--docker ${away}=unix:///var/run/docker.sock\`.

**Seen by**: \`${command("status")}\` from the other site; alerts of the site that is left. What the alerts of a lost site say is silence: \`alerting.deadMansSwitch\`.

**Decide** whether ${home} is lost, or only the line to it: a site that comes back within minutes is often the smaller loss.

| step | command | what happens |
| --- | --- | --- |
| 1. look | \`${command("status")}\` | both sites, how far ${away} is behind, what helps next |
| 2. fail over | \`${command(`failover --to ${away}`)}\` | says what may be lost and asks; stops ${home} over its Docker host if that answers; promotes ${away}; moves the names |
| 3. check | \`${command("dns --check")}\` | what clients see |

${reach} ${names}

**When ${home} is back** (it starts cold and takes no writes):

| step | command | what happens |
| --- | --- | --- |
| 4. go back | \`${command("failback")}\` | ${home} becomes ${away}'s standby, by rewind or a new copy; then a planned switchover, without a lost write |
| or only make it a standby | \`${command("failback --rejoin-only")}\` | ${away} stays the active site |

Both sites were off, and no site takes writes: \`${command("activate")}\`. Planned work in a data centre:
\`${command(`switchover --to ${away}`)}\` before, \`${command(`switchover --to ${home}`)}\` after it.

**Both are lost**: with the recovery kit, on any machine with Docker, \`./holdfast restore --kit holdfast-${stack}-kit.age\`.

**Over** when \`${command("status")}\` ends with exit code 0.
`;
}

function oneSiteLost({ stack, hasCloud }: RecoveryFacts): string {
  const way = hasCloud
    ? `Another machine, a clone of the repository, the recovery kit and its passphrase:

| step | command |
| --- | --- |
| 1. bring everything back from the cloud's repository | \`./holdfast restore --kit holdfast-${stack}-kit.age\` |
| 2. let the names of the shop and the database point there | where your DNS is kept |`
    : "There is **no way**: `backup.cloud.provider` is none or a server beside the database. Set `s3` and an endpoint elsewhere.";
  return `## 3. The data centre is lost

This stack has one site. A second one that takes over within two minutes is a setting (\`sites\`).

**By itself**: after a power cut or a restart of the host everything starts again, with every acknowledged write.

**By people**, when the machine is gone for good. ${way}

**Over** when \`./holdfast status --stack ${stack}\` ends with exit code 0.
`;
}
