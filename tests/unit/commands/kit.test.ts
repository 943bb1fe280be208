import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Encrypter } from "age-encryption";
import { afterAll, describe, expect, test } from "vitest";
import { Fault } from "../../../commands/fault.ts";
import { accessIn } from "../../../commands/restore/cloneAccess.ts";
import { openKit, parseKit } from "../../../commands/restore/kitFile.ts";
import { addressesOf, sameSettings } from "../../../commands/restore/kitPlant.ts";
import { siteLossRecord, siteLossRows } from "../../../commands/restore/kitRecord.ts";
import { describeRemains } from "../../../commands/restore/kitRemains.ts";
import { newestSegment } from "../../../commands/restore/kitSign.ts";
import type { RestoreOutcome } from "../../../commands/restore/types.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-kit-"));
afterAll(() => rmSync(folder, { recursive: true }));

const CONTENT = {
  kind: "holdfast-recovery-kit",
  version: 1,
  takenAt: "2026-11-25T12:00:00.000Z",
  stack: "shop",
  passphrase: "of the state",
  stackFile: "config: {}\n",
  record: { sites: { a: { subnet: "10.1.2.0/24" } }, images: { base: "x" } },
  settings: { backup: { cloud: { provider: "s3" } } },
  outputs: { appUrl: "http://127.0.0.1:8080" },
  passwords: {},
  state: { version: 3, deployment: { resources: [] } },
};

async function sealed(content: unknown, passphrase = "correct horse battery"): Promise<string> {
  const encrypter = new Encrypter();
  encrypter.setScryptWorkFactor(4); // a test's passphrase need not withstand anybody
  encrypter.setPassphrase(passphrase);
  const file = join(folder, `${Math.random()}.age`);
  writeFileSync(file, await encrypter.encrypt(JSON.stringify(content)));
  return file;
}

/** The fault that some work throws, as lines. */
async function faultOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Fault) return [error.message, ...error.advice].join("\n");
    throw error;
  }
  return "no fault";
}

describe("a recovery kit", () => {
  test("is opened by its passphrase", async () => {
    const kit = await openKit(await sealed(CONTENT), "correct horse battery");
    expect(kit).toMatchObject({
      stack: "shop",
      passphrase: "of the state",
      takenAt: "2026-11-25T12:00:00.000Z",
    });
    expect(kit).not.toHaveProperty("commit"); // as kits before it was noted
  });

  test("stays closed to another, and says what to do", async () => {
    const file = await sealed(CONTENT);
    const fault = await faultOf(() => openKit(file, "wrong horse battery"));
    expect(fault).toContain(`${file} does not open`);
    expect(fault).toContain("another passphrase sealed it");
  });

  test("that is damaged, no kit, or not there is refused with the file's name", async () => {
    const broken = join(folder, "broken.age");
    writeFileSync(broken, "age-encryption.org/v1\nnot really");
    expect(await faultOf(() => openKit(broken, "x"))).toContain("does not open");
    const other = await sealed({ kind: "something else" });
    expect(await faultOf(() => openKit(other, "correct horse battery"))).toContain(
      "no recovery kit",
    );
    expect(await faultOf(() => openKit(join(folder, "none"), "x"))).toContain("cannot be read");
  });

  test("names what it lacks", async () => {
    const { state: _, passphrase: __, ...rest } = CONTENT;
    const fault = await faultOf(() => parseKit(JSON.stringify(rest), "k.age"));
    expect(fault).toContain("k.age lacks passphrase, state");
  });

  test("of a newer kind is left to a newer program", async () => {
    const text = JSON.stringify({ ...CONTENT, version: 2 });
    expect(await faultOf(() => parseKit(text, "k.age"))).toContain("version 2");
  });
});

describe("what of a kit is laid into a new folder", () => {
  test("of the record only addresses: images and Docker are this machine's", () => {
    const record = {
      ...CONTENT.record,
      ports: { app: 8081 },
      hosts: { h1: { docker: "ssh://x" } },
    };
    expect(addressesOf(record)).toEqual({
      sites: { a: { subnet: "10.1.2.0/24" } },
      ports: { app: 8081 },
    });
    expect(addressesOf({})).toEqual({});
  });

  test("settings count, not how they are written", () => {
    expect(sameSettings("config:\n  a: 1 # one\n", "config: {a: 1}\n")).toBe(true);
    expect(sameSettings("config:\n  a: 1\n", "config:\n  a: 2\n")).toBe(false);
    expect(sameSettings("", "config: {}\n")).toBe(false);
    expect(sameSettings("a: [", "a: [")).toBe(true);
  });
});

