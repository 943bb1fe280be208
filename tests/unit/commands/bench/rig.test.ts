import { describe, expect, test } from "vitest";
import { runArguments } from "../../../../commands/bench/containers.ts";
import {
  dropStatements,
  newPassword,
  prepareStatements,
  replayedStatement,
  scramVerifier,
} from "../../../../commands/bench/database.ts";
import { parseAnswer, pgbenchArguments } from "../../../../commands/bench/pgbench.ts";
import { isBack, isTaken, modeOf } from "../../../../commands/bench/replication.ts";
import { leadsOf, poolerFiles, targetsOf } from "../../../../commands/bench/routes.ts";
import { parseSettings } from "../../../../settings.ts";
import { renderPgbouncerIni } from "../../../../templates/pgbouncer.ini.ts";

const config = { sites: { a: { host: "h1", subnet: "10.80.1.0/24" } } };
const settings = parseSettings({ stack: "lab", project: "holdfast", config });
const beside = { settings, site: "a", stackId: "0123" };

describe("containers", () => {
  const args = (kind: "load" | "bare" | "pooler") =>
    runArguments(kind, beside, "ab12", `holdfast/${kind}:1`, 900);

  test.each(["load", "bare", "pooler"] as const)(
    "%s is the stack's and none of its services",
    (kind) => {
      const labels = args(kind).filter((_, index) => args(kind)[index - 1] === "--label");
      expect(labels).toEqual(["holdfast.id=0123", "holdfast.stack=lab", "holdfast.bench=ab12"]);
      expect(args(kind)).toEqual(
        expect.arrayContaining(["--rm", "--cap-drop=ALL", "holdfast-lab-a-network"]),
      );
      // It ends by itself.
      expect(args(kind).slice(-4)).toEqual(
        ["--entrypoint", "sleep", `holdfast/${kind}:1`, "900"].slice(-4),
      );
      expect(args(kind).join(" ")).not.toMatch(/password|--env|-e /i);
    },
  );

  test("the bare server has a member's limits, the stack's files and a volume of its own", () => {
    expect(args("bare")).toEqual(
      expect.arrayContaining([
        `--memory=${settings.database.memoryMiB}m`,
        "holdfast-lab-a-postgres-config:/etc/holdfast/live:ro",
        "/var/lib/postgresql",
        "--shm-size=256m",
      ]),
    );
  });
});

describe("routes", () => {
  test("every path leads to an address", () => {
    const targets = targetsOf(settings, "a", 2, 2, { bare: "10.80.1.130", pooler: "10.80.1.131" });
    expect(Object.fromEntries(targets)).toEqual({
      bare: { host: "10.80.1.130", port: 5432, database: "shop" },
      direct: { host: "10.80.1.12", port: 5432, database: "shop" },
      router: { host: "10.80.1.61", port: 5000, database: "shop" },
      pooler: { host: "10.80.1.81", port: 6432, database: "shop" },
      "pooler+router": { host: "10.80.1.131", port: 6432, database: "router" },
      "pool-ro": { host: "10.80.1.81", port: 6432, database: "shop_ro" },
      "replicas-1": { host: "10.80.1.131", port: 6432, database: "replicas-1" },
      "replicas-2": { host: "10.80.1.131", port: 6432, database: "replicas-2" },
    });
  });

  test("the PgBouncer of the bench has the stack's own settings, and other places to lead to", () => {
    const files = poolerFiles(settings, leadsOf("10.80.1.0/24", [1, 3]), "secret");
    expect(files["databases.ini"]).toBe(
      [
        "[databases]",
        "router = host=10.80.1.61 port=5000 dbname='shop'",
        "replicas-1 = host=10.80.1.11 port=5432 dbname='shop'",
        "replicas-2 = host=10.80.1.11,10.80.1.13 port=5432 dbname='shop'\n",
      ].join("\n"),
    );
    expect(files["userlist.txt"]).toBe('"holdfast_bench" "secret"\n');
    expect(files["pgbouncer.ini"]).toBe(
      renderPgbouncerIni({
        database: "shop",
        poolSize: settings.pooler.poolSize,
        maxClients: settings.pooler.maxClients,
        queryWaitTimeoutSeconds: settings.timings.queryWaitTimeoutSeconds,
      }),
    );
  });
});

