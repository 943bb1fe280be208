/** knot.conf: the builtin name server, authoritative for one zone, which a TSIG key may read and change. */

/** Facts that {@link renderKnotConf} needs. */
export interface KnotConfArgs {
  /** Without a dot at its end. */
  readonly zone: string;
  /** Names inside the zone that the key may change; `@` is the zone itself. */
  readonly names: readonly string[];
}

/** Renders knot.conf; valid for Knot DNS 3.4. Pure. */
export function renderKnotConf({ zone, names }: KnotConfArgs): string {
  const owners = names.map((name) => (name === "@" ? `${zone}.` : name)).join(", ");
  return `# Rendered by Holdfast from templates/dns/knot.conf.ts. Edit the settings, not this file.
server:
  listen: 0.0.0.0@53
  rundir: /run/knot
  # One worker of a kind: by default it is as many as the host has cores, each with buffers of its own.
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  # Nobody outside has to know which program this is.
  version: ""
  identity: ""
  nsid: ""

log:
  - target: stderr
    any: info

database:
  storage: /var/lib/knot
  # Some hundred bytes a flip; the default reserves 20 GB of address space.
  journal-db-max-size: 16M

# The TSIG key, in a file of its own: a secret.
include: /run/knot/key.conf

acl:
  # octoDNS compares with what is there before it changes anything.
  - id: read
    key: holdfast
    action: transfer
  - id: change
    key: holdfast
    action: update
    # Who steals the key can move these names, and nothing else.
    update-type: [A, AAAA]
    update-owner: name
    update-owner-match: equal
    update-owner-name: [${owners}]

zone:
  - domain: ${zone}.
    storage: /var/lib/knot/zones
    file: ${zone}.zone
    acl: [read, change]
    # Each update is in the file before the next one, not only in the journal.
    zonefile-sync: 0
    # Updates of one second need serials that differ, which unixtime would not give.
    serial-policy: increment
    # A broken update is refused, instead of being served.
    semantic-checks: on
`;
}