describe("what opens a cloud repository", () => {
  const access = {
    stanza: "shop-a",
    path: "/holdfast/0337be32b2ff9d90",
    endpoint: "https://10.0.0.9:7070",
    region: "us-east-1",
    bucket: "b",
    pathStyle: true,
    keyId: "id",
    keySecret: "secret",
    cipherPass: "pass",
    caCertificate: null,
  };

  test("is a JSON text among the outputs", () => {
    const found = accessIn({ backupAccess: JSON.stringify(access) });
    expect(found).toEqual({ ...access, caCertificate: "" });
  });

  test("is nothing where there is none, or half of one", () => {
    expect(accessIn({})).toBeUndefined();
    expect(accessIn({ backupAccess: "" })).toBeUndefined();
    expect(
      accessIn({ backupAccess: JSON.stringify({ ...access, keySecret: "" }) }),
    ).toBeUndefined();
  });
});

describe("what still stands of an environment", () => {
  const object = (kind: "container" | "volume" | "network", name: string, id: string) => ({
    kind,
    id: name,
    name,
    labels: { "holdfast.id": id },
  });

  test("is listed by kind; another clone's is not looked at", () => {
    const objects = [
      object("container", "holdfast-shop-a-etcd-1", "0337"),
      object("container", "holdfast-shop-a-etcd-2", "0337"),
      object("container", "holdfast-shop-a-etcd-3", "0337"),
      object("volume", "holdfast-shop-a-etcd-1-data", "0337"),
      object("network", "holdfast-shop-a-network", "beef"),
    ];
    expect(describeRemains(objects, "0337")).toEqual([
      "  containers: holdfast-shop-a-etcd-1, holdfast-shop-a-etcd-2 and 1 more",
      "  volumes: holdfast-shop-a-etcd-1-data",
    ]);
    expect(describeRemains(objects, "cafe")).toEqual([]);
  });
});

describe("the last sign of life", () => {
  const facts = (at: unknown) => JSON.stringify({ repositories: { cloud: { lastSegmentAt: at } } });

  test("is the newest segment of that repository", () => {
    expect(newestSegment(facts(1764072000), "cloud")).toBe(1764072000);
    expect(newestSegment(facts(1764072000), "local")).toBeUndefined();
  });

  test("is unknown while nobody has looked, or the file is half written", () => {
    expect(newestSegment(facts(null), "cloud")).toBeUndefined();
    expect(newestSegment(facts(0), "cloud")).toBeUndefined();
    expect(newestSegment('{"repositories": {"clo', "cloud")).toBeUndefined();
  });
});

describe("the record of a site's loss", () => {
  const outcome: RestoreOutcome = {
    startedAt: "2026-11-25T12:00:20.000Z",
    recoveredTo: "2026-11-25T11:59:30.000Z",
    firstWriteAt: "2026-11-25T12:00:45.500Z",
    wholeAt: "2026-11-25T12:02:00.000Z",
    member: "postgres-1",
    timeline: 2,
    members: 3,
    label: "20261125-020000F",
    lacks: [],
  };
  const facts = {
    stack: "shop",
    repository: "cloud" as const,
    kitTakenAt: "2026-11-24T12:00:00.000Z",
    startedMs: Date.parse("2026-11-25T12:00:00Z"),
    machineReadyMs: Date.parse("2026-11-25T12:00:10Z"),
  };

  test("measures against the given time of the loss", () => {
    const record = siteLossRecord(
      {
        ...facts,
        lostAt: "2026-11-25T11:59:50.000Z",
        newestObjectAt: "2026-11-25T11:59:40.000Z",
      },
      outcome,
    );
    expect(record).toMatchObject({
      from: "kit",
      rpoSeconds: 20,
      rtoSeconds: 45.5,
      lostAtIs: "given",
      members: 3,
    });
  });

  test("else against the newest object, and says so", () => {
    const record = siteLossRecord(
      { ...facts, newestObjectAt: "2026-11-25T11:59:41.000Z" },
      outcome,
    );
    expect(record.rpoSeconds).toBe(11);
    expect(siteLossRows(record)[1]).toEqual([
      "recovery point",
      "11 s before the newest object in the repository",
    ]);
  });

  test("makes no figure up where nothing was measured", () => {
    expect(siteLossRecord(facts, outcome)).toMatchObject({ rpoSeconds: null, lostAt: null });
    const silent = siteLossRecord(
      { ...facts, lostAt: "2026-11-25T12:00:00Z" },
      { ...outcome, recoveredTo: null },
    );
    expect(silent.rpoSeconds).toBeNull();
    expect(siteLossRows(silent).slice(0, 2)).toEqual([
      ["recovered to", "unknown: the database holds no heartbeat"],
      ["recovery point", "not measured"],
    ]);
  });

  test("is never better than nothing lost, and names what is not whole", () => {
    const record = siteLossRecord(
      { ...facts, lostAt: "2026-11-25T11:59:00.000Z" },
      { ...outcome, lacks: ["postgres-3 does not stream"] },
    );
    expect(record.rpoSeconds).toBe(0);
    expect(siteLossRows(record)[3]).toEqual(["whole", "no: postgres-3 does not stream"]);
  });
});
