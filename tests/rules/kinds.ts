/** Which of the three kinds of test each alert has, read from promtool's own test files. Pure. */

import { parse } from "yaml";

/** What a case says of an alert at one time. */
interface Look {
  readonly alert: string;
  readonly seconds: number;
  readonly fires: boolean;
}

/** One case of a file. */
interface Case {
  /** Metrics that it has series of. */
  readonly metrics: ReadonlySet<string>;
  readonly looks: readonly Look[];
  /** Two looks this close to each other are a boundary, in seconds. */
  readonly stepSeconds: number;
}

export interface Kinds {
  /** It fires somewhere. */
  readonly fires: boolean;
  /** A case in which it never fires, with every metric that its expression reads. */
  readonly rests: boolean;
  /** In one case it does not fire, and a step later it does. */
  readonly boundary: boolean;
}

interface File {
  readonly evaluation_interval: string;
  readonly tests: readonly {
    readonly interval: string;
    readonly input_series: readonly { readonly series: string }[];
    readonly promql_expr_test?: readonly {
      readonly expr: string;
      readonly eval_time: string;
      readonly exp_samples: readonly unknown[];
    }[];
    readonly alert_rule_test?: readonly {
      readonly alertname: string;
      readonly eval_time: string;
      readonly exp_alerts?: readonly unknown[];
    }[];
  }[];
}

/** Everything, as in `ALERTS{alertname!="Watchdog"}`. */
const ALL = "*";

/** @param text a file of promtool's unit tests */
export function casesOf(text: string): Case[] {
  const file = parse(text) as File;
  return file.tests.map((test) => ({
    metrics: new Set(test.input_series.map(({ series }) => series.replace(/\{.*/s, ""))),
    // Two evaluations: the first of them after the sample may be the one that begins the wait.
    stepSeconds: Math.max(2 * seconds(file.evaluation_interval), seconds(test.interval)),
    looks: [
      ...(test.promql_expr_test ?? []).flatMap(({ expr, eval_time, exp_samples }) =>
        // A look at pending ones as well says more where it is empty, and nothing where it is not.
        exp_samples.length > 0 && !expr.includes('alertstate="firing"')
          ? []
          : alertsIn(expr).map((alert) => ({
              alert,
              seconds: seconds(eval_time),
              fires: exp_samples.length > 0,
            })),
      ),
      ...(test.alert_rule_test ?? []).map(({ alertname, eval_time, exp_alerts = [] }) => ({
        alert: alertname,
        seconds: seconds(eval_time),
        fires: exp_alerts.length > 0,
      })),
    ],
  }));
}

function alertsIn(expr: string): string[] {
  if (/ALERTS\{alertname!="Watchdog"\}/.test(expr)) return [ALL];
  return [...expr.matchAll(/ALERTS\{alertname="(\w+)"/g)].flatMap(([, name]) => name ?? []);
}

export function kindsOf(alert: string, expr: string, cases: readonly Case[]): Kinds {
  const reads = metricsOf(expr);
  const about = cases.map((one) => ({
    ...one,
    looks: one.looks.filter((look) => look.alert === alert || look.alert === ALL),
  }));
  return {
    fires: about.some(({ looks }) => looks.some(({ fires }) => fires)),
    rests: about.some(
      ({ looks, metrics }) =>
        looks.length > 0 &&
        looks.every(({ fires }) => !fires) &&
        reads.every((metric) => metrics.has(metric)),
    ),
    boundary: about.some(({ looks, stepSeconds }) =>
      looks.some(
        (late) =>
          late.fires &&
          looks.some(
            (early) =>
              !early.fires &&
              early.seconds < late.seconds &&
              late.seconds - early.seconds <= stepSeconds,
          ),
      ),
    ),
  };
}

const WORDS = new Set(["and", "or", "unless", "bool", "offset", "by", "on"]);

/** Names of the metrics that an expression reads, each once. Pure. */
export function metricsOf(expr: string): string[] {
  const bare = expr
    .replaceAll(/"[^"]*"/g, '""')
    .replaceAll(/\{[^}]*\}/g, "")
    .replaceAll(/\[[^\]]*\]/g, "")
    .replaceAll(/offset \w+/g, "")
    .replaceAll(/\b(by|on|without|ignoring|group_left|group_right) ?\([^)]*\)/g, " ");
  const names = [...bare.matchAll(/(?<![\w.])([a-zA-Z_:][\w:]*)\b(?!\s*\()/g)].map(
    ([name]) => name,
  );
  return [...new Set(names.filter((name) => !WORDS.has(name)))];
}

/** `1h30m` or `90s`, in seconds. */
function seconds(duration: string): number {
  const units = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
  const parts = [...duration.matchAll(/(\d+)([smhd])/g)];
  return parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * units[unit as keyof typeof units],
    0,
  );
}
