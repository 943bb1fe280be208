/** The public names and who serves them: the fields of `dns`, and their defaults. */
import { isIP } from "node:net";
import { z } from "zod";
import { DNS_SERVICES, type DnsServiceName } from "./dnsProviders.ts";
import { duration, field, oneOf, text, wholeNumber } from "./fields.ts";
import { subnetProblem } from "./subnets.ts";

/**
 * Secrets of Pulumi's own, as the cloud's keys are: `pulumi config set --secret dnsSecret`. The first is a
 * TSIG key, a token or a secret key; the second is the id beside it, where a service has one.
 */
export const dnsKeys: readonly string[] = ["dnsSecret", "dnsKeyId"];

const label = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";

const expectedZone = "expected a zone's name without a dot at its end, such as example.org";
const zoneName = text("example.org", expectedZone, (given) =>
  given === "" || (new RegExp(`^${label}(\\.${label})*$`).test(given) && given.length <= 253)
    ? undefined
    : expectedZone,
);

const inZone = (example: string, otherwise: "" | "an empty text") => {
  const expected = `expected a name inside dns.zone, such as ${example}, @ for the zone itself${otherwise && `, or ${otherwise}`}`;
  return text(example, expected, (given) =>
    given === "@" ||
    (given === "" && otherwise !== "") ||
    new RegExp(`^${label}(\\.${label}){0,5}$`).test(given)
      ? undefined
      : expected,
  );
};

const expectedAddress = "expected an IPv4 or IPv6 address";
const address = text("203.0.113.10", expectedAddress, (given) =>
  isIP(given) === 0 ? expectedAddress : undefined,
);

/** The server's address or name, with a port where it is not 53. */
export interface NameServer {
  readonly host: string;
  readonly port: number;
}

const expectedServer =
  "expected a name server as address, [IPv6 address] or name, with :port where it is not 53";
const serverOrNothing = text("192.0.2.53", expectedServer, (given) =>
  given === "" || parseNameServer(given) ? undefined : expectedServer,
);
const server = text("192.0.2.53", expectedServer, (given) =>
  parseNameServer(given) ? undefined : expectedServer,
);

/** `192.0.2.53`, `192.0.2.53:5300`, `[2001:db8::53]:53`, `ns1.example.org`; undefined for anything else. Pure. */
export function parseNameServer(given: string): NameServer | undefined {
  const [, six, name, digits] =
    /^(?:\[([0-9a-fA-F:]+)\]|([^\s[\]:]+))(?::(\d{1,5}))?$/.exec(given) ?? [];
  const host = six ?? name ?? "";
  const port = Number(digits ?? 53);
  const fits = six === undefined ? isIP(host) === 4 || isHostName(host) : isIP(six) === 6;
  return fits && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

/** The last label of a name begins with a letter: 1.2.3 is a mistyped address. */
function isHostName(text: string): boolean {
  return (
    /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text) &&
    /(^|\.)[A-Za-z][A-Za-z0-9-]*$/.test(text)
  );
}

const services = Object.keys(DNS_SERVICES) as DnsServiceName[];
const expectedService = `expected ${services.join(", ")}, or an empty text`;
const service = field<DnsServiceName | "">("route53", (given) => {
  const value = [...services, "" as const].find((name) => name === given);
  return value === undefined ? { problem: expectedService } : { value };
});

const keyName = text("holdfast", "expected the name of a TSIG key", (given) =>
  new RegExp(`^${label}(\\.${label})*\\.?$`, "i").test(given)
    ? undefined
    : "expected the name of a TSIG key",
);

const option = z.union([z.string(), z.number(), z.boolean()], {
  error: "expected a text, a number, true or false",
});

const anyName = text("h1", "expected a host's name", (given) =>
  given === "" ? "expected a host's name" : undefined,
);
const subnet = text("10.80.5.0/24", subnetProblem("") ?? "", subnetProblem);

export const dns = z.strictObject({
  zone: zoneName,
  app: inZone("shop", ""),
  database: inZone("db", "an empty text"),
  // More than an hour and a site's loss is a loss of hours.
  ttl: duration(1, 3600, "30 s"),
  provider: oneOf(["builtin", "rfc2136", "octodns"], "builtin"),
  addresses: z.record(z.string(), z.array(address).min(1).max(8)),
  resolvers: z.array(server).max(4),
  host: anyName,
  subnet,
  port: wholeNumber(1, 65_535, 8053),
  server: serverOrNothing,
  keyName,
  keyAlgorithm: oneOf(["hmac-sha256", "hmac-sha384", "hmac-sha512"], "hmac-sha256"),
  service,
  options: z.record(z.string(), option),
});

/** Without `host` and `subnet`, which follow from the stack. */
export const dnsDefaults = {
  zone: "",
  app: "app",
  database: "",
  ttl: "30 s",
  provider: "builtin",
  addresses: {},
  resolvers: [],
  // 53 belongs to the machine's own resolver, 5353 to multicast DNS.
  port: 8053,
  server: "",
  keyName: "holdfast",
  keyAlgorithm: "hmac-sha256",
  service: "",
  options: {},
};
