/** dns.json: what the watcher of the public names compares with. JSON has no comments. */

/** Facts that {@link renderDnsJson} needs. */
export interface DnsJsonArgs {
  /** Without a dot at its end. */
  readonly zone: string;
  readonly provider: string;
  /** Service (app, database) -> its name inside the zone. */
  readonly names: Readonly<Record<string, string>>;
  /** Site -> service -> addresses. */
  readonly sites: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Who is asked; none: the zone's own name servers. */
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  /** The site's agent whose word moves the names. @default none: people move them */
  readonly follow?: { readonly host: string; readonly port: number } | undefined;
}

/** Renders dns.json. Pure. */
export function renderDnsJson(args: DnsJsonArgs): string {
  const { zone, provider, names, sites, servers, follow = null } = args;
  const full = Object.fromEntries(
    Object.entries(names).map(([service, name]) => [service, fullName(zone, name)]),
  );
  const facts = { zone: `${zone}.`, provider, names: full, sites, servers, follow };
  return `${JSON.stringify(facts, undefined, 2)}\n`;
}

/** A name inside a zone as the whole name, with the dot at its end. */
export function fullName(zone: string, name: string): string {
  return name === "@" ? `${zone}.` : `${name}.${zone}.`;
}
