/** What must hold for every version of the program, whatever ran before. Pure. */
import { fileOf } from "./liveFiles.ts";
import { containersIn, DATA_PATHS, kindOf, membersIn, mountsOf, sitesIn } from "./resources.ts";
import { atOnce } from "./risks/chain.ts";
import { dynamicOf, synchronousIsOff } from "./risks/cluster.ts";
import { archives, repositoriesOf, unsafeParameters } from "./risks/durability.ts";
import type { Change } from "./types.ts";

/** The invariants by name. */
export const INVARIANTS = {
  protected: "what cannot be made again is protected from deletion",
  chained: "the members of a cluster wait for each other, and are never replaced together",
  durable: "no setting lets an acknowledged write be lost",
  "backed-up": "WAL is archived, and there is a repository",
} as const;
export type InvariantName = keyof typeof INVARIANTS;

export interface Breach {
  readonly invariant: InvariantName;
  readonly resources: readonly string[];
  readonly what: string;
}

/** Everything that the declared resources (all of them, as `after`) lack. */
export function breachesIn(declared: readonly Change[]): Breach[] {
  return [
    ...unprotected(declared),
    ...sitesIn(declared).flatMap((site) => [
      ...unchained(declared, site),
      ...undurable(declared, site),
      ...notBackedUp(declared, site),
    ]),
  ];
}

/** Whether a resource has to be protected whatever mounts it. */
export function mustBeProtected(change: Change): boolean {
  return (
    ["RandomPassword", "RandomId", "Network"].includes(kindOf(change)) ||
    change.name === "certificate-authority"
  );
}

function unprotected(declared: readonly Change[]): Breach[] {
  const mounted = new Set(
    containersIn(declared).flatMap(({ after }) =>
      DATA_PATHS.flatMap((path) => mountsOf(after).get(path) ?? []),
    ),
  );
  const bare = declared.filter(
    (change) =>
      change.protectAfter === false &&
      (mustBeProtected(change) ||
        (kindOf(change) === "Volume" && mounted.has(String(change.after?.name)))),
  );
  return breach(
    "protected",
    bare.map(({ name }) => name),
    "protect: true is missing",
  );
}

function unchained(declared: readonly Change[], site: string): Breach[] {
  // As if an image had changed: then every member is replaced.
  const replaced = declared.map((change) => ({ ...change, action: "replace" as const }));
  return ["etcd", "postgres"].flatMap((tier) =>
    breach(
      "chained",
      atOnce(replaced, site, tier).map(({ name }) => name),
      "one does not wait for the other by dependsOn alone",
    ),
  );
}

function undurable(declared: readonly Change[], site: string): Breach[] {
  const conf = fileOf(declared, site, "postgresql.conf", "postgres-");
  const unsafe = conf?.after === undefined ? [] : unsafeParameters(conf.after);
  const off = synchronousIsOff(dynamicOf(declared, site).after.synchronous_mode);
  return [
    ...(unsafe.length > 0
      ? breach("durable", [conf?.change.name ?? ""], `${unsafe.join(", ")}`)
      : []),
    ...(off ? breach("durable", [`${site}-postgres-dynamic.yml`], "synchronous_mode is off") : []),
  ];
}

function notBackedUp(declared: readonly Change[], site: string): Breach[] {
  const conf = fileOf(declared, site, "postgresql.conf", "postgres-");
  const [member] = membersIn(declared, site, "postgres");
  const known = fileOf(declared, site, "pgbackrest.conf", "backup-")?.after !== undefined;
  const runs = membersIn(declared, site, "backup").length > 0;
  const none =
    member !== undefined &&
    (!runs || (known && repositoriesOf(declared, site, "after").size === 0));
  return [
    ...(conf?.after !== undefined && !archives(conf.after)
      ? breach("backed-up", [conf.change.name], "WAL is not archived")
      : []),
    ...(none ? breach("backed-up", [member.name], "no repository receives its WAL") : []),
  ];
}

function breach(invariant: InvariantName, resources: readonly string[], what: string): Breach[] {
  return resources.length === 0 ? [] : [{ invariant, resources, what }];
}
