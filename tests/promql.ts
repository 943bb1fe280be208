/** Reads PromQL as far as tests need it: which metrics an expression names. */

const KEYWORDS = new Set([
  ...["and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right"],
  ...["bool", "offset", "start", "end", "inf", "nan", "atan2"],
]);

/**
 * The metrics that an expression names, each once, in order. Strings, selectors, windows and lists of
 * labels are passed over; what is left and is neither a function nor a word of the language is a metric.
 * One without a name (`{job="x"}`) names none.
 */
export function metricsIn(expr: string): string[] {
  const bare = expr
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '""')
    .replace(/\{[^}]*\}/g, "")
    .replace(/\[[^\]]*\]/g, "")
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/gi, " ");
  const names: string[] = [];
  for (const match of bare.matchAll(/[A-Za-z_:][\w:]*/g)) {
    const [name] = match;
    const before = bare[match.index - 1] ?? "";
    // 5m, 1e9: a number's tail.
    if (/[\d.$]/.test(before)) continue;
    if (/^\s*\(/.test(bare.slice(match.index + name.length))) continue;
    if (KEYWORDS.has(name.toLowerCase()) || names.includes(name)) continue;
    names.push(name);
  }
  return names;
}

/** The expression as Grafana would send it, for one stack and site, over the last hour. */
export function filledIn(expr: string, stack: string, site: string): string {
  const values: Record<string, string> = {
    __rate_interval: "1m",
    __range: "1h",
    __range_s: "3600",
    __interval: "1m",
    stack,
    site,
    // What Grafana sends for All.
    instance: ".*",
  };
  return expr.replace(/\$(?:\{([A-Za-z_]\w*)[^}]*\}|([A-Za-z_]\w*))/g, (whole, braced, plain) => {
    const value = values[braced ?? plain];
    if (value === undefined) throw new Error(`no value for ${whole} in ${expr}`);
    return value;
  });
}
