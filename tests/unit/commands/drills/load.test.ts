import { describe, expect, test } from "vitest";
import { parseRows } from "../../../../commands/drills/ledgerTable.ts";
import { containerArguments, defaultOptions } from "../../../../commands/drills/load.ts";
import { loadHosts, loadUrls } from "../../../../commands/drills/loadUrls.ts";
import { type Entry, parseEntry, Recorder } from "../../../../commands/drills/record.ts";
import { parseSettings } from "../../../../settings.ts";

const settings = parseSettings({ stack: "dev", project: "holdfast", config: {} });

describe("a line of the load", () => {
  test("acknowledged writes say where they went", () => {
    expect(parseEntry("w 7 12 100.5000 100.5123 a 3 10.88.65.11 - -")).toEqual({
      kind: "write",
      call: {
        client: 7,
        sequence: 12,
        begin: 100.5,
        end: 100.5123,
        outcome: "acknowledged",
        timeline: 3,
        server: "10.88.65.11",
      },
    });
  });

  test("others say why, and whether they hung", () => {
    expect(parseEntry("w 1 2 3.0 4.0 u 3 10.0.0.1 h no answer in time")).toEqual({
      kind: "write",
      call: {
        client: 1,
        sequence: 2,
        begin: 3,
        end: 4,
        outcome: "unknown",
        error: "no answer in time",
        hung: true,
      },
    });
    expect(parseEntry("w 1 2 3.0 4.0 r - - - ERROR: read-only transaction")).toMatchObject({
      call: { outcome: "rejected", error: "ERROR: read-only transaction" },
    });
  });

  test("reads, pages, marks and bounds", () => {
    expect(parseEntry("r 4 1.0 2.0 1 - -")).toEqual({
      kind: "read",
      call: { client: 4, begin: 1, end: 2, ok: true },
    });
    expect(parseEntry("p 4 1.0 2.0 0 h status 503 Service Unavailable")).toEqual({
      kind: "page",
      call: {
        client: 4,
        begin: 1,
        end: 2,
        ok: false,
        hung: true,
        error: "status 503 Service Unavailable",
      },
    });
    expect(parseEntry("m 1764.25 kill -9 of the leader")).toEqual({
      kind: "mark",
      mark: { at: 1764.25, text: "kill -9 of the leader" },
    });
    expect(parseEntry("o 2 7 1.0 2.0 503 a - status 503 Service Unavailable")).toEqual({
      kind: "order",
      call: {
        client: 2,
        number: 7,
        begin: 1,
        end: 2,
        status: 503,
        retryAfter: true,
        error: "status 503 Service Unavailable",
      },
    });
    expect(parseEntry("o 2 8 1.0 31.0 0 - h no answer in time")).toMatchObject({
      call: { status: 0, retryAfter: false, hung: true },
    });
    expect(parseEntry("end 5.5")).toEqual({ kind: "end", at: 5.5 });
  });

  test("that is none of its own is refused: it could have been a row", () => {
    const lines = ["", "x 1", "w 1 2 3 4 x - - - -", "w 1 2", "r 1 2 3 yes - -", "p a 2 3 1 - -"];
    for (const line of [...lines, "m", "end", "o 1 2 3.0 4.0 x - - -", "w 1 2 3.0 4.0 a x - - -"]) {
      expect(() => parseEntry(line), line).toThrow("none of its own");
    }
  });
});

describe("the recorder", () => {
  test("keeps everything, and measures from the moment all was answered", () => {
    const recorder = new Recorder();
    const seen: Entry["kind"][] = [];
    const forget = recorder.watch(({ kind }) => seen.push(kind));
    for (const line of ["begin 10.0", "w 1 1 10.0 10.5 a 1 s - -", "r 1 10.0 11.0 1 - -"]) {
      recorder.take(line);
    }
    recorder.ready(11);
    forget();
    recorder.take("m 12.0 now");
    expect(recorder.ended).toBe(false);
    // A load that was killed ends with its last call.
    expect(recorder.record()).toMatchObject({ begin: 11, end: 11 });
    recorder.take("end 20.0");
    expect(recorder.ended).toBe(true);
    expect(seen).toEqual(["begin", "write", "read"]);
    const { begin, end, writes, reads, pages, marks } = recorder.record();
    expect([begin, end, writes.length, reads.length, pages.length]).toEqual([11, 20, 1, 1, 0]);
    expect(marks).toEqual([{ at: 12, text: "now" }]);
  });
});

describe("where the load goes", () => {
  test("inside the network, with the user and password of the output", () => {
    const outside = "postgresql://shop:Pa55@127.0.0.1:6432,127.0.0.1:6433/shop?connect_timeout=3";
    const user = "postgresql://shop:Pa55@";
    expect(loadUrls(outside, 2)).toEqual({
      databaseUrl: `${user}pooler-1:6432,pooler-2:6432/shop?connect_timeout=3`,
      readReplicaUrl: `${user}pooler-1:6432,pooler-2:6432/shop_ro?connect_timeout=3`,
      pageUrl: "http://edge:8080/",
    });
    expect(loadUrls("postgres://a:b@h/x", 1).databaseUrl).toBe("postgres://a:b@pooler-1:6432/x");
  });

  test("an output that is no such URL is refused without being shown", () => {
    expect(() => loadUrls("postgresql://s3cret", 2)).toThrow(/^(?!.*s3cret)/);
    expect(() => loadUrls("", 2)).toThrow("the output databaseUrl is not");
  });

  test("each name in the URLs has an address of its own", () => {
    const names = new Map(loadHosts("10.88.65.0/24").map(({ host, ip }) => [host, ip]));
    expect(names.get("pooler-1")).toBe("10.88.65.81");
    expect(names.get("pooler-2")).toBe("10.88.65.82");
    expect(names.get("edge")).toBe("10.88.65.62");
  });
});

describe("its container", () => {
  const place = { settings, site: "a", stackId: "0123" };
  const args = containerArguments(place, "ab12", "holdfast/drill:x");

  test("is the stack's and no component of it", () => {
    const labels = args.filter((_, index) => args[index - 1] === "--label");
    expect(labels).toEqual(["holdfast.id=0123", "holdfast.stack=dev", "holdfast.drill=ab12"]);
    expect(args.at(-1)).toBe("holdfast/drill:x");
    expect(args[args.indexOf("--network") + 1]).toBe("holdfast-dev-a-network");
  });

  test("apart from the stack it carries none of its labels: an up leaves it alone", () => {
    const apart = containerArguments({ ...place, apart: true }, "ab12", "holdfast/drill:x");
    const labels = apart.filter((_, index) => apart[index - 1] === "--label");
    expect(labels).toEqual(["holdfast.drill=ab12"]);
    expect(apart.slice(apart.indexOf("--network"))).toEqual(args.slice(args.indexOf("--network")));
  });

  test("has no secret in its arguments or environment", () => {
    expect(args.join(" ")).not.toMatch(/postgres(ql)?:\/\/|--env|-e /);
  });
});

test("a call may take as long as the application's own", () => {
  expect(defaultOptions(settings)).toMatchObject({
    writers: 50,
    writesPerSecond: 250,
    callTimeoutSeconds: settings.timings.workerTimeoutSeconds,
  });
});

test("rows come from psql as client|sequence", () => {
  expect(parseRows("1|2\n50|100000\n")).toEqual([
    { client: 1, sequence: 2 },
    { client: 50, sequence: 100_000 },
  ]);
  expect(parseRows("")).toEqual([]);
  expect(() => parseRows("1|x\n")).toThrow("not a row");
});
