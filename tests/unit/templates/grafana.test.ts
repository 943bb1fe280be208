import { expect, test } from "vitest";
import { parse } from "yaml";
import {
  DASHBOARD_FOLDER,
  renderGrafanaDashboardsYml,
} from "../../../templates/grafana/dashboards.yml.ts";
import {
  LOKI_UID,
  PROMETHEUS_UID,
  renderGrafanaDatasourceYml,
} from "../../../templates/grafana/datasource.yml.ts";

const datasource = {
  prometheusAddress: "10.77.3.65",
  alertmanagerAddress: "10.77.3.66",
  lokiAddress: "10.77.3.68",
  scrapeIntervalSeconds: 10,
};

test("the whole data source", async () => {
  await expect(renderGrafanaDatasourceYml(datasource)).toMatchFileSnapshot(
    "./__snapshots__/grafana-datasource.yml",
  );
});

test("the whole dashboard provider", async () => {
  await expect(renderGrafanaDashboardsYml()).toMatchFileSnapshot(
    "./__snapshots__/grafana-dashboards.yml",
  );
});

test("panels find the data source by its uid, the provider its folder", () => {
  const { datasources } = parse(renderGrafanaDatasourceYml(datasource));
  expect(datasources[0].uid).toBe(PROMETHEUS_UID);
  const loki = datasources.find(({ type }: { type: string }) => type === "loki");
  expect(loki.uid).toBe(LOKI_UID);
  expect(loki.jsonData.derivedFields[0].datasourceUid).toBe(LOKI_UID);
  expect(parse(renderGrafanaDashboardsYml()).providers[0].options.path).toBe(DASHBOARD_FOLDER);
});
