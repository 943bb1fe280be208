/** What a changed postgresql.conf asks of PostgreSQL, by PostgreSQL's own pg_settings. Pure. */
import table from "./pg-settings.json" with { type: "json" };

/**
 * When a changed value is in force: `reload` at once, `new sessions` for those that connect after it,
 * `restart`; `unknown` for an extension's parameter, about which only the server can say.
 */
export type How = "reload" | "new sessions" | "restart" | "unknown";

export interface ParameterChange {
  readonly name: string;
  /** Undefined stands for PostgreSQL's default. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly how: How;
  /** A number that goes down; undefined where it is no number. */
  readonly lowered?: boolean;
}

type Row = readonly [context: string, vartype: string, unit: string | null, boot: string | null];
const SETTINGS = table.settings as unknown as Readonly<Record<string, Row>>;

/** Major version of PostgreSQL that the table is of. */
export const TABLE_MAJOR: number = table.major;

/** Patroni sets these by itself, whatever the file says (images/postgres/lib/dynamic.py). */
const PATRONI_OWN = new Set([
  "listen_addresses",
  "port",
  "cluster_name",
  "hot_standby",
  "unix_socket_directories",
]);

/** A standby must not have less of these than its leader had when it wrote the WAL (PostgreSQL's rule for hot standby). */
export const HOT_STANDBY: ReadonlySet<string> = new Set([
  "max_connections",
  "max_prepared_transactions",
  "max_locks_per_transaction",
  "max_wal_senders",
  "max_worker_processes",
]);

/** When a changed parameter is in force. */
export function howInForce(name: string): How {
  const context = SETTINGS[name]?.[0];
  if (context === undefined) {
    return "unknown";
  }
  if (context === "postmaster") {
    return "restart";
  }
  return context.endsWith("backend") ? "new sessions" : "reload";
}

/** Names and values of a postgresql.conf; of two lines of one name the last wins, as in PostgreSQL. */
export function parseConf(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^\s*([A-Za-z_][\w.]*)\s*[=\s]\s*(?:'((?:[^'\\]|''|\\.)*)'|([^\s#']+))/.exec(
      line,
    );
    if (match?.[1] !== undefined) {
      const quoted = match[2]?.replace(
        /''|\\(.)/g,
        (_, letter: string | undefined) => letter ?? "'",
      );
      values.set(match[1].toLowerCase(), quoted ?? match[3] ?? "");
    }
  }
  return values;
}

/** A value of the file, else PostgreSQL's default; undefined for what the table does not know. */
export function effective(values: ReadonlyMap<string, string>, name: string): string | undefined {
  return values.get(name) ?? SETTINGS[name]?.[3] ?? undefined;
}

/** Every parameter whose value will be another one; `1GB` and `1024MB` are the same. */
export function parameterChanges(before: string, after: string): ParameterChange[] {
  const [old, fresh] = [parseConf(before), parseConf(after)];
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter((name) => !PATRONI_OWN.has(name))
    .filter((name) => !sameValue(name, effective(old, name), effective(fresh, name)))
    .sort()
    .map((name) => {
      const [was, will] = [effective(old, name), effective(fresh, name)].map((value) =>
        numberOf(name, value),
      );
      const number = was !== undefined && will !== undefined;
      return {
        name,
        before: old.get(name),
        after: fresh.get(name),
        how: howInForce(name),
        ...(number ? { lowered: will < was } : {}),
      };
    });
}

export function sameValue(
  name: string,
  one: string | undefined,
  other: string | undefined,
): boolean {
  if (one === undefined || other === undefined || one === other) {
    return one === other;
  }
  const type = SETTINGS[name]?.[1];
  if (type === "bool") {
    return truth(one) === truth(other);
  }
  if (type === "integer" || type === "real") {
    return numberOf(name, one) === numberOf(name, other);
  }
  return type === "enum" && one.toLowerCase() === other.toLowerCase();
}

function truth(value: string): boolean {
  return /^(on|true|yes|1|t|y)/i.test(value);
}

/** Bytes and microseconds: the smallest units that PostgreSQL knows. */
const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
  TB: 1024 ** 4,
  us: 1,
  ms: 1_000,
  s: 1_000_000,
  min: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};

/** A number with its unit in the smallest one; the parameter's own where the value names none (`8kB` is 8 kB). */
function numberOf(name: string, value: string | undefined): number | undefined {
  const [, digits, unit] = /^\s*([+-]?\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(value ?? "") ?? [];
  if (digits === undefined) {
    return undefined;
  }
  const own = SETTINGS[name]?.[2] ?? "";
  const [, count = "1", base = ""] = /^(\d*)([A-Za-z]*)$/.exec(own) ?? [];
  // -1 and 0 have meanings of their own in many parameters: they are what they are in any unit.
  return unit
    ? Number(digits) * (UNITS[unit] ?? 1)
    : Number(digits) * Number(count || 1) * (UNITS[base] ?? 1);
}
