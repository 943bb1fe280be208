import * as pulumi from "@pulumi/pulumi";
import type { ApplicationSettings } from "../../settings.ts";
import { renderEdgeHaproxyCfg } from "../../templates/edge/haproxy.cfg.ts";
import { addressOf, slotsOf } from "../docker/addresses.ts";
import { haproxy } from "../docker/haproxy.ts";
import type { TierArgs } from "../docker/tier.ts";
import type { Application } from "./application.ts";

export interface EdgeArgs extends TierArgs {
  readonly application: Application;
}

/** HAProxy in front of the application: requests go to healthy instances only. */
export class Edge extends pulumi.ComponentResource {
  constructor(name: string, args: EdgeArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:application:Edge", name, {}, opts);
    const { placement, application } = args;
    const { settings, subnet } = placement;
    const { port, healthPath, metricsPath } = settings.application;
    const { edgeTimeoutSeconds } = settings.timings;
    haproxy(
      placement,
      {
        tier: "edge",
        config: renderEdgeHaproxyCfg({
          addresses: slotsOf("app").map((n) => addressOf(subnet, "app", n)),
          edgeTimeoutSeconds,
          requestsPerInstance: requestsPerInstance(settings.application),
          privatePaths: metricsPath === "" ? [] : [metricsPath],
          appPort: port,
          healthPath,
          ...(placement.peer === undefined ? {} : { siteAgent: addressOf(subnet, "site-agent") }),
        }),
        ports: [{ internal: 8080, external: settings.ports.app }],
        memoryMiB: 128,
        drainSeconds: 10,
      },
      { parent: this, dependsOn: [application] },
    );
    this.registerOutputs({});
  }
}

/** Requests that one instance works on at once: one thread stays free for the health check. Pure. */
export function requestsPerInstance({
  workers,
  threads,
}: Pick<ApplicationSettings, "workers" | "threads">): number {
  return Math.max(1, workers * threads - 1);
}
