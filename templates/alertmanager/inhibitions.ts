/** Which alerts others make needless: who reads the cause need not read what follows from it. */

/** One rule as Alertmanager has it. */
interface Inhibition {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal: readonly string[];
}

const SITE = ["stack", "site"];
const INSTANCE = [...SITE, "instance"];

/** Cause → what follows from it at the same place. */
function follows(cause: string, alerts: readonly string[], equal: readonly string[]): Inhibition {
  return {
    source_matchers: [`alertname="${cause}"`],
    target_matchers: [`alertname=~"${alerts.join("|")}"`],
    equal,
  };
}

export const INHIBITIONS: readonly Inhibition[] = [
  follows(
    "PostgresNoLeader",
    [
      ...["PatroniClusterUnlocked", "PostgresReplicaNotStreaming", "RouterNoLeader"],
      ...["RouterLeadsElsewhere", "PoolerLeadsElsewhere", "PoolerClientsWait", "PoolerQueue"],
      ...["EdgeErrors", "EdgeQueue", "WorkersBusy", "AppSlow", "AppDatabaseErrors"],
      ...["RequestsTurnedAway", "ReadOnlyErrors", "WalArchiveLate", "WalShipLate"],
      ...["AutoscalerHolds", "InstanceFailing", "InstancesFailTogether", "ApplicationErrors"],
    ],
    SITE,
  ),
  follows(
    "PostgresNoSynchronousStandby",
    [
      ...["RouterNoReplica", "ReadsServedByLeader", "ReadFallbacks"],
      ...["PostgresReplicaNotStreaming", "ReplicationSlotInactive"],
    ],
    SITE,
  ),
  follows(
    "EtcdNoLeader",
    ["PatroniLosesEtcd", "PatroniClusterUnlocked", "EtcdLeaderChanges", "AutoscalerHolds"],
    SITE,
  ),
  follows("PatroniFailsafe", ["PatroniLosesEtcd"], SITE),
  follows(
    "EdgeNoInstance",
    [
      ...["EdgeErrors", "EdgeQueue", "EdgeRetries", "WorkersBusy", "AppSlow"],
      ...["InstancesMissing", "InstancesAtMaximum", "InstanceFailing"],
    ],
    SITE,
  ),
  follows(
    "BackupContainerDown",
    [
      ...["WalArchivingFails", "WalArchiverStalls", "WalArchiveLate", "WalShipLate"],
      ...["ArchiveReportStopped", "HeartbeatStopped", "BackupOverdue", "ArchiveQueueHalfFull"],
    ],
    SITE,
  ),
  follows(
    "RepositoryFault",
    ["BackupFails", "BackupOverdue", "BackupStanzaNotReady", "WalArchiveLate"],
    [...SITE, "repository"],
  ),
  // A container that is down raises one alert, not one for each thing it no longer says.
  {
    source_matchers: ['alertname="TargetDown"'],
    target_matchers: ['severity="warning"', 'alertname!="TargetDown"'],
    equal: INSTANCE,
  },
  // Without an instance all would be of one: a label that both lack counts as equal.
  {
    source_matchers: ['severity="critical"', 'instance=~".+"'],
    target_matchers: ['severity="warning"'],
    equal: INSTANCE,
  },
];
