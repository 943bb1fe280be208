import { addressOf, aliasOf } from "../../components/docker/addresses.ts";
import type { Docker } from "../docker.ts";
import type { Box } from "./boxes.ts";

/** What a member's Patroni says of itself (`GET /patroni`), of which drills read this much. */
export interface OwnStatus {
  readonly state: string;
  readonly role: string;
  readonly timeline?: number;
  readonly replication_state?: string;
  readonly xlog?: { readonly location?: number; readonly replayed_location?: number };
  readonly replication?: readonly {
    readonly application_name: string;
    readonly state: string;
    readonly sync_state: string;
  }[];
  /** Seconds since etcd was last heard, by the asking container's clock. */
  readonly etcdSilentSeconds?: number;
}

/** By member, e.g. `postgres-1`; one that does not answer is missing. */
export type Statuses = Readonly<Record<string, OwnStatus>>;

/**
 * Asks all members at once, within a second, and prints one JSON object. It runs inside a container:
 * that works over any Docker address. `-IS` and few imports, for it is asked four times a second.
 */
const ASK = `
import json, socket, sys, threading, time
found = {}
def ask(name, address):
    answer = b""
    try:
        with socket.create_connection((address, 8008), 1.0) as connection:
            connection.settimeout(1.0)
            connection.sendall(b"GET /patroni HTTP/1.0\\r\\n\\r\\n")
            while part := connection.recv(65536):
                answer += part
        own = json.loads(answer.partition(b"\\r\\n\\r\\n")[2])
        own["etcdSilentSeconds"] = time.time() - own.get("dcs_last_seen", 0)
        found[name] = own
    except (OSError, ValueError):
        pass
threads = [threading.Thread(target=ask, args=a.split("="), daemon=True) for a in sys.argv[1:]]
[t.start() for t in threads]
[t.join(1.5) for t in threads]
print(json.dumps(found))
`;

const ANSWER_MS = 5_000;
/** Who is asked to ask, in this order: those without a part in replication first. */
const ASKERS = ["backup", "pooler", "postgres"];

/** Every member's own word, from the first container on the network that hears anybody. */
export async function askMembers(
  docker: Docker,
  boxes: readonly Box[],
  subnet: string,
): Promise<Statuses> {
  const members = boxes.filter(({ component }) => component === "postgres");
  const where = members.map(
    ({ instance }) => `${aliasOf("postgres", instance)}=${addressOf(subnet, "postgres", instance)}`,
  );
  const askers = ASKERS.flatMap((tier) =>
    boxes.filter(
      ({ component, status, networks }) =>
        component === tier && status === "running" && Object.keys(networks).length > 0,
    ),
  );
  for (const { name } of askers) {
    const args = ["exec", name, "python3", "-IS", "-c", ASK, ...where];
    const { code, stdout } = await docker.run(args, { timeoutMs: ANSWER_MS });
    const found = code === 0 ? (JSON.parse(stdout) as Statuses) : {};
    if (Object.keys(found).length > 0) {
      return found;
    }
  }
  return {};
}
