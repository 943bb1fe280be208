/**
 * The house style of panels, in one place: data source, query ids, legends and sizes are set here, so
 * that a dashboard's file reads as a list of questions and their answers.
 */

import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  type DataTransformerConfig,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { PanelBuilder as LogsBuilder } from "@grafana/grafana-foundation-sdk/logs";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as StateTimelineBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { PROMETHEUS_UID } from "../grafana/datasource.yml.ts";

const DATASOURCE = { type: "prometheus", uid: PROMETHEUS_UID };
const LINE_COLOR = "green";

/** One line of a panel: what is asked, and what the answer is called. */
export interface Query {
  readonly expr: string;
  /** Grafana's legend format, e.g. `{{instance}}`. */
  readonly legend: string;
}

/** What every panel says of itself. */
export interface PanelArgs {
  readonly title: string;
  /** What is shown, and which values are good. */
  readonly description: string;
  /** Grafana's unit id, e.g. `bytes`, `s`, `reqps`, `short`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Colour from a value on; the first step begins at minus infinity. @default green throughout */
  readonly steps?: readonly Step[];
  /** Alerts on what is shown: the description names the pages that say what to do. @default none */
  readonly runbooks?: readonly string[];
  /** The uid of the dashboard that says more. @default none */
  readonly more?: string;
}

/** Any of the kinds below, or of logs.ts. */
export type Panel =
  | StatBuilder
  | TimeseriesBuilder
  | StateTimelineBuilder
  | TableBuilder
  | LogsBuilder;

/** From `from` on the value is shown in `color`; no `from` is the base. */
export interface Step {
  readonly color: "green" | "orange" | "red" | "blue" | "text";
  readonly from?: number;
}

/** One current value, large. Six of them fill a line. */
export function stat(args: PanelArgs & { readonly showName?: boolean }): StatBuilder {
  return new StatBuilder()
    .title(args.title)
    .description(described(args))
    .links(moreOf(args))
    .datasource(DATASOURCE)
    .unit(args.unit)
    .thresholds(thresholds(args.steps))
    .targets(queries(args.queries).map((query) => query.instant()))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .textMode(args.showName === true ? BigValueTextMode.Name : BigValueTextMode.Auto)
    .noValue("none")
    .height(4)
    .span(4);
}

/** Values over time as lines. Three of them fill a line. */
export function lines(args: PanelArgs & { readonly stacked?: boolean }): TimeseriesBuilder {
  return new TimeseriesBuilder()
    .title(args.title)
    .description(described(args))
    .links(moreOf(args))
    .datasource(DATASOURCE)
    .unit(args.unit)
    .min(0)
    .thresholds(thresholds(args.steps))
    .targets(queries(args.queries).map((query) => query.range()))
    .lineWidth(1)
    .fillOpacity(args.stacked === true ? 40 : 8)
    .showPoints(VisibilityMode.Never)
    .stacking(
      new StackingConfigBuilder()
        .mode(args.stacked === true ? StackingMode.Normal : StackingMode.None)
        .group("A"),
    )
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .height(7)
    .span(8);
}

/** States over time as bars, one line per series. */
export function states(args: PanelArgs): StateTimelineBuilder {
  return new StateTimelineBuilder()
    .title(args.title)
    .description(described(args))
    .links(moreOf(args))
    .datasource(DATASOURCE)
    .unit(args.unit)
    .thresholds(thresholds(args.steps))
    .targets(queries(args.queries).map((query) => query.range()))
    .showValue(VisibilityMode.Never)
    .mergeValues(true)
    .height(7)
    .span(8);
}

/** Rows of labels and values, one line for each series. Fills a line. */
export function table(
  args: PanelArgs & {
    /** Label, or `Value`, → heading, in order; other columns are left out. */
    readonly columns: Readonly<Record<string, string>>;
  },
): TableBuilder {
  return new TableBuilder()
    .title(args.title)
    .description(described(args))
    .links(moreOf(args))
    .datasource(DATASOURCE)
    .unit(args.unit)
    .thresholds(thresholds(args.steps))
    .targets(queries(args.queries).map((query) => query.instant().format(PromQueryFormat.Table)))
    .transformations(columnsOf(Object.entries(args.columns)))
    .noValue("none")
    .height(9)
    .span(24);
}

/** Several queries become one table by their common labels; only the named columns stay. */
function columnsOf(columns: readonly (readonly [string, string])[]): DataTransformerConfig[] {
  return [
    { id: "merge", options: {} },
    { id: "filterFieldsByName", options: { include: { names: columns.map(([name]) => name) } } },
    {
      id: "organize",
      options: {
        indexByName: Object.fromEntries(columns.map(([name], index) => [name, index])),
        renameByName: Object.fromEntries(columns),
      },
    },
  ];
}

/** Grafana shows descriptions as Markdown; it cannot reach this folder, so the page is named. */
export function described({
  description,
  runbooks = [],
}: Pick<PanelArgs, "description" | "runbooks">): string {
  const pages = runbooks.map((alert) => `docs/runbooks/${alert}.md`);
  return pages.length === 0 ? description : `${description}\n\nWhat to do: ${pages.join(", ")}.`;
}

/** A link to another dashboard at the same stack, site and time. */
function moreOf({ more }: Pick<PanelArgs, "more">): DashboardLinkBuilder[] {
  if (more === undefined) {
    return [];
  }
  const here = `var-stack=$stack&var-site=$site&$${"{__url_time_range}"}`;
  return [new DashboardLinkBuilder("More").type(DashboardLinkType.Link).url(`/d/${more}?${here}`)];
}

function queries(list: readonly Query[]): DataqueryBuilder[] {
  return list.map(({ expr, legend }, index) =>
    new DataqueryBuilder()
      .datasource(DATASOURCE)
      .refId(String.fromCharCode("A".charCodeAt(0) + index))
      .expr(expr)
      .legendFormat(legend),
  );
}

export function thresholds(
  steps: readonly Step[] = [{ color: LINE_COLOR }],
): ThresholdsConfigBuilder {
  const list: Threshold[] = steps.map(({ color, from }) => ({ color, value: from ?? null }));
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(list);
}
