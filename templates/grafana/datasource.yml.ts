/** Grafana's data source: the site's Prometheus, under the uid that every panel names. */

import { stringify } from "yaml";

/** Facts that {@link renderGrafanaDatasourceYml} needs. */
export interface GrafanaDatasourceArgs {
  /** Address of Prometheus, without a port. */
  readonly prometheusAddress: string;
  /** Address of Alertmanager, without a port. */
  readonly alertmanagerAddress: string;
  /** Seconds between two scrapes: the narrowest step that panels ask for. */
  readonly scrapeIntervalSeconds: number;
}

/** The uid of the Prometheus data source. */
export const PROMETHEUS_UID = "prometheus";
/** The uid of the Loki data source. */
export const LOKI_UID = "loki";

const HEADER =
  "# Rendered by Holdfast from templates/grafana/datasource.yml.ts. Edit the settings, not this file.";

/** Renders provisioning/datasources/holdfast.yml. */
export function renderGrafanaDatasourceYml(args: GrafanaDatasourceArgs): string {
  const config = {
    apiVersion: 1,
    datasources: [
      {
        name: "Prometheus",
        uid: PROMETHEUS_UID,
        type: "prometheus",
        access: "proxy",
        url: `http://${args.prometheusAddress}:9090`,
        isDefault: true,
        editable: false,
        jsonData: {
          httpMethod: "POST",
          timeInterval: `${args.scrapeIntervalSeconds}s`,
          alertmanagerUid: "alertmanager",
        },
      },
      {
        name: "Alertmanager",
        uid: "alertmanager",
        type: "alertmanager",
        access: "proxy",
        url: `http://${args.alertmanagerAddress}:9093`,
        editable: false,
        jsonData: { implementation: "prometheus" },
      },
    ],
  };
  return `${HEADER}\n${stringify(config, { lineWidth: 0 })}`;
}
