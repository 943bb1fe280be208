/** Checks of extra pg_hba.conf lines. Pure. */
import { parseIpv4 } from "./subnets.ts";

const types = ["local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"];
const methods = [
  "scram-sha-256",
  "md5",
  "cert",
  "gss",
  "ident",
  "ldap",
  "pam",
  "peer",
  "radius",
  "reject",
  "sspi",
  "bsd",
  "password",
  "trust",
];

/**
 * Roles of the cluster itself: who locks them out stops replication, the pooler or the monitoring.
 */
export const ownRoles = [
  "postgres",
  "replication",
  "rewind",
  "pgbouncer",
  "monitor",
  "backup",
] as const;

/**
 * What is wrong with a line (`TYPE DATABASE USER [ADDRESS] METHOD [OPTIONS]`), or undefined. The
 * extra lines come before the general rules and PostgreSQL takes the first that matches, so a line
 * for everyone must let the cluster's own roles in as before.
 */
export function hbaProblem(line: string): string | undefined {
  if (/[\r\n]/.test(line)) return "one line each, please";
  const words = line.trim().match(/"[^"]*"[^\s"]*|[^\s"]+(?:"[^"]*"[^\s"]*)*/g) ?? [];
  const [type = "", database, user, ...rest] = words;
  if (!types.includes(type)) {
    return `expected a line that begins with ${types.slice(0, -1).join(", ")} or ${types.at(-1)}`;
  }
  const shape =
    type === "local" ? "local DATABASE USER METHOD" : `${type} DATABASE USER ADDRESS METHOD`;
  if (database === undefined || user === undefined) return `incomplete; expected ${shape}`;
  const tail = type === "local" ? { after: rest } : addressed(rest);
  if ("problem" in tail) return `${tail.problem}; expected ${shape}`;
  const [method, ...options] = tail.after;
  if (method === undefined) return `incomplete; expected ${shape}`;
  if (!methods.includes(method)) {
    return `"${method}" is no method; expected one of ${methods.slice(0, -1).join(", ")}`;
  }
  const odd = options.find((option) => !/^[a-z_0-9]+=/.test(option));
  if (odd !== undefined) return `"${odd}" is no option; expected name=value after the method`;
  return methodProblem(type, user, method);
}

function methodProblem(type: string, user: string, method: string): string | undefined {
  const users = user.split(",").map((name) => name.replaceAll('"', ""));
  if (method === "trust") {
    return type === "local"
      ? "trust is a setting of its own: database.trustLocal"
      : "trust over the network lets anyone in as anyone, the superuser too; use scram-sha-256";
  }
  if (method === "password") return "sends passwords in clear text; use scram-sha-256";
  if (method === "peer" && type !== "local") return "peer works on local lines only";
  if (method === "cert" && type !== "hostssl") return "cert works on hostssl lines only";
  // Passwords work with these for everyone as with the general rules; anything else could shut the
  // own roles out.
  if (method === "scram-sha-256" || method === "md5") return undefined;
  const hit = users.find(
    (name) => ["all", ...ownRoles].includes(name) || name.startsWith("+") || name.startsWith("/"),
  );
  // The cluster's own roles come over the network; the container's socket is Patroni's, as
  // postgres.
  if (hit === undefined || (type === "local" && method === "peer")) return undefined;
  return `${method} for ${hit} would keep the cluster's own roles out (${ownRoles.join(", ")}); name other users`;
}

/** Takes the address off: one word (CIDR, name, keyword) or an address and its mask. */
function addressed(rest: readonly string[]): { after: readonly string[] } | { problem: string } {
  const [address, next, ...others] = rest;
  if (address === undefined) return { problem: "no address" };
  const [host = "", prefix] = address.split("/");
  const bits = parseIpv4(host);
  if (bits !== undefined && prefix === undefined) {
    const mask = next === undefined ? undefined : parseIpv4(next);
    return mask === undefined
      ? { problem: `${address} without a mask (write ${address}/32)` }
      : { after: others };
  }
  if (bits !== undefined) {
    const whole = /^\d{1,2}$/.test(prefix ?? "") && Number(prefix) <= 32;
    return whole ? { after: rest.slice(1) } : { problem: `${address} is no network` };
  }
  if (host.includes(":")) {
    const whole =
      /^[0-9a-f:.]+$/i.test(host) && /^\d{1,3}$/.test(prefix ?? "") && Number(prefix) <= 128;
    return whole
      ? { after: rest.slice(1) }
      : { problem: `${address} is no network (write ::1/128)` };
  }
  if (methods.includes(address)) return { problem: "no address" };
  const name = /^(all|samehost|samenet|\.?[A-Za-z][A-Za-z0-9.-]*)$/.test(address);
  return name ? { after: rest.slice(1) } : { problem: `${address} is no address` };
}
