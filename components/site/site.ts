import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings.ts";
import { Application } from "../application/application.ts";
import { Autoscaler } from "../application/autoscaler.ts";
import { Edge } from "../application/edge.ts";
import type { Authority } from "../backup/authority.ts";
import { Backup } from "../backup/backup.ts";
import { backupAccess, type CloudKeys, cloudOf } from "../backup/cloud.ts";
import { RestoreDrill } from "../backup/restoreDrill.ts";
import { S3Server } from "../backup/s3.ts";
import type { CredentialName } from "../database/credentials.ts";
import { EtcdCluster } from "../database/etcd.ts";
import { Guard } from "../database/guard.ts";
import { Pooler } from "../database/pooler.ts";
import { PostgresCluster } from "../database/postgres.ts";
import { Roles } from "../database/roles.ts";
import { Router } from "../database/router.ts";
import { besideNameServer, type DnsSecrets, DnsSync } from "../dns/dnsSync.ts";
import { addressOf, dynamicRangeOf, reachableAddress } from "../docker/addresses.ts";
import type { Image } from "../docker/images.ts";
import { labelsOf, type Placement } from "../docker/placement.ts";
import type { ImageName } from "../images.ts";
import { Alerting, type AlertSecrets } from "../monitoring/alerting.ts";
import { Dashboards } from "../monitoring/dashboards.ts";
import { Exporters } from "../monitoring/exporters.ts";
import { readExtension } from "../monitoring/extensions.ts";
import { Logs } from "../monitoring/logs.ts";
import { Metrics } from "../monitoring/metrics.ts";
import { StatusPage } from "../monitoring/statusPage.ts";

export interface SiteArgs {
  readonly settings: Settings;
  /** The site's /24. A change replaces the network and everything on it. */
  readonly subnet: string;
  /** Address of the Docker host that carries the site. */
  readonly dockerHost: string;
  readonly provider: docker.Provider;
  readonly images: Readonly<Record<ImageName, Image>>;
  readonly stackId: pulumi.Output<string>;
  readonly passwords: Readonly<Record<CredentialName, pulumi.Output<string>>>;
  readonly authority: Authority;
  /** Keys of an S3 account of one's own. */
  readonly cloudKeys: CloudKeys | undefined;
  /** What Alertmanager needs to reach people. */
  readonly alertSecrets: AlertSecrets;
  /** What the public zone is changed with, where its provider is not our own. */
  readonly dnsSecrets: DnsSecrets | undefined;
  /** The builtin name server's network. */
  readonly nameServerNetwork: docker.Network | undefined;
}

/** Where people and programs reach a site from outside. */
export interface SiteEndpoints {
  readonly appUrl: string;
  /** Through the poolers to the leader. Secret. */
  readonly databaseUrl: pulumi.Output<string>;
  /** Through the poolers to the replicas. Secret. */
  readonly readReplicaUrl: pulumi.Output<string>;
  /** The page that shows how everything is. */
  readonly statusUrl: string;
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
  readonly lokiUrl: string;
  /** Absent where Grafana's image cannot be had. */
  readonly grafanaUrl: string | undefined;
  /** What reads the cloud repository without this stack, as JSON. Secret; absent without a cloud. */
  readonly backupAccess: pulumi.Output<string> | undefined;
}

/**
 * One data centre: a network and every tier on it. The constructor is the order of dependence, from
 * the repositories and the leases up to the dashboards.
 */
export class Site extends pulumi.ComponentResource {
  readonly endpoints: SiteEndpoints;

