import {
  addressOf,
  aliasOf,
  databaseHosts,
  type HostEntry,
} from "../../components/docker/addresses.ts";

/** Where the load goes, from inside the network. The first two have the password in them. */
export interface LoadUrls {
  readonly databaseUrl: string;
  readonly readReplicaUrl: string;
  readonly pageUrl: string;
}

/** What the poolers listen on inside. */
export const POOLER_PORT = 6432;
/** What the edge listens on inside. */
export const EDGE_PORT = 8080;

/**
 * The stack's URLs as containers on its network use them. Pure.
 *
 * @param databaseUrl the stack's output, which names the poolers' published ports
 * @param poolers how many poolers there are
 * @throws Error when the output is no such URL; the message does not quote it
 */
export function loadUrls(databaseUrl: string, poolers: number): LoadUrls {
  const hosts = Array.from(
    { length: poolers },
    (_, index) => `${aliasOf("pooler", index + 1)}:${POOLER_PORT}`,
  ).join(",");
  return urlsAt(databaseUrl, hosts, `${aliasOf("edge")}:${EDGE_PORT}`);
}

/**
 * The stack's URLs with other hosts. Pure.
 *
 * @param servers poolers, `host:port` with commas between them
 * @param edge `host:port`
 * @throws Error when the output is no such URL; the message does not quote it
 */
export function urlsAt(databaseUrl: string, servers: string, edge: string): LoadUrls {
  const found = /^(postgres(?:ql)?:\/\/[^@/]+@)[^/]+\/([^/?]+)(\?.*)?$/.exec(databaseUrl);
  if (found === null) {
    throw new Error("the output databaseUrl is not postgresql://user:password@hosts/database");
  }
  const [, user = "", database = "", query = ""] = found;
  return {
    databaseUrl: `${user}${servers}/${database}${query}`,
    readReplicaUrl: `${user}${servers}/${database}_ro${query}`,
    pageUrl: `http://${edge}/`,
  };
}

/** Names that the load finds without Docker's DNS, which is one of the things that a fault takes away. Pure. */
export function loadHosts(subnet: string): HostEntry[] {
  return [...databaseHosts(subnet), { host: aliasOf("edge"), ip: addressOf(subnet, "edge") }];
}
