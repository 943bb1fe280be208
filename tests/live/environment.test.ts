/**
 * A real environment from nothing to nothing: one `up`, what it promises, changes, faults of `up`
 * itself, `down`. The steps build on each other and run in order.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { expressionSteps } from "./expressions.ts";
import { logSteps } from "./logs.ts";
import { eventually, inside, LiveStack, must, run, runInSteps, sleep } from "./stack.ts";
import { statusSteps } from "./status.ts";

const stack = new LiveStack();
let outputs: Record<string, string> = {};
/** The URLs as the containers on the network use them. */
let databaseUrl = "";
let readUrl = "";

runInSteps(stack);

interface Backup {
  readonly repository: string;
  readonly kind: string;
  readonly provenAt: string | null;
  readonly recoverableTo: string | null;
}

describe("an environment", () => {
  it("comes up and prints its endpoints", async () => {
    const text = await stack.holdfast("up");
    expect(text).toMatch(/appUrl +http:\/\/127\.0\.0\.1:\d+/);
    expect(text).toMatch(/databaseUrl +\[secret\]/);
    outputs = await stack.json<Record<string, string>>("outputs", "--show-secrets");
    databaseUrl = inside(outputs.databaseUrl ?? "");
    readUrl = inside(outputs.readReplicaUrl ?? "");
    expect(outputs.databaseUrl).toMatch(/@127\.0\.0\.1:\d+,127\.0\.0\.1:\d+\/shop\?/);
  });

  it("has one leader and two replicas in sync", async () => {
    const members = await stack.members();
    expect(members.filter(({ role }) => role === "leader")).toHaveLength(1);
    const replicas = members.filter(({ role }) => role !== "leader");
    expect(replicas.map(({ state }) => state)).toEqual(["streaming", "streaming"]);
    expect(replicas.every(({ role }) => /(quorum|sync)_standby/.test(role))).toBe(true);
    expect(new Set(members.map(({ timeline }) => timeline)).size).toBe(1);
  });

  it("has the rendered postgresql.conf and pg_hba.conf in force", async () => {
    const leader = await stack.leader();
    const show = (name: string) => stack.sql(leader, `SHOW ${name};`);
    expect(await show("wal_level")).toBe("replica");
    expect(Number(await show("max_wal_senders"))).toBeGreaterThanOrEqual(10);
    const kept = "SELECT setting::int FROM pg_settings WHERE name = 'wal_keep_size'";
    expect(Number(await stack.sql(leader, kept))).toBeGreaterThanOrEqual(64);
    expect(await show("listen_addresses")).toBe("*");
    expect(await show("data_checksums")).toBe("on");
    expect(await show("password_encryption")).toBe("scram-sha-256");
    const rules = await stack.sql(
      leader,
      "SELECT type, database, user_name, address, auth_method, error FROM pg_hba_file_rules",
    );
    expect(rules).toContain("host|{all}|{all}|0.0.0.0|scram-sha-256|");
    expect(rules).toContain("host|{all}|{all}|::|scram-sha-256|");
    expect(rules).toMatch(/host\|\{replication\}\|\{replication\}\|10\.[\d.]+\|scram-sha-256\|/);
    expect(rules.split("\n").every((rule) => rule.endsWith("|"))).toBe(true);
  });

  it("sends writes to the leader and reads to a replica", async () => {
    const created = await stack.sqlBy(
      databaseUrl,
      "CREATE TABLE live_writes (id bigserial PRIMARY KEY, at timestamptz DEFAULT now()); " +
        "INSERT INTO live_writes DEFAULT VALUES; SELECT pg_is_in_recovery();",
    );
    expect(created.stdout.trim().split("\n").at(-1)).toBe("f");
    const read = await stack.sqlBy(readUrl, "SELECT pg_is_in_recovery();");
    expect(read.stdout.trim()).toBe("t");
    await eventually("the row is on every member", 10, async () => {
      const counts = await Promise.all(
        ["postgres-1", "postgres-2", "postgres-3"].map((member) =>
          stack.sql(member, "SELECT count(*) FROM live_writes"),
        ),
      );
      return counts.every((count) => count === "1");
    });
    const refused = await stack.sqlBy(readUrl, "INSERT INTO live_writes DEFAULT VALUES;");
    expect(refused.stderr).toContain("read-only transaction");
  });

  it("closes its control plane to the application", async () => {
    const python = (code: string) =>
      run("docker", ["exec", "-i", stack.container("app-1"), "python3", "-"], { input: code });
    const status = (url: string, body: string, method = "POST") =>
      python(
        "import urllib.request, urllib.error\n" +
          `r = urllib.request.Request("${url}", ${JSON.stringify(body)}.encode(), method="${method}")\n` +
          "try: print(urllib.request.urlopen(r, timeout=5).status)\n" +
          "except urllib.error.HTTPError as e: print(e.code)\n",
      );
    const patroni = "http://postgres-1:8008";
    expect((await status(`${patroni}/config`, '{"ttl": 30}', "PATCH")).stdout.trim()).toBe("401");
    expect((await status(`${patroni}/switchover`, "{}")).stdout.trim()).toBe("401");
    const etcd = "http://etcd-1:2379/v3/kv/put";
    expect((await status(etcd, '{"key": "YQ==", "value": "YQ=="}')).stdout.trim()).toMatch(/4\d\d/);
    expect((await status("http://pooler-1:8009/pause", "{}")).stdout.trim()).toBe("401");
    const admin = await stack.sqlBy(databaseUrl.replace("/shop?", "/pgbouncer?"), "SHOW POOLS;");
    expect(admin.code).not.toBe(0);
  });

  it("serves the shop: an order by the page and one by the API", async () => {
    const home = await fetch(`${outputs.appUrl}/`);
    const page = await home.text();
    expect(home.status).toBe(200);
    expect(page).toContain("Enamel mug");
    const value = (name: string) =>
      new RegExp(`name="${name}" value="([^"]*)"`).exec(page)?.[1] ?? "";
    const form = new URLSearchParams({
      csrfmiddlewaretoken: value("csrfmiddlewaretoken"),
      key: value("key"),
      name: "Grace Hopper",
      "quantity-1": "2",
    });
    const cookies = home.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
    const placed = await fetch(`${outputs.appUrl}/`, {
      method: "POST",
      body: form,
      redirect: "manual",
      headers: { cookie: cookies.join("; "), referer: `${outputs.appUrl}/` },
    });
    expect([302, 303]).toContain(placed.status);
    const order = await fetch(new URL(placed.headers.get("location") ?? "", outputs.appUrl), {
      headers: { cookie: [...cookies, ...sessionOf(placed)].join("; ") },
    });
    expect(await order.text()).toContain("Enamel mug");

    const answer = await fetch(`${outputs.appUrl}/api/orders`, {
      method: "POST",
      body: JSON.stringify({ product: "storm-lantern", quantity: 1, customer: "Ada" }),
      headers: { "content-type": "application/json" },
    });
    expect(answer.status).toBe(201);
    const { id } = (await answer.json()) as { id: number };
    await eventually("the order is on leader and replicas", 10, async () => {
      const rows = await Promise.all(
        ["postgres-1", "postgres-2", "postgres-3"].map((member) =>
          stack.sql(member, `SELECT total_cents FROM orders WHERE id = ${id}`),
        ),
      );
      return rows.every((cents) => cents === "4900");
    });
  });

  it("answers health at the edge and keeps metrics inside", async () => {
    const health = await fetch(`${outputs.appUrl}/healthz`);
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({
      status: "ok",
      database: { default: { role: "leader" }, replica: { role: "replica" } },
    });
    expect((await fetch(`${outputs.appUrl}/metrics`)).status).toBe(404);
  });

  it("goes on without an instance", async () => {
    await must("docker", ["stop", stack.container("app-1")]);
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => (await fetch(`${outputs.appUrl}/`)).status),
    );
    await must("docker", ["start", stack.container("app-1")]);
    expect(new Set(answers)).toEqual(new Set([200]));
  });

  it("scrapes every part and evaluates every rule", async () => {
    const ask = async <T>(path: string) =>
      ((await (await fetch(`${outputs.prometheusUrl}/api/v1/${path}`)).json()) as { data: T }).data;
    interface Targets {
      activeTargets: { health: string; labels: { job: string } }[];
    }
    let jobs: string[] = [];
    await eventually("all targets are up", 60, async () => {
      const { activeTargets } = await ask<Targets>("targets");
      jobs = activeTargets.map(({ labels }) => labels.job);
      return activeTargets.every(({ health }) => health === "up");
    });
    expect(new Set(jobs)).toEqual(
      new Set(
        "patroni postgres etcd router edge pooler app autoscaler backup guard status prometheus alertmanager postgres-exporter node loki collector containers".split(
          " ",
        ),
      ),
    );
    const rules = await ask<{ groups: { rules: { health: string }[] }[] }>("rules");
    const health = rules.groups.flatMap((group) => group.rules.map((rule) => rule.health));
    expect(health.length).toBeGreaterThan(10);
    expect(health.filter((state) => state === "err")).toEqual([]);
    const alerts = (await (
      await fetch(`${outputs.alertmanagerUrl}/api/v2/alerts`)
    ).json()) as unknown as { labels: { alertname: string } }[];
    expect(alerts.map(({ labels }) => labels.alertname)).toContain("Watchdog");
  });

  expressionSteps(() => ({
    appUrl: outputs.appUrl ?? "",
    prometheusUrl: outputs.prometheusUrl ?? "",
    stack: stack.name,
    site: "a",
  }));

  statusSteps(
    () => outputs.statusUrl ?? "",
    () => outputs.alertmanagerUrl ?? "",
  );

  it("archives WAL into both repositories and takes backups whose sums hold", async () => {
    const full = (rows: readonly Backup[]) => rows.filter(({ kind }) => kind === "full");
    await eventually("a first full backup in each repository", 180, async () => {
      const found = full(await stack.json<Backup[]>("backups"));
      return new Set(found.map(({ repository }) => repository)).size === 2;
    });
    await stack.holdfast("backup", "--now", "logical");
    const list = await stack.json<Backup[]>("backups");
    const kinds = new Set(list.map(({ repository, kind }) => `${repository} ${kind}`));
    expect(kinds).toEqual(new Set(["local full", "cloud full", "local logical", "cloud logical"]));
    await stack.holdfast("backups", "--verify");
    await stack.sql(await stack.leader(), "INSERT INTO live_writes DEFAULT VALUES");
    const written = Date.now();
    await eventually("what was written can be recovered from both", 90, async () => {
      const rows = full(await stack.json<Backup[]>("backups"));
      return rows.every(({ recoverableTo }) => Date.parse(recoverableTo ?? "") >= written);
    });
  });

  it("proves a restore from each repository, of each kind", async () => {
    for (const repository of ["local", "cloud"]) {
      for (const kind of ["physical", "logical"]) {
        await stack.holdfast("drill", "restore", "--repository", repository, "--kind", kind);
      }
    }
    const rows = await stack.json<Backup[]>("backups");
    expect(rows.filter(({ provenAt }) => provenAt === null)).toEqual([]);
  });

  it("brings a table back beside the live one", async () => {
    const leader = await stack.leader();
    await stack.holdfast("restore", "--table", "orders", "--kind", "logical");
    const schema = await stack.sql(
      leader,
      "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'restored%'",
    );
    const count = (table: string) => stack.sql(leader, `SELECT count(*) FROM ${table}`);
    expect(await count(`${schema}.orders`)).toBe(await count("public.orders"));
    await stack.sql(leader, `DROP SCHEMA ${schema} CASCADE`);
  });

  it("refuses to restore over a leader that works, and does it when told so, to a moment", async () => {
    const refusal = await stack.try("restore", "--to", "latest");
    expect(refusal.code).not.toBe(0);
    expect(refusal.stderr).toContain("--overwrite");
    const insert = async () => {
      const id = await stack.sql(
        await stack.leader(),
        "INSERT INTO live_writes DEFAULT VALUES RETURNING id",
      );
      return id.split("\n")[0] ?? "";
    };
    const kept = await insert();
    await sleep(1500);
    const moment = new Date();
    await sleep(1500);
    const undone = await insert();
    await eventually("the moment can be recovered from the cloud", 90, async () => {
      const rows = await stack.json<Backup[]>("backups");
      const cloud = rows.filter(({ repository }) => repository === "cloud");
      return cloud.some(({ recoverableTo }) => Date.parse(recoverableTo ?? "") > moment.getTime());
    });
    await stack.holdfast(
      "restore",
      ...["--to", moment.toISOString(), "--repository", "cloud", "--overwrite"],
    );
    const ids = await stack.sql(await stack.leader(), "SELECT id FROM live_writes");
    expect(ids.split("\n")).toContain(kept);
    expect(ids.split("\n")).not.toContain(undone);
    const roles = (await stack.members()).map(({ role }) => role);
    expect(roles.filter((role) => /(quorum|sync)_standby/.test(role))).toHaveLength(2);
  });

  it("shows no secret in inspect, logs, processes or state", async () => {
    const { stdout } = await stack.pulumi("pulumi stack export --show-secrets");
    interface Resource {
      type: string;
      outputs?: { result?: { plaintext?: string } };
    }
    const { resources } = (JSON.parse(stdout) as { deployment: { resources: Resource[] } })
      .deployment;
    const passwords = resources
      .filter(({ type }) => type === "random:index/randomPassword:RandomPassword")
      .map(({ outputs: out }) => JSON.parse(out?.result?.plaintext ?? '""') as string);
    expect(passwords.length).toBeGreaterThan(10);
    expect(passwords.every((password) => password.length >= 32)).toBe(true);
    const names = Object.keys(await stack.containers()).map((alias) => stack.container(alias));
    const texts = await Promise.all([
      must("docker", ["inspect", ...names]),
      must("grep", ["-rh", "", join(stack.folder, ".holdfast", "state")]),
      ...names.flatMap((name) => [
        run("docker", ["logs", name]).then((logs) => logs.stdout + logs.stderr),
        // Instances that traffic does not need are stopped: they have no processes.
        run("docker", ["top", name, "-eo", "pid,args"]).then(({ stdout: args }) => args),
      ]),
    ]);
    for (const password of passwords) {
      expect(texts.filter((text) => text.includes(password))).toEqual([]);
    }
  });

  logSteps(stack, () => ({
    appUrl: outputs.appUrl ?? "",
    lokiUrl: outputs.lokiUrl ?? "",
    prometheusUrl: outputs.prometheusUrl ?? "",
  }));

  it("has nothing to do at a second up, also after a refresh by hand", async () => {
    await stack.holdfast("preview", "--expect-no-changes");
    const refreshed = await stack.pulumi(
      "pulumi refresh --yes --non-interactive && pulumi preview --expect-no-changes --non-interactive",
    );
    expect(refreshed.code, refreshed.stdout + refreshed.stderr).toBe(0);
  });

  it("changes PostgreSQL's settings by reload or restart, and replaces nothing", async () => {
    await stack.pulumi("pulumi config set --path database.parameters.work_mem 9MB");
    const before = await stack.settled();
    const [written] = await Promise.all([stack.write(databaseUrl, 45), stack.holdfast("up")]);
    expect(await stack.sql(await stack.leader(), "SHOW work_mem")).toBe("9MB");
    await stack.pulumi("pulumi config set --path database.maxConnections 210");
    const [more] = await Promise.all([stack.write(databaseUrl, 60), stack.holdfast("up")]);
    for (const member of ["postgres-1", "postgres-2", "postgres-3"]) {
      expect(await stack.sql(member, "SHOW max_connections")).toBe("210");
    }
    expect(await stack.settled()).toEqual(before);
    expect(written).toBeGreaterThan(0);
    expect(more).toBeGreaterThan(0);
  });

  it("rolls a new etcd image under writes", async () => {
    const before = await stack.settled();
    appendFileSync(join(stack.folder, "images/etcd/Dockerfile"), "# a later version\n");
    const [written] = await Promise.all([stack.write(databaseUrl, 90), stack.holdfast("up")]);
    const after = await stack.settled();
    const changed = Object.keys(after).filter((alias) => after[alias] !== before[alias]);
    expect(changed.sort()).toEqual(["etcd-1", "etcd-2", "etcd-3"]);
    expect(written).toBeGreaterThan(0);
  });

  it("brings back members that somebody removed", async () => {
    const rows = await stack.sql(await stack.leader(), "SELECT count(*) FROM orders");
    const members = ["etcd-1", "etcd-2", "etcd-3", "postgres-1", "postgres-2", "postgres-3"];
    await must("docker", ["rm", "-f", ...members.map((alias) => stack.container(alias))]);
    await stack.holdfast("up", "--refresh");
    expect(await stack.sql(await stack.leader(), "SELECT count(*) FROM orders")).toBe(rows);
  });

  it("keeps its data over down, and finishes an up whose engine was killed", async () => {
    const rows = await stack.sql(await stack.leader(), "SELECT count(*) FROM orders");
    await stack.holdfast("down");
    expect(await stack.containers()).toEqual({});
    await stack.killEngineDuringUp(async () => "postgres-1" in (await stack.containers()));
    await stack.holdfast("up");
    expect(await stack.sql(await stack.leader(), "SELECT count(*) FROM orders")).toBe(rows);
    const again = await stack.json<Record<string, string>>("outputs", "--show-secrets");
    expect(again.databaseUrl).toBe(outputs.databaseUrl);
    expect((await fetch(`${outputs.appUrl}/`)).status).toBe(200);
  });

  it("leaves nothing behind after down --data", async () => {
    await stack.holdfast("down", "--data");
    expect(await stack.leftovers()).toEqual([]);
  });
});

function sessionOf(response: Response): string[] {
  return response.headers.getSetCookie().map((cookie) => cookie.split(";")[0] ?? "");
}
