/** Our own rules for dashboards: ours are held to them by tests, those of extensions before they are used. */

/** What the rules read of a dashboard's JSON. */
export interface DashboardJson {
  readonly uid?: string;
  readonly title?: string;
  readonly panels?: readonly PanelJson[];
  readonly templating?: { readonly list?: readonly { readonly name?: string }[] };
}

export interface PanelJson {
  readonly id?: number;
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: { readonly type?: string; readonly uid?: string };
  readonly fieldConfig?: {
    readonly defaults?: { readonly unit?: string; readonly thresholds?: { steps?: unknown[] } };
  };
  readonly targets?: readonly TargetJson[];
  readonly links?: readonly { readonly url?: string }[];
}

export interface TargetJson {
  readonly refId?: string;
  readonly expr?: string;
  readonly datasource?: { readonly uid?: string };
}

/** What there is beside the dashboard. */
export interface LintContext {
  /** Uids of data sources. */
  readonly datasources: readonly string[];
  /** Uids of all dashboards, this one included. */
  readonly uids: readonly string[];
}

/** Variables that Grafana brings itself. */
const BUILTIN = /^(__.*|timeFilter)$/;
const RANGE_FUNCTION =
  /\b(rate|irate|bytes_rate)\s*\((?:[^()[\]]|\([^()]*\)|`[^`]*`)*\[\s*([^\]\s]+)\s*\]/g;
/** Windows that follow the panel's own resolution: Prometheus' and Loki's. */
const FOLLOWS = ["$__rate_interval", "$__auto"];

/** Every fault of a dashboard, each with the panel it is in. None: the list is empty. Pure. */
export function faultsOf(dashboard: DashboardJson, context: LintContext): string[] {
  const { uid = "", title = "", panels = [] } = dashboard;
  const ids = panels.map(({ id }) => id);
  return [
    ...(/^[A-Za-z0-9_-]{1,40}$/.test(uid)
      ? []
      : ["uid: has to be there, of letters, digits, - and _, 40 at most"]),
    ...(context.uids.filter((other) => other === uid).length > 1
      ? [`uid: ${uid} is another dashboard's too`]
      : []),
    ...(title === "" ? ["title: has to be there"] : []),
    ...(new Set(ids).size === ids.length ? [] : ["panels: two have the same id"]),
    ...panels.filter(({ type }) => type !== "row").flatMap((panel) => ofPanel(panel, context)),
    ...unknownVariables(dashboard),
  ];
}

function ofPanel(panel: PanelJson, { datasources, uids }: LintContext): string[] {
  const { title = "", description = "", datasource, fieldConfig, targets = [], links } = panel;
  const name = title === "" ? `panel ${panel.id}` : `panel "${title}"`;
  const refs = targets.map(({ refId = "" }) => refId);
  const says = (condition: boolean, what: string): string[] =>
    condition ? [] : [`${name}: ${what}`];
  return [
    ...says(title !== "", "has no title"),
    ...says(description !== "", "has no description"),
    ...says((fieldConfig?.defaults?.unit ?? "") !== "", "has no unit"),
    ...says(datasources.includes(datasource?.uid ?? ""), `has no data source of ${datasources}`),
    ...says(targets.length > 0, "asks nothing"),
    ...says(
      refs.every((ref) => ref !== ""),
      "has a query without a refId",
    ),
    ...says(new Set(refs).size === refs.length, "has two queries with the same refId"),
    ...targets.flatMap(({ expr = "" }) => [
      ...says(expr !== "", "has an empty query"),
      ...fixedWindows(expr).map((window) => `${name}: rate over ${window}, not $__rate_interval`),
    ]),
    ...(links ?? []).flatMap(({ url = "" }) => {
      const [, to] = /^\/d\/([^/?]+)/.exec(url) ?? [];
      return says(to === undefined || uids.includes(to), `links to ${to}, which is no dashboard`);
    }),
  ];
}

/** Windows of rate() that do not follow the resolution: too short, and a panel is empty. */
function fixedWindows(expr: string): string[] {
  return [...expr.matchAll(RANGE_FUNCTION)]
    .map(([, , window = ""]) => window)
    .filter((window) => !FOLLOWS.includes(window));
}

/** Variables that are used and do not exist. */
function unknownVariables(dashboard: DashboardJson): string[] {
  const known = (dashboard.templating?.list ?? []).map(({ name }) => name);
  const texts = (dashboard.panels ?? []).flatMap(({ targets = [], links = [] }) => [
    ...targets.map(({ expr = "" }) => expr),
    ...links.map(({ url = "" }) => url),
  ]);
  const used = texts.flatMap((text) =>
    [...text.matchAll(/\$(?:\{([A-Za-z_]\w*)[^}]*\}|([A-Za-z_]\w*))/g)].map(
      ([, braced, plain]) => braced ?? plain ?? "",
    ),
  );
  return [...new Set(used)]
    .filter((name) => !known.includes(name) && !BUILTIN.test(name))
    .map((name) => `variable $${name} is used and not defined`);
}
