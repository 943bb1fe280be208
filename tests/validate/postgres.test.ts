import { beforeAll, describe, expect, test } from "vitest";
import { inImage } from "./images.ts";
import { bothRendered, devRendered, type Rendered, spoil } from "./rendered.ts";

let both: [string, Rendered][];
let dev: Rendered;

beforeAll(async () => {
  both = await bothRendered();
  dev = await devRendered();
});

const validate = (name: string, stdin: string) =>
  inImage("postgres", { command: ["holdfast-validate", name], stdin });

/** Name for the validator, name among the rendered files, and what it must refuse. */
const files: [string, string, [string, string | RegExp, string][]][] = [
  [
    "postgresql.conf",
    "postgres-postgresql.conf",
    [
      ["an unknown name", "wal_level =", "wal_levels ="],
      ["a value out of range", /max_wal_senders = \S+/, "max_wal_senders = -4"],
      ["a word for a number", /wal_keep_size = \S+/, "wal_keep_size = 'much'"],
      ["a library that is not there", "'pg_stat_statements'", "'pg_stat_nothing'"],
    ],
  ],
  [
    "pg_hba.conf",
    "postgres-pg_hba.conf",
    [
      ["an unknown method", /scram-sha-256$/m, "scram-sha-257"],
      ["an unknown type", /^host /m, "hots "],
      ["a rule without a method", /^(local +all +\S+).*/m, "$1"],
    ],
  ],
  [
    "dynamic.yml",
    "postgres-dynamic.yml",
    [
      ["what is no YAML", /^ttl: /m, "ttl: [ "],
      ["a missing timer", /^loop_wait: .*\n/m, ""],
    ],
  ],
  [
    "patroni.yml",
    "postgres-2:/etc/holdfast/patroni.yml",
    [
      ["a port that is none", /listen: 0\.0\.0\.0:\d+/, "listen: 0.0.0.0:none"],
      ["a missing name", /^name: .*\n/m, ""],
      ["programs that are not there", /bin_dir: .*/, "bin_dir: /nowhere"],
    ],
  ],
];

describe.each(files)("%s", (name, rendered, faults) => {
  test("is taken", async () => {
    for (const [what, { text }] of both) {
      const { code, output } = await validate(name, text(rendered));
      expect(output, what).toBe(`${name} is fine\n`);
      expect(code, what).toBe(0);
    }
  });

  test.each(faults)("%s is refused", async (_, part, by) => {
    const { code, output } = await validate(name, spoil(dev.text(rendered), part, by));
    expect(output).toContain(name.split(".")[0]);
    expect(code).toBe(1);
  });
});

/** A fresh cluster, and then PostgreSQL itself on the file that comes on standard input. */
const IN_FRESH_CLUSTER = [
  "initdb --pgdata=/tmp/db --auth=trust --no-sync >/dev/null",
  'cat > "/tmp/db/$1"; shift',
  '"$@"',
].join("\n");

const inFreshCluster = (file: string, stdin: string, ...command: string[]) =>
  inImage("postgres", {
    command: ["sh", "-euc", IN_FRESH_CLUSTER, "sh", file, ...command],
    stdin,
    docker: ["--tmpfs", "/tmp:rw,mode=1777"],
  });

test("postgres -C reads the values that were asked for", async () => {
  const names = ["wal_level", "max_wal_senders", "wal_keep_size", "listen_addresses"];
  const script = names.map((name) => `postgres -D /tmp/db -C ${name}`).join("; ");
  for (const [what, { text }] of both) {
    const conf = text("postgres-postgresql.conf");
    const { output } = await inFreshCluster("postgresql.conf", conf, "sh", "-euc", script);
    const [level, senders, keepMiB, listen] = output.trim().split("\n");
    expect(level, what).toBe("replica");
    expect(Number(senders), what).toBeGreaterThanOrEqual(10);
    expect(Number(keepMiB), what).toBeGreaterThanOrEqual(64);
    expect(listen, what).toBe("*");
  }
});

describe("PostgreSQL on pg_hba.conf", () => {
  const query =
    "select 'rules=' || count(*) || ' faults=' || count(error) as verdict from pg_hba_file_rules";
  const verdict = async (text: string) => {
    const command = `echo "${query}" | postgres --single -D /tmp/db postgres`;
    const { output } = await inFreshCluster("pg_hba.conf", text, "sh", "-euc", command);
    return /verdict = "([^"]*)"/.exec(output)?.[1] ?? output;
  };
  const rulesIn = (text: string) => text.match(/^(local|host)/gm)?.length;

  test("reads every rule", async () => {
    for (const [what, { text }] of both) {
      const hba = text("postgres-pg_hba.conf");
      expect(await verdict(hba), what).toBe(`rules=${rulesIn(hba)} faults=0`);
    }
  });

  test("says when one is at fault", async () => {
    const { text } = dev;
    const spoilt = spoil(text("postgres-pg_hba.conf"), /scram-sha-256$/m, "scram");
    expect(await verdict(spoilt)).toMatch(/ faults=1$/);
  });
});