  constructor(name: string, args: SiteArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:site:Site", name, {}, opts);
    const { settings, passwords, authority } = args;
    const network = this.declareNetwork(name, args);
    const placement: Placement = { ...args, site: name, network, declared: new Map() };
    const tier = { placement, passwords };

    const cloud = cloudOf({ ...tier, authority, cloudKeys: args.cloudKeys });
    const server =
      settings.backup.cloud.provider === "builtin"
        ? new S3Server(`${name}-s3`, { ...tier, authority }, { parent: this })
        : undefined;
    const backup = new Backup(
      `${name}-backup`,
      { ...tier, authority, cloud, server },
      { parent: this },
    );
    const etcd = new EtcdCluster(`${name}-etcd`, tier, { parent: this });
    const postgres = new PostgresCluster(
      `${name}-postgres`,
      { ...tier, authority, etcd, backup },
      { parent: this },
    );
    new Guard(`${name}-guard`, { ...tier, etcd, postgres }, { parent: this });
    new Router(`${name}-router`, { ...tier, postgres }, { parent: this });
    const roles = new Roles(`${name}-roles`, { ...tier, postgres }, { parent: this });
    const pooler = new Pooler(`${name}-pooler`, { ...tier, roles }, { parent: this });
    new RestoreDrill(
      `${name}-restore-drill`,
      { ...tier, authority, backup, roles, cloud },
      { parent: this },
    );
    const application = new Application(
      `${name}-application`,
      { ...tier, roles, pooler },
      { parent: this },
    );
    const edge = new Edge(`${name}-edge`, { ...tier, application }, { parent: this });
    new Autoscaler(`${name}-autoscaler`, { ...tier, etcd, edge }, { parent: this });
    new Exporters(`${name}-exporters`, { ...tier, roles, pooler }, { parent: this });
    const extension = readExtension(settings.monitoring.extensions, {
      stack: settings.stack,
      site: name,
      collector: true,
    });
    new Alerting(`${name}-alerting`, { ...tier, secrets: args.alertSecrets }, { parent: this });
    new StatusPage(`${name}-status`, tier, { parent: this });
    if (settings.monitoring.grafana) {
      new Dashboards(`${name}-dashboards`, { ...tier, extension }, { parent: this });
    }
    if (settings.dns !== undefined) {
      const { dnsSecrets: secrets } = args;
      const nameServerNetwork = besideNameServer(placement, args.nameServerNetwork);
      new DnsSync(
        `${name}-dns-sync`,
        { ...tier, dns: settings.dns, secrets, nameServerNetwork },
        { parent: this },
      );
    }
    new Logs(`${name}-logs`, { ...tier, extension }, { parent: this });
    // The last: it observes all the others.
    new Metrics(`${name}-metrics`, { ...tier, extension }, { parent: this });

    this.endpoints = {
      ...endpointsOf(settings, pooler),
      backupAccess: cloud === undefined ? undefined : backupAccess(placement, cloud),
    };
    this.registerOutputs({});
  }

  private declareNetwork(name: string, args: SiteArgs): docker.Network {
    const { settings, stackId, subnet, provider } = args;
    return new docker.Network(
      `${name}-network`,
      {
        driver: "bridge",
        ipamConfigs: [
          { subnet, gateway: addressOf(subnet, "gateway"), ipRange: dynamicRangeOf(subnet) },
        ],
        labels: labelsOf({ settings, site: name, stackId }, "network"),
      },
      // Every container hangs on it: a replacement would recreate the whole site (lab §2).
      { parent: this, provider, protect: true },
    );
  }
}

function endpointsOf(settings: Settings, pooler: Pooler): Omit<SiteEndpoints, "backupAccess"> {
  const { ports, network, monitoring } = settings;
  const url = (port: number): string => `http://${reachableAddress(network.bindAddress)}:${port}`;
  return {
    appUrl: url(ports.app),
    databaseUrl: pooler.databaseUrl,
    readReplicaUrl: pooler.readReplicaUrl,
    statusUrl: url(ports.status),
    prometheusUrl: url(ports.prometheus),
    alertmanagerUrl: url(ports.alertmanager),
    lokiUrl: url(ports.loki),
    grafanaUrl: monitoring.grafana ? url(ports.grafana) : undefined,
  };
}
