import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings.ts";
import { SITE_JOBS } from "../../templates/targets.ts";
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
import { addressOf, reachableAddress } from "../docker/addresses.ts";
import type { Image } from "../docker/images.ts";
import type { Placement } from "../docker/placement.ts";
import type { TierArgs } from "../docker/tier.ts";
import type { ImageName } from "../images.ts";
import { Alerting, type AlertSecrets } from "../monitoring/alerting.ts";
import { Dashboards } from "../monitoring/dashboards.ts";
import { Exporters } from "../monitoring/exporters.ts";
import { readExtension } from "../monitoring/extensions.ts";
import { Logs } from "../monitoring/logs.ts";
import { Metrics } from "../monitoring/metrics.ts";
import { StatusPage } from "../monitoring/statusPage.ts";
import { Link } from "./link.ts";
import { declareNetwork } from "./network.ts";
import type { Peer } from "./peer.ts";
import { SiteAgent, type SiteAgentArgs } from "./siteAgent.ts";

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
  /** The other site; undefined for a sole one. */
  readonly peer: Peer | undefined;
  /** What has to be there before this site's database is. */
  readonly after: readonly pulumi.Resource[];
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

/** What of them is no secret. */
export type SiteUrls = Omit<SiteEndpoints, "databaseUrl" | "readReplicaUrl" | "backupAccess">;

/** A site's endpoints without passwords. Pure. */
export function urlsOf(endpoints: SiteEndpoints): SiteUrls {
  const { databaseUrl: _, readReplicaUrl: __, backupAccess: ___, ...urls } = endpoints;
  return urls;
}

/**
 * One data centre: a network and every tier on it. The constructor is the order of dependence, from
 * the repositories and the leases up to the dashboards.
 */
export class Site extends pulumi.ComponentResource {
  readonly endpoints: SiteEndpoints;
  readonly postgres: PostgresCluster;

  constructor(name: string, args: SiteArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:site:Site", name, {}, opts);
    const { settings, passwords, authority } = args;
    const network = declareNetwork(name, args, this);
    const placement: Placement = { ...args, site: name, network, declared: new Map() };
    const tier = { placement, passwords };

    const cloud = cloudOf({ ...tier, authority, cloudKeys: args.cloudKeys });
    const server =
      settings.backup.cloud.provider === "builtin" && args.peer?.founding !== false
        ? new S3Server(`${name}-s3`, { ...tier, authority }, { parent: this })
        : undefined;
    const backup = new Backup(
      `${name}-backup`,
      { ...tier, authority, cloud, server },
      { parent: this },
    );
    const etcd = new EtcdCluster(`${name}-etcd`, tier, { parent: this });
    const ready =
      args.peer === undefined
        ? []
        : this.declareRole(args.peer, { ...tier, etcd, authority, after: args.after });
    const postgres = new PostgresCluster(
      `${name}-postgres`,
      { ...tier, authority, etcd, backup, after: [...args.after, ...ready] },
      { parent: this },
    );
    this.postgres = postgres;
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
        { ...tier, dns: settings.dns, secrets, nameServerNetwork, follow: followed(placement) },
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

  /** The way to the other site, and who keeps this one's role. */
  private declareRole(
    peer: Peer,
    {
      etcd,
      authority,
      after,
      ...tier
    }: TierArgs & Pick<SiteAgentArgs, "etcd" | "after"> & { authority: Authority },
  ): pulumi.Resource[] {
    const { site } = tier.placement;
    const link = new Link(`${site}-link`, { ...tier, authority, peer }, { parent: this });
    const agent = new SiteAgent(
      `${site}-site-agent`,
      { ...tier, etcd, link, peer, after },
      { parent: this },
    );
    return [agent.ready];
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

/** Whose word moves the public names where nobody types a command: the site's agent's. */
function followed({ settings, subnet, peer }: Placement) {
  return peer !== undefined && settings.failover.sites === "automatic"
    ? { host: addressOf(subnet, "site-agent"), port: SITE_JOBS["site-agent"].port }
    : undefined;
}
