import * as pulumi from "@pulumi/pulumi";
import { renderStatusJson } from "../../templates/status.json.ts";
import { SCRAPE_JOBS } from "../../templates/targets.ts";
import { addressOf, slotsOf } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import { liveFile } from "../docker/liveFile.ts";
import type { TierArgs } from "../docker/tier.ts";
import { volume } from "../docker/volume.ts";

const { status, prometheus, alertmanager, patroni } = SCRAPE_JOBS;

/**
 * The status page: how the site is, for people, from what Prometheus, Alertmanager and Patroni answer to
 * reading calls. It has no secret, no volume of data and no Docker. It waits for nobody: what does not
 * answer is shown as that.
 */
export class StatusPage extends pulumi.ComponentResource {
  constructor(name: string, { placement }: TierArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:monitoring:StatusPage", name, {}, opts);
    const { settings, site, subnet } = placement;
    const { objectives, database, monitoring } = settings;
    const image = placement.images.status;
    const kind = { component: "status", precious: false };
    const live = volume(placement, "status-config", kind, { parent: this });
    const file = liveFile(
      placement,
      "status.json",
      {
        volume: live,
        path: "status.json",
        // Read at each look: there is nobody to tell.
        content: renderStatusJson({
          recoveryPointSeconds: objectives.recoveryPointSeconds,
          recoveryTimeSeconds: objectives.recoveryTimeSeconds,
          readLagLimitMiB: database.readLagLimitMiB,
          scrapeIntervalSeconds: monitoring.scrapeIntervalSeconds,
        }),
        image,
        validate: 'holdfast-validate < "$FILE"',
      },
      { parent: this },
    );
    container(
      placement,
      {
        tier: "status",
        image,
        environment: {
          HOLDFAST_STACK: settings.stack,
          HOLDFAST_SITE: site,
          HOLDFAST_PROMETHEUS: `${addressOf(subnet, "prometheus")}:${prometheus.port}`,
          HOLDFAST_ALERTMANAGER: `${addressOf(subnet, "alertmanager")}:${alertmanager.port}`,
          // Every member that there may ever be: one more replaces nothing (M13).
          HOLDFAST_PATRONI: slotsOf("postgres")
            .map((n) => `${addressOf(subnet, "postgres", n)}:${patroni.port}`)
            .join(","),
        },
        health: { command: ["holdfast-health"], startPeriodSeconds: 10 },
        memoryMiB: 128,
        volumes: [{ volume: live, path: "/etc/holdfast/live", readOnly: true }],
        ports: [{ internal: status.port, external: settings.ports.status }],
        stopSeconds: 5,
      },
      { parent: this, dependsOn: [file] },
    );
    this.registerOutputs({});
  }
}
