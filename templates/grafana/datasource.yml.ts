/** Grafana's data sources: the site's Prometheus and Loki, under the uids that panels name. */

import { stringify } from "yaml";

/** Facts that {@link renderGrafanaDatasourceYml} needs. */
export interface GrafanaDatasourceArgs {
  /** Address of Prometheus, without a port. */
  readonly prometheusAddress: string;
  /** Address of Alertmanager, without a port. */
  readonly alertmanagerAddress: string;
  /** Address of Loki, without a port. */
  readonly lokiAddress: string;
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
      {
        name: "Loki",
        uid: LOKI_UID,
        type: "loki",
        access: "proxy",
        url: `http://${args.lokiAddress}:3100`,
        editable: false,
        jsonData: {
          maxLines: 1000,
          // A line's request id becomes a link to every line of that request, whoever wrote it.
          derivedFields: [
            {
              name: "Request",
              matcherType: "label",
              matcherRegex: "request_id",
              datasourceUid: LOKI_UID,
              // Grafana replaces $NAME in provisioning files by environment variables: $$ is a dollar.
              url: '{component=~".+"} | request_id=`$${__value.raw}`',
              urlDisplayLabel: "All lines of this request",
            },
          ],
        },
      },
    ],
  };
  return `${HEADER}\n${stringify(config, { lineWidth: 0 })}`;
}
