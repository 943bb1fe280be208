import { describe, expect, test } from "vitest";
import { keyOf, nearest } from "../../settings/faults.ts";
import { hbaProblem } from "../../settings/hba.ts";
import { parseIpv4 } from "../../settings/subnets.ts";
import {
  cronProblem,
  formatDuration,
  formatSize,
  isCalendarDay,
  parseDuration,
  parseSize,
} from "../../settings/units.ts";

test.each([
  ["30 s", 30],
  ["30s", 30],
  ["5 min", 300],
  ["1 h", 3600],
  ["7 d", 604_800],
  ["0 s", 0],
])("duration %j", (text, seconds) => expect(parseDuration(text)).toBe(seconds));

test.each(["", "30", "s", "1.5 h", "-1 s", "5 m", "5  min", "1 h 30 min", "1 H", "1e3 s"])(
  "no duration: %j",
  (text) => expect(parseDuration(text)).toBeUndefined(),
);

test.each([
  ["512 MB", 512],
  ["1 GB", 1024],
  ["16GB", 16_384],
])("size %j", (text, mebibytes) => expect(parseSize(text)).toBe(mebibytes));

test.each(["", "512", "1 GBB", "1.5 GB", "1 TB", "512 mb", "512 MiB", "-1 GB", "1  GB"])(
  "no size: %j",
  (text) => expect(parseSize(text)).toBeUndefined(),
);

test("written sizes and durations parse back", () => {
  for (const amount of [1, 30, 60, 90, 512, 1024, 1536, 3600, 5400, 86_400, 604_800]) {
    expect(parseDuration(formatDuration(amount))).toBe(amount);
    expect(parseSize(formatSize(amount))).toBe(amount);
  }
  expect([formatDuration(0), formatDuration(90), formatDuration(120)]).toEqual([
    "0 s",
    "90 s",
    "2 min",
  ]);
});

test.each(["15 2 * * *", "*/10 * * * *", "0 0 29 2 *", "5,35 1-5 * * 1-5"])("cron %j", (line) =>
  expect(cronProblem(line)).toBeUndefined(),
);

test.each([
  "",
  "15 2 * *",
  "0 15 2 * * *",
  "60 2 * * *",
  "15 24 * * *",
  "15 2 0 * *",
  "0 0 30 2 *",
  "15 2 * * mon",
  "15 2 L * *",
  "@daily",
  "a b c d e",
])("no cron line: %j", (line) => expect(cronProblem(line)).toBeTypeOf("string"));

test.each([
  ["2026-11-23", true],
  ["2024-02-29", true],
  ["2026-02-29", false],
  ["2026-13-01", false],
  ["26-1-1", false],
])("day %j: %j", (text, is) => expect(isCalendarDay(text)).toBe(is));

test.each([
  ["10.0.0.1", 167_772_161],
  ["255.255.255.255", 4_294_967_295],
  ["10.0.0", undefined],
  ["10.0.0.256", undefined],
  ["010.0.0.1", undefined],
])("IPv4 %j", (text, bits) => expect(parseIpv4(text)).toBe(bits));

test.each([
  ["databse", ["database", "backup"], "database"],
  ["memroy", ["memory", "members"], "memory"],
  ["Replicas", ["replicas"], "replicas"],
  ["colour", ["database", "ports"], undefined],
  ["x", ["a", "b"], undefined],
])("nearest to %j", (word, known, found) => expect(nearest(word, known)).toBe(found));

test("keys are written as Pulumi reads them", () => {
  expect(keyOf(["ports", "pooler", 1])).toBe("ports.pooler[1]");
  expect(keyOf(["database", "parameters", "a.b"])).toBe('database.parameters["a.b"]');
});

describe("pg_hba.conf lines", () => {
  test.each([
    "local all all md5",
    "local all all peer map=m",
    "host shop analyst 10.0.0.0/8 scram-sha-256",
    "host shop analyst 10.0.0.0 255.0.0.0 md5",
    "host all all ::/0 scram-sha-256",
    "hostssl shop analyst all cert",
    "host shop analyst .example.com md5",
    'host "my shop" "Analyst" samehost md5',
  ])("right: %s", (line) => expect(hbaProblem(line)).toBeUndefined());

  test.each([
    ["host all all 0.0.0.0/0 trust", /superuser/],
    ["local all all trust", /database\.trustLocal/],
    ["host all all all reject", /own roles/],
    ["host all +admins all ldap", /own roles/],
    ["host all replication all reject", /own roles/],
    ["host a b all password", /clear text/],
    ["host a b md5", /no address/],
    ["host a b 10.0.0.1 md5", /write 10\.0\.0\.1\/32/],
    ["host a b 10.0.0.0/33 md5", /no network/],
    ["host a b ::1 md5", /no network/],
    ["host a b 10.0.0.0/8", /incomplete/],
    ["host a", /incomplete/],
    ["host a b 10.0.0.0/8 scram", /no method/],
    ["host a b 10.0.0.0/8 peer", /local lines only/],
    ["host a b 10.0.0.0/8 cert", /hostssl lines only/],
    ["local a b md5 please", /no option/],
    ["include other.conf", /begins with/],
    ["# a comment", /begins with/],
    ["", /begins with/],
    ["local all all md5\nhost all all all trust", /one line/],
  ])("wrong: %j", (line, why) => expect(hbaProblem(line)).toMatch(why));
});
