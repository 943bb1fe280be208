/** pg_hba.conf: who may connect from where, and how they prove who they are. */

/** Facts that {@link renderPgHbaConf} needs. */
export interface PgHbaConfArgs {
  /** How clients prove who they are. */
  readonly method: "scram-sha-256" | "md5";
  /** Let every user of the container's own socket in without a password. */
  readonly trustLocal: boolean;
  /** The site's network, where replicas come from, e.g. `10.77.3.0/24`. */
  readonly subnet: string;
  /** The user's own rules; they come first, so they win. */
  readonly extra: readonly string[];
}

type Rule = readonly [
  type: string,
  database: string,
  user: string,
  address: string,
  method: string,
];

/** The text of pg_hba.conf; PostgreSQL takes the first rule that matches. */
export function renderPgHbaConf(args: PgHbaConfArgs): string {
  const { method, subnet } = args;
  const lines = [
    "# Rendered by Holdfast from templates/pg_hba.conf.ts. Edit the settings, not this file.",
    "# The first rule that matches decides. TYPE DATABASE USER ADDRESS METHOD",
  ];
  if (args.extra.length > 0) {
    lines.push("", "# holdfast:database.hba", ...args.extra);
  }
  lines.push(
    "",
    "# The container's own socket: Patroni and the administrator are the system user postgres.",
    rule(["local", "all", "postgres", "", "peer"]),
    rule(["local", "all", "all", "", args.trustLocal ? "trust" : method]),
    "",
    "# Replication. A standby leader reads its timeline over 127.0.0.1.",
    rule(["host", "replication", "replication", "127.0.0.1/32", method]),
    rule(["host", "replication", "replication", "::1/128", method]),
    rule(["host", "replication", "replication", subnet, method]),
    "",
    "# All databases, all users, IPv4 and IPv6. Docker decides which networks get this far.",
    rule(["host", "all", "all", "0.0.0.0/0", method]),
    rule(["host", "all", "all", "::/0", method]),
  );
  return `${lines.join("\n")}\n`;
}

function rule([type, database, user, address, method]: Rule): string {
  return [type.padEnd(7), database.padEnd(12), user.padEnd(12), address.padEnd(18), method].join(
    " ",
  );
}
