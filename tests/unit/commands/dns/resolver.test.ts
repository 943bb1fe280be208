import { createSocket, type Socket } from "node:dgram";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { parseReply, question } from "../../../../commands/dns/message.ts";
import { ask, type Look, watchName } from "../../../../commands/dns/resolver.ts";
import { secondsUntil, stretches, throughCache } from "../../../../commands/dns/timeline.ts";

const NAME = "shop.example.org.";
/** A CNAME before the addresses, and a name that is a pointer. */
const pointer = [0xc0, 12];
const record = (type: number, ttl: number, data: number[]) => [
  ...pointer,
  ...[0, type, 0, 1, 0, 0, ttl >> 8, ttl & 0xff, 0, data.length],
  ...data,
];

function reply(id: number, flags: number, answers: number[][], type: "A" | "AAAA" = "A"): Buffer {
  const head = Buffer.from([id >> 8, id & 0xff, flags >> 8, flags & 0xff, 0, 1, 0, answers.length]);
  const asked = question(id, NAME, type).subarray(12);
  return Buffer.concat([head, Buffer.alloc(4), asked, Buffer.from(answers.flat())]);
}

describe("messages", () => {
  test("a question is what RFC 1035 draws", () => {
    expect(question(0x1234, "a.bc.", "A").toString("hex")).toBe(
      "1234" +
        "0100" +
        "0001" +
        "0000" +
        "0000" +
        "0000" +
        "0161" +
        "026263" +
        "00" +
        "0001" +
        "0001",
    );
    expect(question(1, "a", "AAAA").subarray(-4).toString("hex")).toBe("001c0001");
  });

  test("addresses, the shortest TTL, and who speaks", () => {
    const answers = [
      record(5, 300, [...pointer]),
      record(1, 60, [192, 0, 2, 2]),
      record(1, 30, [192, 0, 2, 1]),
    ];
    expect(parseReply(reply(7, 0x8400, answers), "A")).toEqual({
      id: 7,
      status: "NOERROR",
      authoritative: true,
      addresses: ["192.0.2.2", "192.0.2.1"],
      ttlSeconds: 30,
    });
  });

  test("IPv6 as everybody writes it", () => {
    const data = [0x20, 0x01, 0x0d, 0xb8, ...Array(11).fill(0), 1];
    const { addresses } = parseReply(reply(7, 0x8000, [record(28, 30, data)], "AAAA"), "AAAA");
    expect(addresses).toEqual(["2001:db8::1"]);
  });

  test.each([
    [0x8003, "NXDOMAIN"],
    [0x8005, "REFUSED"],
    [0x8009, "9"],
  ])("flags %i are %s", (flags, status) => {
    const { addresses, ttlSeconds, ...rest } = parseReply(reply(7, flags, []), "A");
    expect([rest.status, addresses, ttlSeconds]).toEqual([status, [], undefined]);
  });

  test("what is cut short, or a question, is no reply", () => {
    const whole = reply(7, 0x8400, [record(1, 30, [192, 0, 2, 1])]);
    expect(() => parseReply(whole.subarray(0, -1), "A")).toThrow(RangeError);
    expect(() => parseReply(whole.subarray(0, 20), "A")).toThrow(RangeError);
    expect(() => parseReply(question(7, NAME, "A"), "A")).toThrow("a question");
  });
});

describe("asking", () => {
  let socket: Socket | undefined;

  afterEach(() => socket?.close());

  /** A name server of a few lines: answers each question by its number. */
  async function serve(answer: (count: number, id: number) => Buffer[]) {
    const server = createSocket("udp4");
    socket = server;
    let count = 0;
    server.on("message", (message, { port, address }) => {
      for (const one of answer(count, message.readUInt16BE(0))) server.send(one, port, address);
      count++;
    });
    await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
    return { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  }

  const points = (id: number, last: number) =>
    reply(id, 0x8400, [record(1, 30, [192, 0, 2, last])]);

  test("takes its own answer, whatever else arrives", async () => {
    const server = await serve((_, id) => [Buffer.from("?"), points(id ^ 1, 9), points(id, 1)]);
    const look = await ask(server, NAME);
    expect([look.status, look.addresses, look.ttlSeconds]).toEqual(["NOERROR", ["192.0.2.1"], 30]);
  });

  test("a server that says nothing is silent, a closed port too", async () => {
    const server = await serve(() => []);
    expect((await ask(server, NAME, "A", 50)).status).toBe("silent");
    socket?.close();
    socket = undefined;
    expect((await ask(server, NAME, "A", 500)).status).toBe("silent");
  });

  test("a watch sees the change, and ends with its signal", async () => {
    const stop = new AbortController();
    const server = await serve((count, id) => {
      if (count === 5) stop.abort();
      return [points(id, count < 3 ? 1 : 2)];
    });
    const looks = await watchName({ server, name: NAME, intervalMs: 5, signal: stop.signal });
    expect(stretches(looks).map(({ addresses, looks }) => [addresses, looks])).toEqual([
      [["192.0.2.1"], 3],
      [["192.0.2.2"], 3],
    ]);
  });
});

describe("over time", () => {
  const look = (at: number, last: number | undefined): Look =>
    last === undefined
      ? { at, status: "silent", addresses: [], ttlSeconds: undefined }
      : { at, status: "NOERROR", addresses: [`192.0.2.${last}`], ttlSeconds: 2 };
  const looks = [look(0, 1), look(1000, 1), look(1500, undefined), look(1900, 2), look(3000, 2)];

  test("stretches of one answer", () => {
    expect(stretches(looks).map(({ from, to, status }) => [from, to, status])).toEqual([
      [0, 1000, "NOERROR"],
      [1500, 1500, "silent"],
      [1900, 3000, "NOERROR"],
    ]);
    expect(stretches([])).toEqual([]);
  });

  test("a client with a cache goes on to the old address until its TTL has passed, not longer", () => {
    const seen = throughCache(looks).map(({ at, addresses }) => [at, ...addresses]);
    expect(seen).toEqual([
      [0, "192.0.2.1"],
      [1000, "192.0.2.1"],
      [1500, "192.0.2.1"],
      [1900, "192.0.2.1"],
      [3000, "192.0.2.2"],
    ]);
    expect(throughCache([look(0, 1), look(2000, 2)]).at(-1)?.addresses).toEqual(["192.0.2.2"]);
  });

  test("seconds until the name points there for good", () => {
    expect(secondsUntil(looks, 1000, ["192.0.2.2"])).toBe(0.9);
    expect(secondsUntil(looks, 2500, ["192.0.2.2"])).toBe(0);
    expect(secondsUntil(looks, 0, ["192.0.2.1"])).toBeUndefined();
    expect(secondsUntil([], 0, ["192.0.2.1"])).toBeUndefined();
  });
});
