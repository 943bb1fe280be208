import { expect, test } from "vitest";
import { type PgHbaConfArgs, renderPgHbaConf } from "../../../templates/pg_hba.conf.ts";

const args: PgHbaConfArgs = {
  method: "scram-sha-256",
  trustLocal: false,
  subnet: "10.77.3.0/24",
  extra: [],
};

/** The rules as fields. */
function rules(text: string): string[][] {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => line.split(/ +/));
}

test("the whole file", async () => {
  await expect(renderPgHbaConf(args)).toMatchFileSnapshot("./__snapshots__/pg_hba.conf");
});

test("has the rules the users asked for", () => {
  const all = rules(renderPgHbaConf(args));
  expect(all).toContainEqual(["local", "all", "all", "scram-sha-256"]);
  expect(all).toContainEqual(["host", "all", "all", "0.0.0.0/0", "scram-sha-256"]);
  expect(all).toContainEqual(["host", "all", "all", "::/0", "scram-sha-256"]);
  expect(all).toContainEqual([
    "host",
    "replication",
    "replication",
    "10.77.3.0/24",
    "scram-sha-256",
  ]);
});

test("the user's rules come first, unchanged", () => {
  const extra = ["host all batch 10.9.0.0/16 reject"];
  expect(rules(renderPgHbaConf({ ...args, extra }))[0]?.join(" ")).toBe(extra[0]);
});

test("md5 and a trusting socket are possible; Patroni's own rule stays", () => {
  const all = rules(renderPgHbaConf({ ...args, method: "md5", trustLocal: true }));
  expect(all[0]).toEqual(["local", "all", "postgres", "peer"]);
  expect(all[1]).toEqual(["local", "all", "all", "trust"]);
  expect(all.at(-1)).toEqual(["host", "all", "all", "::/0", "md5"]);
});
