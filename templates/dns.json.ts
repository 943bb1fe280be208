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
}

/** Renders dns.json. Pure. */
export function renderDnsJson({ zone, provider, names, sites, servers }: DnsJsonArgs): string {
  const full = Object.fromEntries(
    Object.entries(names).map(([service, name]) => [service, fullName(zone, name)]),
  );
  return `${JSON.stringify({ zone: `${zone}.`, provider, names: full, sites, servers }, undefined, 2)}\n`;
}

/** A name inside a zone as the whole name, with the dot at its end. */
export function fullName(zone: string, name: string): string {
  return name === "@" ? `${zone}.` : `${name}.${zone}.`;
}
