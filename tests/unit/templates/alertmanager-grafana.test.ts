import { expect, test } from "vitest";
import { parse } from "yaml";
import { renderAlertmanagerYml } from "../../../templates/alertmanager.yml.ts";
import {
  DASHBOARD_FOLDER,
  renderGrafanaDashboardsYml,
} from "../../../templates/grafana/dashboards.yml.ts";
import {
  LOKI_UID,
  PROMETHEUS_UID,
  renderGrafanaDatasourceYml,
} from "../../../templates/grafana/datasource.yml.ts";
import { alertGroups } from "../../../templates/prometheus-rules.ts";
import { RULE_FACTS } from "../../rules/facts.ts";

const datasource = {
  prometheusAddress: "10.77.3.65",
  alertmanagerAddress: "10.77.3.66",
  lokiAddress: "10.77.3.68",
  scrapeIntervalSeconds: 10,
};

test("the whole alertmanager.yml", async () => {
  await expect(renderAlertmanagerYml()).toMatchFileSnapshot("./__snapshots__/alertmanager.yml");
});

test("inhibitions name alerts that exist", () => {
  const known = Object.values(alertGroups(RULE_FACTS))
    .flat()
    .map(({ alert }) => alert);
  const named = renderAlertmanagerYml().matchAll(/alertname!?=~?"([^"]+)"/g);
  for (const name of [...named].flatMap((match) => (match[1] ?? "").split("|"))) {
    expect(known).toContain(name);
  }
});

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
