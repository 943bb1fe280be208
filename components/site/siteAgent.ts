import * as command from "@pulumi/command";
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { EtcdCluster } from "../database/etcd.ts";
import { addressOf, databaseHosts, slotsOf } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import { physicalName, scopeOf } from "../docker/placement.ts";
import { secretFile } from "../docker/secretFile.ts";
import type { TierArgs } from "../docker/tier.ts";
import { volume } from "../docker/volume.ts";
import type { Link } from "./link.ts";
import type { Peer } from "./peer.ts";

export interface SiteAgentArgs extends TierArgs {
  /** Where the site's role is kept. */
  readonly etcd: EtcdCluster;
  readonly link: Link;
  readonly peer: Peer;
  /** What has to be there before anybody says that the site is active: the witness gives it the lease. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * The site's agent (M29): holds the site's role in etcd and enforces it. On the active site Patroni leads
 * a cluster of its own; on any other it is a standby cluster, and database, poolers and edge let no write
 * through. With a witness it renews the lease there and demotes the site by itself when it cannot.
 *
 * Which site is active is run-time data. This component says only which one was when the environment was
 * made, and says so once.
 */
export class SiteAgent extends pulumi.ComponentResource {
  /** What has to be there before the database may start. */
  readonly ready: pulumi.Resource;

  constructor(name: string, args: SiteAgentArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:site:SiteAgent", name, {}, opts);
    const agent = this.declareAgent(args);
    this.ready = args.peer.founding ? this.declareFounding(args, agent) : agent;
    this.registerOutputs({});
  }

  private declareAgent({
    placement,
    passwords,
    etcd,
    link,
    peer,
  }: SiteAgentArgs): docker.Container {
    const { settings, site, subnet } = placement;
    const memory = volume(
      placement,
      "site-agent-memory",
      // Beside etcd's copy: without either a site would not know that it was ever superseded.
      { component: "site-agent", precious: true },
      { parent: this },
    );
    return container(
      placement,
      {
        tier: "site-agent",
        image: placement.images["site-agent"],
        environment: {
          HOLDFAST_SCOPE: scopeOf(placement),
          HOLDFAST_SITE: site,
          HOLDFAST_OTHER_SITE: peer.name,
          HOLDFAST_OTHER_SCOPE: scopeOf({ settings, site: peer.name }),
          HOLDFAST_ETCD: etcd.addresses.join(","),
          HOLDFAST_LINK: addressOf(subnet, "link"),
          // The whole range: a replica that comes or goes changes nothing here.
          HOLDFAST_MEMBERS: slotsOf("postgres")
            .map((n) => addressOf(subnet, "postgres", n))
            .join(","),
          HOLDFAST_WITNESS: peer.witness === undefined ? "no" : "yes",
          HOLDFAST_FAILOVER: settings.failover.sites,
          HOLDFAST_APPLICATION: settings.sites[site]?.application ?? "standby",
          HOLDFAST_CLOUD: settings.backup.cloud.provider === "none" ? "no" : "yes",
        },
        health: { command: ["holdfast-health"], intervalSeconds: 2, startPeriodSeconds: 10 },
        memoryMiB: 96,
        volumes: [{ volume: memory, path: "/var/lib/site-agent" }],
        secrets: [
          secretFile("etcd-site", passwords["etcd-site"]),
          secretFile("postgres-superuser", passwords["postgres-superuser"]),
          ...(peer.witness === undefined
            ? []
            : [secretFile("witness-site", passwords["witness-site"])]),
        ],
        hosts: databaseHosts(subnet),
        stopSeconds: 5,
      },
      { parent: this, dependsOn: [etcd, link] },
    );
  }

  /**
   * Said when the environment is made: this site begins as the active one. No later `up` says it again,
   * so that no lost volume makes a second active site; after a `down` the agent, which remembers, lets it
   * change nothing. Not protected: `down` keeps what a protected resource depends on, and that is the agent.
   */
  private declareFounding(
    { placement, after }: SiteAgentArgs,
    agent: docker.Container,
  ): command.local.Command {
    const container = physicalName(placement.settings, `${placement.site}-site-agent`);
    return new command.local.Command(
      `${placement.site}-site-founding`,
      {
        create: `docker exec ${container} holdfast-site found`,
        environment: { DOCKER_HOST: placement.dockerHost },
      },
      {
        parent: this,
        dependsOn: [agent, ...after],
        ignoreChanges: ["create", "environment"],
      },
    );
  }
}
