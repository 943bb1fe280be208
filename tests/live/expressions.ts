/**
 * Every expression of every panel and alert against the metrics of an environment that has traffic: each
 * metric that is named has to exist, and each panel has to show something, but for the exceptions below.
 */
import { expect, it } from "vitest";
import { renderDashboards } from "../../templates/dashboards/all.ts";
import { DASHBOARD_FACTS } from "../dashboards.ts";
import { filledIn, metricsIn } from "../promql.ts";
import { FEATURES, LATER_METRICS, QUIET_PANELS } from "./expressions-exceptions.ts";
import { eventually } from "./stack.ts";

/** Where to look, and at which stack: an environment that has been up for two minutes. */
export interface Environment {
  /** The application: visited meanwhile, so that there is traffic to see. */
  readonly appUrl: string;
  readonly prometheusUrl: string;
  readonly stack: string;
  readonly site: string;
}

export interface Expression {
  /** `dashboard | panel`, or `alert | name`. */
  readonly place: string;
  readonly expr: string;
}

/** Declares the steps; `environment` is asked when they run. */
export function expressionSteps(environment: () => Environment): void {
  it("every metric that a panel or an alert names is exported", async () => {
    const { prometheusUrl } = environment();
    const rules = await alertExpressions(prometheusUrl);
    expect(rules.length).toBeGreaterThan(30);
    let unknown: string[] = [];
    // The backups' come with the first ones, which begin when the environment is up.
    await eventually("all metrics are there", 180, async () => {
      const names = await get<string[]>(prometheusUrl, "label/__name__/values");
      unknown = unknownMetrics([...panelExpressions(), ...rules], names);
      return unknown.length === 0;
    }).catch(() => undefined);
    expect(unknown).toEqual([]);
  });

  it("every panel shows something", async () => {
    const { appUrl, prometheusUrl, stack, site } = environment();
    const names = await get<string[]>(prometheusUrl, "label/__name__/values");
    const asked = panelExpressions().filter(
      ({ place, expr }) => !QUIET_PANELS.has(place) && !isOff(expr, names),
    );
    expect(asked.length).toBeGreaterThan(80);
    let empty: string[] = [];
    await eventually("all panels show something", 60, async () => {
      empty = [];
      await Promise.all(Array.from({ length: 10 }, () => fetch(`${appUrl}/`)));
      for (const { place, expr } of asked) {
        const query = encodeURIComponent(filledIn(expr, stack, site));
        const { result } = await get<{ result: unknown[] }>(prometheusUrl, `query?query=${query}`);
        if (result.length === 0) empty.push(`${place}: ${expr}`);
      }
      return empty.length === 0;
    }).catch(() => undefined);
    expect(empty).toEqual([]);
  });
}

/** `place: metric` of each metric that nobody exports and no exception explains. Pure. */
export function unknownMetrics(
  expressions: readonly Expression[],
  names: readonly string[],
): string[] {
  const known = new Set(names);
  return expressions
    .filter(({ expr }) => !isOff(expr, names))
    .flatMap(({ place, expr }) =>
      metricsIn(expr)
        .filter((metric) => !known.has(metric) && !LATER_METRICS.has(metric))
        .map((metric) => `${place}: ${metric}`),
    );
}

/** Whether an expression is about a feature of which there is no metric at all: it is turned off. */
function isOff(expr: string, names: readonly string[]): boolean {
  return FEATURES.some(
    ({ prefix }) =>
      metricsIn(expr).some((metric) => metric.startsWith(prefix)) &&
      !names.some((name) => name.startsWith(prefix)),
  );
}

/** Of the dashboards that Prometheus fills. */
export function panelExpressions(): Expression[] {
  return Object.entries(renderDashboards(DASHBOARD_FACTS, ["prometheus"])).flatMap(
    ([file, text]) => {
      const { panels } = JSON.parse(text) as {
        panels: { title: string; targets?: { expr: string; refId: string }[] }[];
      };
      return panels.flatMap(({ title, targets = [] }) =>
        targets.map(({ expr, refId }) => ({
          place: `${file.replace(".json", "")} | ${title} | ${refId}`,
          expr,
        })),
      );
    },
  );
}

/** Of the rules that the environment's Prometheus has loaded: those of extensions too. */
async function alertExpressions(prometheusUrl: string): Promise<Expression[]> {
  const { groups } = await get<{ groups: { rules: { name: string; query: string }[] }[] }>(
    prometheusUrl,
    "rules",
  );
  return groups.flatMap(({ rules }) =>
    rules.map(({ name, query }) => ({ place: `alert | ${name}`, expr: query })),
  );
}

async function get<T>(prometheusUrl: string, path: string): Promise<T> {
  const answer = await fetch(`${prometheusUrl}/api/v1/${path}`);
  const { status, data, error } = (await answer.json()) as {
    status: string;
    data: T;
    error?: string;
  };
  if (status !== "success") throw new Error(`${path}: ${error}`);
  return data;
}
