import * as pulumi from "@pulumi/pulumi";
import { renderRouterHaproxyCfg } from "../../templates/router/haproxy.cfg.ts";
import { addressOf, slotsOf } from "../docker/addresses.ts";
import { haproxy } from "../docker/haproxy.ts";
import type { TierArgs } from "../docker/tier.ts";
import type { PostgresCluster } from "./postgres.ts";

export interface RouterArgs extends TierArgs {
  readonly postgres: PostgresCluster;
}

/**
 * HAProxy on Patroni's health checks, for clients that bring a pool of their own: port 5000 leads to
 * the leader, 5001 to replicas within `database.readLagLimit`, else to the leader. The poolers follow
 * the leader themselves.
 */
export class Router extends pulumi.ComponentResource {
  constructor(name: string, args: RouterArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:database:Router", name, {}, opts);
    const { placement, postgres } = args;
    const { settings, subnet } = placement;
    haproxy(
      placement,
      {
        tier: "router",
        config: renderRouterHaproxyCfg({
          addresses: slotsOf("postgres").map((n) => addressOf(subnet, "postgres", n)),
          check: settings.timings.routerCheck,
          readLagLimitMiB: settings.database.readLagLimitMiB,
        }),
        memoryMiB: 128,
      },
      { parent: this, dependsOn: [postgres] },
    );
    this.registerOutputs({});
  }
}
