/** DNS messages (RFC 1035, section 4): one question out, its addresses in. Pure. */

export type RecordType = "A" | "AAAA";

/** What a name server said. */
export interface Reply {
  readonly id: number;
  /** `NOERROR`, `NXDOMAIN`, …; or its number. */
  readonly status: string;
  /** The server speaks for the zone, and not from a cache. */
  readonly authoritative: boolean;
  /** Of the asked type, in the order of the reply. */
  readonly addresses: readonly string[];
  /** The shortest of the answers, in seconds; undefined without one. */
  readonly ttlSeconds: number | undefined;
}

const TYPES: Readonly<Record<RecordType, number>> = { A: 1, AAAA: 28 };
const INTERNET = 1;
const HEADER_BYTES = 12;
const STATUS = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];
/** The two high bits of a length: the rest of the name stands elsewhere. */
const POINTER = 0xc0;

/**
 * A question as a stub resolver sends it: recursion is wished for.
 *
 * @param id 16 bits; the reply has the same
 */
export function question(id: number, name: string, type: RecordType): Buffer {
  const header = Buffer.from([id >> 8, id & 0xff, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name.split(".").filter(Boolean);
  const encoded = labels.map((label) =>
    Buffer.from([label.length, ...Buffer.from(label, "latin1")]),
  );
  return Buffer.concat([header, ...encoded, Buffer.from([0, 0, TYPES[type], 0, INTERNET])]);
}

/** @throws RangeError for what is no reply, or cut short */
export function parseReply(message: Buffer, type: RecordType): Reply {
  const flags = message.readUInt16BE(2);
  if ((flags & 0x8000) === 0) throw new RangeError("a question, and no reply");
  let offset = HEADER_BYTES;
  for (let left = message.readUInt16BE(4); left > 0; left--)
    offset = afterName(message, offset) + 4;
  const found: { address: string; ttl: number }[] = [];
  for (let left = message.readUInt16BE(6); left > 0; left--) {
    const at = afterName(message, offset);
    const length = message.readUInt16BE(at + 8);
    const data = message.subarray(at + 10, at + 10 + length);
    if (message.readUInt16BE(at) === TYPES[type] && message.readUInt16BE(at + 2) === INTERNET) {
      found.push({ address: addressIn(data), ttl: message.readUInt32BE(at + 4) });
    }
    offset = at + 10 + length;
  }
  const code = flags & 0x0f;
  return {
    id: message.readUInt16BE(0),
    status: STATUS[code] ?? String(code),
    authoritative: (flags & 0x0400) !== 0,
    addresses: found.map(({ address }) => address),
    ttlSeconds: found.length === 0 ? undefined : Math.min(...found.map(({ ttl }) => ttl)),
  };
}

/** Where the bytes after a name begin. */
function afterName(message: Buffer, start: number): number {
  let offset = start;
  for (;;) {
    const length = message.readUInt8(offset);
    if (length >= POINTER) return offset + 2;
    offset += 1 + length;
    if (length === 0) return offset;
  }
}

/** Four bytes as 192.0.2.1, sixteen as 2001:db8::1. @throws RangeError for others */
function addressIn(data: Buffer): string {
  if (data.length === 4) return [...data].join(".");
  if (data.length !== 16) throw new RangeError(`an address of ${data.length} bytes`);
  const groups = Array.from({ length: 8 }, (_, index) => data.readUInt16BE(2 * index).toString(16));
  // The way everybody writes it, and so the settings: what the URL parser makes of it.
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