describe("the role", () => {
  test("RFC 7677's example has PostgreSQL's verifier", () => {
    const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
    expect(scramVerifier("pencil", salt)).toBe(
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    );
  });

  test("no statement has the password in it", () => {
    const password = newPassword();
    expect(password).toMatch(/^[0-9a-f]{36}$/);
    expect(newPassword()).not.toBe(password);
    const text = prepareStatements("shop", scramVerifier(password, Buffer.alloc(16)));
    expect(text).not.toContain(password);
  });

  test("what is made is dropped, quoted as the database is called", () => {
    const made = prepareStatements('a"b', "SCRAM-SHA-256$x");
    expect(made).toContain('GRANT CONNECT ON DATABASE "a""b" TO holdfast_bench');
    expect(dropStatements('a"b')).toMatch(/DROP SCHEMA IF EXISTS holdfast_bench CASCADE/);
    expect(dropStatements('a"b')).toMatch(
      /REVOKE ALL ON DATABASE "a""b"[\s\S]*DROP ROLE holdfast_bench/,
    );
  });
});

test("replicas are waited for up to a position that others write beyond", () => {
  expect(replayedStatement("0/3000148")).toContain("replay_lsn >= '0/3000148'");
});

describe("pgbench", () => {
  const target = { host: "10.80.1.12", port: 5432, database: "shop" };

  test("its arguments", () => {
    const args = pgbenchArguments(target, "writes", { clients: 8, seconds: 10 });
    expect(args.join(" ")).toBe(
      "--host 10.80.1.12 --port 5432 --username holdfast_bench --no-vacuum --client 8 --jobs 2 --time 10 --builtin tpcb-like --sampling-rate=1 shop",
    );
    const reads = pgbenchArguments(target, "reads", { clients: 1, seconds: 10 });
    expect(reads.join(" ")).toContain(
      "--client 1 --jobs 1 --time 10 --builtin select-only --sampling-rate=0.1",
    );
  });

  test("its answer, and that of one that failed", () => {
    const measured = { tps: 1, transactions: 10, p50Ms: 1, p95Ms: 2, p99Ms: 3 };
    const answer = { seconds: 10, code: 0, output: `${JSON.stringify(measured)}\n` };
    expect(parseAnswer(JSON.stringify(answer))).toEqual(measured);
    expect(parseAnswer(JSON.stringify({ ...answer, code: 1 }))).toBeUndefined();
    expect(parseAnswer("")).toBeUndefined();
    expect(parseAnswer(JSON.stringify({ ...answer, output: "no figure" }))).toBeUndefined();
  });
});

describe("replication", () => {
  test("a mode counts when the leader says so", () => {
    expect(isTaken("t|2\n", "quorum")).toBe(true);
    expect(isTaken("t|0\n", "quorum")).toBe(false);
    expect(isTaken("f|0\n", "quorum")).toBe(false);
    expect(isTaken("f|0\n", "asynchronous")).toBe(true);
    expect(isTaken("t|2\n", "asynchronous")).toBe(false);
    expect(isTaken("", "asynchronous")).toBe(false);
  });

  test("it is back only when its keeper says so", () => {
    expect(isBack({ code: 0, stdout: '"quorum"\nok\nback\n' })).toBe(true);
    expect(isBack({ code: 1, stdout: '"quorum"\nback\n' })).toBe(false);
    expect(isBack({ code: 0, stdout: '"quorum"\nok\n' })).toBe(false);
    expect(isBack({ code: 124, stdout: "" })).toBe(false);
  });

  test("a cluster that somebody else has switched is refused", () => {
    expect(modeOf('"quorum"')).toBe("quorum");
    expect(() => modeOf("false")).toThrow(/synchronous_mode is false/);
  });
});
