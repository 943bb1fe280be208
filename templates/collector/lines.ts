/**
 * What the collector makes of a line of Docker's json-file: whose it is, where it begins and ends, how
 * grave it is, and which request it belongs to. Operators run one after the other.
 */

/** Facts that {@link lineOperators} needs. */
export interface LineFacts {
  /** Label `holdfast.id` of this stack's containers. */
  readonly stackId: string;
}

type Operator = Readonly<Record<string, unknown>>;

/** Labels of a container that Docker writes beside each line; see components/docker/container.ts. */
export const LINE_LABELS = [
  "holdfast.id",
  "holdfast.stack",
  "holdfast.site",
  "holdfast.component",
  "holdfast.instance",
] as const;

/**
 * What is kept of a JSON line as fields of their own, by the line's own name: the application's
 * requests and the edge's. The line itself is kept whole.
 */
const FIELDS = {
  requestId: "request_id",
  user: "user",
  view: "view",
  databases: "alias",
  milliseconds: "duration_ms",
  totalMs: "duration_ms",
  status: "status",
} as const;

/** Words that programs put where the level is; PostgreSQL's LOG is what others call INFO. */
const WORDS =
  "DEBUG[1-5]?|INFO|NOTICE|LOG|DETAIL|HINT|STATEMENT|CONTEXT|WARN|WARNING|ERROR|CRITICAL|FATAL|PANIC";

export function lineOperators(facts: LineFacts): Operator[] {
  return [...whose(facts), ...whole(), ...known(), ...grave(), ...cleared()];
}

/** Docker's JSON: who wrote the line, and when. */
function whose({ stackId }: LineFacts): Operator[] {
  const label = (name: string) => `attributes.docker.attrs["holdfast.${name}"]`;
  const set = (field: string, value: string) => ({
    type: "add",
    field: `resource.${field}`,
    value: `EXPR(${value})`,
  });
  return [
    {
      type: "json_parser",
      id: "docker",
      parse_to: "attributes.docker",
      // Half a line, of a machine that lost its power.
      on_error: "drop_quiet",
      timestamp: {
        parse_from: "attributes.docker.time",
        layout_type: "gotime",
        layout: "2006-01-02T15:04:05.999999999Z07:00",
      },
    },
    {
      type: "filter",
      id: "own",
      expr: `attributes.docker?.attrs?.["holdfast.id"] != "${stackId}"`,
    },
    set("stack", label("stack")),
    set("site", label("site")),
    set("component", label("component")),
    set(
      "instance",
      `${label("instance")} == nil ? ${label("component")} : ${label("component")} + "-" + ${label("instance")}`,
    ),
    { type: "move", from: "attributes.docker.log", to: "body" },
    // Patroni says once a second, on every member, that all is as it was: a quarter of a million lines a day.
    {
      type: "filter",
      id: "heartbeat",
      expr: 'resource.component == "postgres" && body matches "INFO: no action\\\\. I am \\\\("',
    },
  ];
}

/** Docker cuts lines at 16 KiB; a statement or a traceback goes on in lines that begin with a blank. */
function whole(): Operator[] {
  const common = {
    type: "recombine",
    combine_field: "body",
    combine_with: "",
    source_identifier: 'attributes["log.file.path"]',
    overwrite_with: "oldest",
    force_flush_period: "1s",
    max_log_size: "256KiB",
  };
  return [
    { ...common, id: "cut", is_last_entry: 'body endsWith "\\n"' },
    { ...common, id: "continued", is_first_entry: 'not (body matches "^[ \\t]")' },
    { type: "regex_replace", id: "end", field: "body", regex: "\\s+$", replace_with: "" },
    { type: "regex_replace", id: "colours", field: "body", regex_name: "ansi_control_sequences" },
    { type: "filter", id: "empty", expr: 'body == ""' },
  ];
}

/** Fields of JSON lines, and the request that a slow statement belongs to (shop_site/statements.py). */
function known(): Operator[] {
  return [
    {
      type: "json_parser",
      id: "json",
      if: 'body matches "^{.*}$"',
      parse_to: "attributes.line",
      on_error: "send_quiet",
    },
    ...Object.entries(FIELDS).map(([from, to]) => ({
      type: "move",
      id: `field-${from}`,
      if: `attributes.line?.${from} != nil`,
      from: `attributes.line.${from}`,
      to: `attributes.${to}`,
    })),
    {
      type: "add",
      id: "aliases",
      if: "attributes.alias != nil",
      field: "attributes.alias",
      value: 'EXPR(join(attributes.alias, ","))',
    },
    {
      type: "regex_parser",
      id: "statement",
      if: 'resource.component == "postgres" && body contains "/*request="',
      regex: "/\\*request=(?P<request_id>[A-Za-z0-9._-]{1,64})\\*/",
      parse_to: "attributes",
      on_error: "send_quiet",
    },
  ];
}

/** One of debug, info, warn, error and fatal, where the line says it. */
function grave(): Operator[] {
  const level = "attributes.level";
  return [
    {
      type: "move",
      id: "level-json",
      if: "attributes.line?.level != nil",
      from: "attributes.line.level",
      to: level,
    },
    {
      type: "regex_parser",
      id: "level-logfmt",
      if: 'attributes.level == nil && body matches "\\\\blevel=[a-zA-Z]+"',
      regex: "\\blevel=(?P<level>[a-zA-Z]+)",
      on_error: "send_quiet",
    },
    {
      type: "regex_parser",
      id: "level-word",
      if: `attributes.level == nil && body matches "^[^{].{0,160}?\\\\b(${WORDS})\\\\b[]: ]"`,
      regex: `^.{0,160}?\\b(?P<level>${WORDS})\\b[]: ]`,
      on_error: "send_quiet",
    },
    {
      type: "add",
      id: "level",
      if: "attributes.level != nil",
      field: "resource.level",
      value: `EXPR(${one("lower(string(attributes.level))")})`,
    },
  ];
}

function one(level: string): string {
  const within = (words: readonly string[]) =>
    `${level} in [${words.map((word) => `"${word}"`).join(", ")}]`;
  return [
    `${level} startsWith "debug" || ${level} == "trace" ? "debug"`,
    `${within(["warn", "warning"])} ? "warn"`,
    `${within(["error", "err"])} ? "error"`,
    `${within(["critical", "fatal", "panic", "crit", "alert", "emerg"])} ? "fatal"`,
    '"info"',
  ].join(" : ");
}

/** What has served its purpose. */
function cleared(): Operator[] {
  return ["docker", "line", "level", '["log.file.path"]'].map((name, n) => ({
    type: "remove",
    id: `cleared-${n}`,
    if: name.startsWith("[") ? `attributes${name} != nil` : `attributes.${name} != nil`,
    field: name.startsWith("[") ? `attributes${name}` : `attributes.${name}`,
  }));
}
