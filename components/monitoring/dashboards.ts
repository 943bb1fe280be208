import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings.ts";
import { renderDashboards } from "../../templates/dashboards/all.ts";
import type { DashboardFacts } from "../../templates/dashboards/facts.ts";
import type { Extension } from "../../templates/extension.ts";
import { renderGrafanaDashboardsYml } from "../../templates/grafana/dashboards.yml.ts";
import { renderGrafanaDatasourceYml } from "../../templates/grafana/datasource.yml.ts";
import { addressOf } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import { liveFile } from "../docker/liveFile.ts";
import { secretFile } from "../docker/secretFile.ts";
import type { TierArgs } from "../docker/tier.ts";
import { volume } from "../docker/volume.ts";

const LIVE = "/etc/holdfast/live";

/** What the panels' thresholds derive from. */
export function dashboardFacts({
  objectives,
  timings,
  database,
  monitoring,
}: Settings): DashboardFacts {
  return {
    recoveryPointSeconds: objectives.recoveryPointSeconds,
    recoveryTimeSeconds: objectives.recoveryTimeSeconds,
    archiveTimeoutSeconds: timings.archiveTimeoutSeconds,
    handoverBoundSeconds: timings.handover.boundSeconds,
    leaseSeconds: timings.patroni.ttlSeconds,
    readLagLimitMiB: database.readLagLimitMiB,
    scrapeIntervalSeconds: monitoring.scrapeIntervalSeconds,
  };
}

function inFolder(folder: string, texts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [`${folder}/${name}`, text]),
  );
}

export interface DashboardsArgs extends TierArgs {
  /** Dashboards from outside of this repository. */
  readonly extension: Extension;
}

/**
 * Grafana with its data source and dashboards provisioned. Declared only where the image can be had
 * (`monitoring.grafana`); the user `admin`'s password is generated.
 */
export class Dashboards extends pulumi.ComponentResource {
  constructor(name: string, args: DashboardsArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:monitoring:Dashboards", name, {}, opts);
    const { placement, passwords } = args;
    const { settings, subnet } = placement;
    const kind = { component: "grafana", precious: false };
    const live = volume(placement, "grafana-config", kind, { parent: this });
    const data = volume(placement, "grafana-data", kind, { parent: this });
    const texts = {
      "provisioning/datasources/holdfast.yml": renderGrafanaDatasourceYml({
        prometheusAddress: addressOf(subnet, "prometheus"),
        alertmanagerAddress: addressOf(subnet, "alertmanager"),
        lokiAddress: addressOf(subnet, "loki"),
        scrapeIntervalSeconds: settings.monitoring.scrapeIntervalSeconds,
      }),
      "provisioning/dashboards/holdfast.yml": renderGrafanaDashboardsYml(),
      ...inFolder("dashboards", renderDashboards(dashboardFacts(settings), ["prometheus", "loki"])),
    };
    const files = Object.entries(texts).map(([path, content]) =>
      liveFile(
        placement,
        `grafana-${path.replaceAll("/", "-")}`,
        { volume: live, path, content, image: placement.images.grafana },
        { parent: this },
      ),
    );
    for (const { name: dashboard, text } of args.extension.dashboards) {
      liveFile(
        placement,
        `grafana-extension-${dashboard}`,
        {
          volume: live,
          path: `dashboards/extension-${dashboard}.json`,
          content: text,
          image: placement.images.grafana,
          // Grafana watches the folder, and drops what is no longer there.
          removeWithResource: true,
        },
        { parent: this },
      );
    }
    container(
      placement,
      {
        tier: "grafana",
        image: placement.images.grafana,
        environment: {
          GF_PATHS_PROVISIONING: `${LIVE}/provisioning`,
          GF_SECURITY_ADMIN_PASSWORD__FILE: "/etc/holdfast/secrets/grafana-admin",
          GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: `${LIVE}/dashboards/overview.json`,
          GF_ANALYTICS_REPORTING_ENABLED: "false",
          GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
          GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
          GF_USERS_ALLOW_SIGN_UP: "false",
        },
        health: {
          command: ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:3000/api/health"],
          intervalSeconds: 5,
          timeoutSeconds: 5,
          retries: 6,
          startPeriodSeconds: 60,
        },
        memoryMiB: 256,
        volumes: [
          { volume: live, path: LIVE, readOnly: true },
          { volume: data, path: "/var/lib/grafana" },
        ],
        secrets: [secretFile("grafana-admin", passwords["grafana-admin"])],
        ports: [{ internal: 3000, external: settings.ports.grafana }],
        stopSeconds: 15,
      },
      { parent: this, dependsOn: files },
    );
    this.registerOutputs({});
  }
}
