/** The zone as the builtin name server begins it; from then on RFC 2136 updates change it, not this file. */

/** A name and its addresses. */
export interface ZoneRecord {
  /** Inside the zone; `@` is the zone itself. */
  readonly name: string;
  /** IPv4 and IPv6. */
  readonly addresses: readonly string[];
}

/** Facts that {@link renderZone} needs. */
export interface ZoneArgs {
  /** Without a dot at its end. */
  readonly zone: string;
  /** Seconds that clients may keep an answer. */
  readonly ttlSeconds: number;
  /** The name server's own IPv4 address. */
  readonly nameServerAddress: string;
  /** The public names, pointing to the site that is active at the beginning. */
  readonly records: readonly ZoneRecord[];
}

/** Renders the zone in the master file format. Pure. */
export function renderZone({ zone, ttlSeconds, nameServerAddress, records }: ZoneArgs): string {
  const lines = records.flatMap(({ name, addresses }) =>
    [...addresses]
      .sort()
      .map((address) => `${name} IN ${address.includes(":") ? "AAAA" : "A"} ${address}`),
  );
  return `; Rendered by Holdfast from templates/dns/zone.ts: where the zone begins. Updates change it afterwards.
$ORIGIN ${zone}.
$TTL ${ttlSeconds}
; Secondaries ask each minute and give up after a week. The last number is how long a name's absence is kept:
; as short as an answer, or a name that comes late stays unknown.
@ IN SOA ns hostmaster 1 60 30 604800 ${ttlSeconds}
@ IN NS ns
ns IN A ${nameServerAddress}
${lines.join("\n")}
`;
}
