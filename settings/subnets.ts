/** IPv4 arithmetic for site networks. Pure. */

/**
 * The 32 bits of a dotted address, or undefined. Leading zeros are refused: some programs read them
 * as octal.
 */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) {
    return undefined;
  }
  const bytes = parts.map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return bytes.reduce((bits, byte) => bits * 256 + byte, 0);
}

const privateRanges = [
  { text: "10.0.0.0", prefix: 8 },
  { text: "172.16.0.0", prefix: 12 },
  { text: "192.168.0.0", prefix: 16 },
] as const;

/**
 * What is wrong with a site's subnet, or undefined. It must be a private /24, written with its
 * network address: the addresses of all containers are reserved numbers inside one (M13).
 */
export function subnetProblem(text: string): string | undefined {
  const [address = "", prefix, ...rest] = text.split("/");
  const bits = parseIpv4(address);
  if (bits === undefined || prefix === undefined || rest.length > 0 || !/^\d{1,2}$/.test(prefix)) {
    return "expected a private IPv4 network of 256 addresses, such as 10.80.3.0/24";
  }
  if (prefix !== "24") return `expected a /24 (256 addresses), got a /${prefix}`;
  if (bits % 256 !== 0) return `expected the network's own address, which ends in .0/24`;
  const isPrivate = privateRanges.some((range) => {
    const start = parseIpv4(range.text) ?? 0;
    return bits >= start && bits < start + 2 ** (32 - range.prefix);
  });
  return isPrivate ? undefined : "not private; take one from 10.0.0.0/8 (or 172.16/12, 192.168/16)";
}

/**
 * The subnet a site gets when none is configured: 10.<64 to 191>.<0 to 255>.0/24, chosen by the
 * names alone, so that everyone's preview shows the same and two stacks on one Docker rarely meet
 * (1 in 32,768; then the launcher, which sees the networks that exist, records another). It stays
 * clear of what Docker hands out by itself (172.17 to 172.31 and 192.168) and of the low 10.x
 * networks that routers, VPNs and Swarm (10.0) like.
 */
export function defaultSubnet(stack: string, site: string): string {
  const hash = fnv1a(`${stack}/${site}`);
  return `10.${64 + (hash % 128)}.${(hash >>> 7) % 256}.0/24`;
}

/** FNV-1a, 32 bits: short, stable for ever, spreads similar names. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash;
}
