/**
 * "Done when" of the backups (M26): everything of an environment is lost, its folder included. With
 * nothing but the recovery kit and the bucket, one command brings it back, with every row that was
 * acknowledged up to the recovery point. The steps build on each other and run in order.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import type { SiteLossRecord } from "../../commands/restore/kitRecord.ts";
import { OutsideS3 } from "./site-loss-s3.ts";
import { Writer } from "./site-loss-writer.ts";
import { eventually, inside, LiveStack, must, run, runInSteps, sleep } from "./stack.ts";

/** The objective of the settings: what the loss of the site may cost. */
const RECOVERY_POINT_SECONDS = 60;
/** Longer than the objective, so that most rows have to be there. */
const WRITE_MS = 75_000;

interface BackupRow {
  readonly repository: string;
  readonly kind: string;
  readonly stop: string | null;
}

/** The same stack in another folder. */
class Returned extends LiveStack {
  override readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
  }
}

const s3 = new OutsideS3();
const stack = new LiveStack();
const returned = new Returned(stack.name);
const writer = new Writer();
/** What a person keeps elsewhere: the kit, and the passphrase that seals it. */
const safe = mkdtempSync(join(tmpdir(), "holdfast-safe-"));
const kit = join(safe, "kit.age");
const passphrase = join(safe, "passphrase");
let outputs: Record<string, string> = {};
let lostAt = "";
let present = 0;

runInSteps({
  async prepare() {
    await s3.start();
    await stack.prepare();
  },
  async remove() {
    await writer.stop();
    await stack.remove();
    await returned.remove();
    await s3.remove();
    rmSync(safe, { recursive: true, force: true });
  },
});

/** Lays `backup.cloud` into the stack's file. */
function setCloud(cloud: Record<string, unknown>): void {
  const file = join(stack.folder, `Pulumi.${stack.name}.yaml`);
  const document = parseDocument(readFileSync(file, "utf8"));
  document.setIn(["config", "holdfast:backup", "cloud"], document.createNode(cloud));
  writeFileSync(file, document.toString());
}

function backupsIn(where: LiveStack, repository: string): Promise<BackupRow[]> {
  return where
    .json<BackupRow[]>("backups")
    .then((rows) => rows.filter((row) => row.repository === repository && row.stop !== null));
}

