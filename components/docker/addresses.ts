/**
 * Where each container of a site lives: a pure function of the site's subnet, the tier and the
 * instance number (M13).
 *
 * Docker hands out addresses of the upper half (`ipRange`) to whoever asks; everything here lies in
 * the lower half, so that a restarted container never finds its address taken. Nothing depends on how
 * many instances there are: configuration may name the whole range from the first `up`.
 */

/** A tier with a range of its own. */
interface Range {
  /** Last octet of instance 1, minus one. */
  readonly base: number;
  /** Highest instance number. */
  readonly max: number;
}

const RANGES = {
  etcd: { base: 1, max: 7 },
  postgres: { base: 10, max: 11 },
  app: { base: 30, max: 20 },
  pooler: { base: 80, max: 4 },
  "pooler-exporter": { base: 90, max: 4 },
} satisfies Record<string, Range>;

const SINGLES = {
  gateway: 1,
  router: 61,
  edge: 62,
  backup: 63,
  autoscaler: 64,
  prometheus: 65,
  alertmanager: 66,
  grafana: 67,
  loki: 68,
  collector: 69,
  s3: 70,
  guard: 71,
  status: 72,
  dns: 73,
  "restore-drill": 74,
  "postgres-exporter": 75,
  "node-exporter": 76,
  link: 77,
  "site-agent": 78,
  witness: 79,
  "dns-sync": 80,
} satisfies Record<string, number>;

/** On no network at all: reached through a socket in a volume. */
const OFFLINE = ["docker-proxy", "autoscaler-docker-proxy", "collector-docker-proxy"] as const;

export type RangedTier = keyof typeof RANGES;
export type SingleTier = keyof typeof SINGLES;
export type OfflineTier = (typeof OFFLINE)[number];
/** A tier with an address. */
export type OnlineTier = RangedTier | SingleTier;
export type Tier = OnlineTier | OfflineTier;

/** Whether a tier has numbered instances. */
export function isRanged(tier: Tier): tier is RangedTier {
  return tier in RANGES;
}

/** Whether a tier has no address, and its container no network. */
export function isOffline(tier: Tier): tier is OfflineTier {
  return OFFLINE.some((offline) => offline === tier);
}

/** Highest instance number of a tier's range. */
export function rangeOf(tier: RangedTier): number {
  return RANGES[tier].max;
}

/** The instance numbers 1..max of a tier, existing or not. */
export function slotsOf(tier: RangedTier): number[] {
  return Array.from({ length: RANGES[tier].max }, (_, index) => index + 1);
}

/** Container name on the site's network, e.g. `postgres-2` or `router`. */
export function aliasOf(tier: Tier, instance?: number): string {
  return isRanged(tier) ? `${tier}-${requireInstance(tier, instance)}` : tier;
}

/**
 * IPv4 address of one container.
 *
 * @param subnet the site's /24, e.g. `10.80.12.0/24`
 * @throws RangeError for an instance outside the tier's range
 */
export function addressOf(subnet: string, tier: OnlineTier, instance?: number): string {
  const octet = isRanged(tier)
    ? RANGES[tier].base + requireInstance(tier, instance)
    : SINGLES[tier];
  return `${prefixOf(subnet)}.${octet}`;
}

/** The half that Docker may hand out by itself. */
export function dynamicRangeOf(subnet: string): string {
  return `${prefixOf(subnet)}.128/25`;
}

/** An address to connect to, for one that ports are bound to: all interfaces include the loopback. */
export function reachableAddress(bindAddress: string): string {
  return bindAddress === "0.0.0.0" ? "127.0.0.1" : bindAddress;
}

/** One line of a hosts file. */
export interface HostEntry {
  readonly host: string;
  readonly ip: string;
}

/**
 * Static name resolution for those who must find the database without Docker's DNS, which vanishes
 * with a cut network (lab §4, pitfall 2). Whole ranges, so that no entry depends on a count.
 */
export function databaseHosts(subnet: string): HostEntry[] {
  const ranged: RangedTier[] = ["etcd", "postgres", "pooler"];
  const entries = ranged.flatMap((tier) =>
    slotsOf(tier).map((n) => ({ host: aliasOf(tier, n), ip: addressOf(subnet, tier, n) })),
  );
  const singles: SingleTier[] = ["router", "backup"];
  return [
    ...entries,
    ...singles.map((tier) => ({ host: aliasOf(tier), ip: addressOf(subnet, tier) })),
  ];
}

/** The same for those who use the repositories: the S3 server's name too, whether it runs or not. */
export function repositoryHosts(subnet: string): HostEntry[] {
  return [...databaseHosts(subnet), { host: aliasOf("s3"), ip: addressOf(subnet, "s3") }];
}

function prefixOf(subnet: string): string {
  return subnet.split(".").slice(0, 3).join(".");
}

function requireInstance(tier: RangedTier, instance: number | undefined): number {
  if (instance === undefined || !Number.isInteger(instance) || instance < 1) {
    throw new RangeError(`${tier} needs an instance number from 1, got ${instance}`);
  }
  if (instance > RANGES[tier].max) {
    throw new RangeError(`${tier} has room for ${RANGES[tier].max} instances, got ${instance}`);
  }
  return instance;
}
