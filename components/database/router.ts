import * as pulumi from "@pulumi/pulumi";
import { renderRouterHaproxyCfg } from "../../templates/router/haproxy.cfg.ts";
import { addressOf, aliasOf, slotsOf } from "../docker/addresses.ts";
import { haproxy } from "../docker/haproxy.ts";
import { physicalName } from "../docker/placement.ts";
import type { TierArgs } from "../docker/tier.ts";
import type { PostgresCluster } from "./postgres.ts";

export interface RouterArgs extends TierArgs {
  readonly postgres: PostgresCluster;
}

/**
 * HAProxy on Patroni's health checks: port 5000 leads to the leader, 5001 to replicas within
 * `database.readLagLimit`, else to the leader.
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
        // After a reload the old process keeps its sessions and checks no server any more: the
        // poolers leave it as their transactions end.
        afterReload: settings.ports.pooler.map(
          (_, index) =>
            `docker exec ${physicalName(settings, `${placement.site}-${aliasOf("pooler", index + 1)}`)} holdfast-reconnect || true`,
        ),
      },
      { parent: this, dependsOn: [postgres] },
    );
    this.registerOutputs({});
  }
}
