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
const POOLER_PORT = 6432;
/** What the edge listens on inside. */
const EDGE_PORT = 8080;

/**
 * The stack's URLs as containers on its network use them. Pure.
 *
 * @param databaseUrl the stack's output, which names the poolers' published ports
 * @param poolers how many poolers there are
 * @throws Error when the output is no such URL; the message does not quote it
 */
export function loadUrls(databaseUrl: string, poolers: number): LoadUrls {
  const found = /^(postgres(?:ql)?:\/\/[^@/]+@)[^/]+\/([^/?]+)(\?.*)?$/.exec(databaseUrl);
  if (found === null) {
    throw new Error("the output databaseUrl is not postgresql://user:password@hosts/database");
  }
  const [, user = "", database = "", query = ""] = found;
  const hosts = Array.from(
    { length: poolers },
    (_, index) => `${aliasOf("pooler", index + 1)}:${POOLER_PORT}`,
  ).join(",");
  return {
    databaseUrl: `${user}${hosts}/${database}${query}`,
    readReplicaUrl: `${user}${hosts}/${database}_ro${query}`,
    pageUrl: `http://${aliasOf("edge")}:${EDGE_PORT}/`,
  };
}

/** Names that the load finds without Docker's DNS, which is one of the things that a fault takes away. Pure. */
export function loadHosts(subnet: string): HostEntry[] {
  return [...databaseHosts(subnet), { host: aliasOf("edge"), ip: addressOf(subnet, "edge") }];
}