describe("the loss of a whole site", () => {
  it("has an environment whose cloud is elsewhere, with keys as secrets", async () => {
    setCloud({ provider: "none" });
    for (const [key, value] of [
      ["cloudKeyId", s3.keyId],
      ["cloudKeySecret", s3.keySecret],
    ] as const) {
      const set = await stack.pulumi(
        `printf %s ${value} | pulumi config set --secret holdfast:${key} --stack ${stack.name}`,
      );
      expect(set.stderr + set.stdout).not.toContain("error");
      expect(set.code).toBe(0);
    }
    setCloud({
      provider: "s3",
      endpoint: s3.endpoint,
      bucket: s3.bucket,
      caCertificate: s3.certificate,
    });
    await stack.holdfast("up");
    outputs = await stack.json<Record<string, string>>("outputs", "--show-secrets");
    expect(outputs.backupAccess).toContain(s3.endpoint);
    await eventually("a full backup in the cloud", 120, async () =>
      (await backupsIn(stack, "cloud")).some(({ kind }) => kind === "full"),
    );
  });

  it("is written to, and its kit is taken", async () => {
    const table = "CREATE TABLE acknowledged (id bigint PRIMARY KEY);";
    const made = await stack.sqlBy(inside(outputs.databaseUrl ?? ""), table);
    expect(made.stderr).not.toContain("ERROR");
    await writer.start(stack, outputs.databaseUrl ?? "");
    const began = Date.now();
    writeFileSync(passphrase, randomBytes(16).toString("hex"), { mode: 0o600 });
    await stack.holdfast("recovery-kit", "--output", kit, "--passphrase-file", passphrase);
    await sleep(Math.max(0, WRITE_MS - (Date.now() - began)));
    expect(writer.acknowledged.length).toBeGreaterThan(100);
  });

  it("loses every container, volume and network, and the folder with the state", async () => {
    const filter = ["--filter", `label=holdfast.stack=${stack.name}`];
    const ids = async (...list: string[]) =>
      (await must("docker", [...list, ...filter])).split("\n").filter(Boolean);
    await must("docker", ["kill", ...(await ids("ps", "--quiet"))]);
    await writer.stop();
    lostAt = new Date(writer.acknowledged.at(-1)?.at ?? 0).toISOString();
    await must("docker", ["rm", "--force", ...(await ids("ps", "--all", "--quiet"))]);
    await must("docker", ["volume", "rm", ...(await ids("volume", "ls", "--quiet"))]);
    await must("docker", ["network", "rm", ...(await ids("network", "ls", "--quiet"))]);
    expect(await stack.leftovers()).toEqual([]);
    rmSync(stack.folder, { recursive: true });
  });

  it("comes back by one command from the kit and the bucket", async () => {
    await returned.prepare();
    // A fresh clone knows nothing of this stack.
    rmSync(join(returned.folder, `Pulumi.${returned.name}.yaml`));
    const options = ["--kit", kit, "--passphrase-file", passphrase, "--lost-at", lostAt];
    const text = await returned.holdfast("restore", ...options);
    expect(text).toMatch(/recovery point +[\d.]+ s before the loss/);
    const members = await returned.members();
    expect(members.filter(({ role }) => role === "leader")).toHaveLength(1);
    expect(members.filter(({ state }) => state === "streaming")).toHaveLength(2);
  });

  it("has every acknowledged row up to the recovery point, and no hole", async () => {
    const leader = await returned.leader();
    const counts = await returned.sql(leader, "SELECT count(*), max(id) FROM acknowledged");
    const [count = 0, newest = 0] = counts.split("|").map(Number);
    expect(count).toBe(newest); // rows were written one by one: all up to the newest are there
    const lost = writer.acknowledged.filter(({ id }) => id > newest);
    const last = writer.acknowledged.at(-1)?.at ?? 0;
    const cost = (last - (lost[0]?.at ?? last)) / 1000;
    console.log(
      `${count} rows, ${lost.length} of ${writer.acknowledged.length} acknowledged lost, ${cost} s`,
    );
    expect(cost).toBeLessThanOrEqual(RECOVERY_POINT_SECONDS);
    present = count;
  });

  it("has the passwords it had, takes writes, and serves the shop", async () => {
    const now = await returned.json<Record<string, string>>("outputs", "--show-secrets");
    expect(new URL(first(now.databaseUrl)).password).toBe(
      new URL(first(outputs.databaseUrl)).password,
    );
    expect(now.stackId).toBe(outputs.stackId);
    const url = inside(now.databaseUrl ?? "");
    const written = await returned.sqlBy(url, "INSERT INTO acknowledged VALUES (0);");
    expect(written.stderr).not.toContain("ERROR");
    const read = await returned.sqlBy(url, "SELECT count(*) FROM acknowledged;");
    expect(Number(read.stdout.trim())).toBe(present + 1);
    expect((await fetch(`${now.appUrl}/`)).status).toBe(200);
  });

  it("archives to the same place again, with a fresh full backup in each repository", async () => {
    for (const repository of ["local", "cloud"]) {
      const rows = await backupsIn(returned, repository);
      const fresh = rows.filter(({ kind, stop }) => kind === "full" && (stop ?? "") > lostAt);
      expect(fresh.length, repository).toBeGreaterThan(0);
    }
    const preview = await returned.try("preview", "--expect-no-changes");
    expect(preview.code, preview.stdout + preview.stderr).toBe(0);
  });

  it("leaves the drill's record, with a recovery point within the objective", () => {
    const folder = join(returned.folder, ".holdfast", "drills", returned.name);
    const [file = ""] = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith("site-loss.json"),
    );
    const record = JSON.parse(readFileSync(join(folder, file), "utf8")) as SiteLossRecord;
    console.log(JSON.stringify(record));
    expect(record).toMatchObject({
      from: "kit",
      repository: "cloud",
      members: 3,
      lostAt,
      lacks: [],
    });
    expect(record.rpoSeconds).not.toBeNull();
    expect(record.rpoSeconds).toBeLessThanOrEqual(RECOVERY_POINT_SECONDS);
    expect(record.rtoSeconds).toBeGreaterThan(0);
  });

  it("refuses a kit where the environment is not lost", async () => {
    const options = ["restore", "--kit", kit, "--passphrase-file", passphrase];
    const again = await returned.try(...options);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("it is not lost");
    const wrong = join(safe, "wrong");
    writeFileSync(wrong, "not the passphrase");
    const closed = await run(join(returned.folder, "holdfast"), [
      ...["restore", "--kit", kit, "--passphrase-file", wrong, "--yes"],
    ]);
    expect(closed.code).toBe(1);
    expect(closed.stderr).toContain("does not open");
  });
});

/** A libpq URL that names several hosts, with the first alone: then it is a URL. */
function first(url = ""): string {
  return url.replace(/@([^,/]+)[^/]*\//, "@$1/");
}
