/** Logs of every container: which of them speak, what goes wrong, and one request's way through. */

import { LogsSortOrder } from "@grafana/grafana-foundation-sdk/common";
import { TextBoxVariableBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as LogsBuilder } from "@grafana/grafana-foundation-sdk/logs";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/loki";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { LOKI_UID } from "../grafana/datasource.yml.ts";
import { renderDashboard, type Section } from "./dashboard.ts";
import { described, type PanelArgs, thresholds } from "./panels.ts";
import { LOGS_UID } from "./uids.ts";

const DATASOURCE = { type: "loki", uid: LOKI_UID };
/** Labels of every line: stack, site, component and instance. The rest is in the line itself. */
const CHOSEN = '{stack="$stack", site="$site", instance=~"$instance"}';
/** In no line: until an id is given, nothing is shown. */
const NO_REQUEST = "(request id)";
const WRONG = "(?i)(error|fatal|panic|critical|traceback)";

/** Renders logs.json. Pure; the same at every site. */
export function renderLogsDashboard(): string {
  return renderDashboard({
    title: "Holdfast: logs",
    uid: LOGS_UID,
    description: "Which containers speak, what goes wrong, and what happened to one request?",
    instancesOf: "up",
    variables: [
      new TextBoxVariableBuilder("search").label("Contains").defaultValue(""),
      new TextBoxVariableBuilder("request").label("Request id").defaultValue(NO_REQUEST),
    ],
    sections: [volume(), search()],
  });
}

function volume(): Section {
  return {
    title: "Volume",
    panels: [
      counts({
        title: "Lines",
        description:
          "Lines a second, by instance. One that is silent has lost its collector, or is down.",
        unit: "short",
        queries: [
          {
            expr: `sum by (instance) (rate(${CHOSEN}[$__auto]))`,
            legend: "{{instance}}",
          },
        ],
      }),
      counts({
        title: "Lines about errors",
        description: "Lines a second with a word such as error, fatal or traceback, by instance.",
        unit: "short",
        queries: [
          {
            expr: `sum by (instance) (rate(${CHOSEN} |~ \`${WRONG}\` [$__auto]))`,
            legend: "{{instance}}",
          },
        ],
      }),
      counts({
        title: "Bytes",
        description: "What Loki takes in, by component, in bytes a second.",
        unit: "Bps",
        queries: [
          {
            expr: `sum by (component) (bytes_rate(${CHOSEN}[$__auto]))`,
            legend: "{{component}}",
          },
        ],
      }),
    ],
  };
}

function search(): Section {
  return {
    title: "Lines",
    panels: [
      logLines({
        title: "One request",
        description:
          "The edge's, the application's and the database's lines with the request id given above.",
        unit: "short",
        queries: [
          {
            expr: '{stack="$stack", site="$site"} | request_id=`$request`',
            legend: "{{instance}}",
          },
        ],
      }),
      logLines({
        title: "Lines about errors",
        description: "The newest lines with a word such as error, fatal or traceback.",
        unit: "short",
        queries: [{ expr: `${CHOSEN} |~ \`${WRONG}\``, legend: "{{instance}}" }],
      }),
      logLines({
        title: "All lines",
        description: "Of the instances chosen, with the text given under Contains.",
        unit: "short",
        queries: [{ expr: `${CHOSEN} |= "$search"`, legend: "{{instance}}" }],
      }),
    ],
  };
}

function counts(args: PanelArgs): TimeseriesBuilder {
  return new TimeseriesBuilder()
    .title(args.title)
    .description(described(args))
    .datasource(DATASOURCE)
    .unit(args.unit)
    .min(0)
    .thresholds(thresholds(args.steps))
    .targets(queries(args))
    .height(7)
    .span(8);
}

function logLines(args: PanelArgs): LogsBuilder {
  return new LogsBuilder()
    .title(args.title)
    .description(described(args))
    .datasource(DATASOURCE)
    .unit(args.unit)
    .thresholds(thresholds(args.steps))
    .targets(queries(args))
    .showTime(true)
    .wrapLogMessage(true)
    .enableLogDetails(true)
    .sortOrder(LogsSortOrder.Descending)
    .height(10)
    .span(24);
}

function queries({ queries }: PanelArgs): DataqueryBuilder[] {
  return queries.map(({ expr, legend }, index) =>
    new DataqueryBuilder()
      .datasource(DATASOURCE)
      .refId(String.fromCharCode("A".charCodeAt(0) + index))
      .expr(expr)
      .legendFormat(legend)
      .maxLines(200),
  );
}
