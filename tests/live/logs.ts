/**
 * What is promised of logs, on a running environment: steps for a live test. They leave the shop as
 * they found it.
 */
import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { eventually, type LiveStack, must } from "./stack.ts";

/** What a step needs to know of the environment once it is up. */
export interface LogOutputs {
  readonly appUrl: string;
  readonly lokiUrl: string;
  readonly prometheusUrl: string;
}

/** Seconds until a line is found: the collector's second, Docker's, and a machine that is busy. */
const ARRIVAL_SECONDS = 30;
/** How long a statement is held up, in seconds; PostgreSQL logs those of one second and more. */
const SLOW_SECONDS = 3;
/** Loki's own limit of lines in one answer. */
const PAGE = 5000;

/** One line, with the labels and fields it is filed under. */
interface Line {
  readonly fields: Readonly<Record<string, string>>;
  readonly nanoseconds: string;
  readonly text: string;
}

/**
 * Registers the steps.
 *
 * @param outputs asked when a step runs
 */
export function logSteps(stack: LiveStack, outputs: () => LogOutputs): void {
  const everything = () => `{stack="${stack.name}"}`;

  it("logs: every container's lines are there, by stack, site, component and instance", async () => {
    const spoken = ["postgres-1", "etcd-1", "pooler-1", "app-1", "edge", "backup", "prometheus"];
    for (const instance of spoken) {
      const query = `{stack="${stack.name}", site="a", instance="${instance}"}`;
      await found(`lines of ${instance}`, query, (lines) => lines.length > 0);
    }
    const series = await ask<{ data: Record<string, string>[] }>("series", {
      "match[]": everything(),
      start: ago(3600),
    });
    const labels = new Set(series.data.flatMap((one) => Object.keys(one)));
    for (const label of ["stack", "site", "component", "instance", "level"]) {
      expect([...labels]).toContain(label);
    }
    // Nothing that differs from request to request is a label.
    expect([...labels].filter((label) => /request|user|path|pid/.test(label))).toEqual([]);
  });

  it("logs: one id finds a request in the edge's, the application's and PostgreSQL's log", async () => {
    const id = `live-${randomBytes(6).toString("hex")}`;
    const leader = await stack.leader();
    const lock = `BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(${SLOW_SECONDS}); COMMIT;`;
    const held = stack.sql(leader, lock);
    await eventually("the table is locked", 10, async () => {
      const query = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted";
      return Number(await stack.sql(leader, `${query} AND relation = 'orders'::regclass`)) > 0;
    });
    const answer = await fetch(`${outputs().appUrl}/api/orders`, {
      method: "POST",
      body: JSON.stringify({ product: "storm-lantern", quantity: 1, customer: "Ada" }),
      headers: { "content-type": "application/json", "x-request-id": id },
    });
    await held;
    expect(answer.status).toBe(201);
    expect(answer.headers.get("x-request-id")).toBe(id);

    const query = `${everything()} | request_id="${id}"`;
    const lines = await found(`lines of ${id}`, query, (some) => {
      const components = new Set(some.map(({ fields }) => fields.component));
      return ["edge", "app", "postgres"].every((one) => components.has(one));
    });
    const of = (component: string) => lines.filter(({ fields }) => fields.component === component);
    const [request] = of("app").filter(({ text }) => text.includes('"message": "request"'));
    expect(request?.fields).toMatchObject({ status: "201", level: "info" });
    // The product is read before anything is written, which a replica may do.
    expect(request?.fields.alias?.split(",")).toContain("default");
    expect(Number(request?.fields.duration_ms)).toBeGreaterThan(1000);
    expect(request?.fields.view).toBeTruthy();
    const [slow] = of("postgres");
    expect(slow?.text).toMatch(/duration: \d+\.\d+ ms {2}statement: /);
    expect(slow?.fields.instance).toBe(leader);
    expect(of("edge")[0]?.fields.status).toBe("201");
  });

  it("logs: an error of the application has its traceback, its request, and is counted", async () => {
    const id = `live-${randomBytes(6).toString("hex")}`;
    const leader = await stack.leader();
    const counted = () =>
      metric('sum(holdfast_app_log_lines_total{level=~"error|critical"}) or vector(0)');
    const before = await counted();
    let status = 0;
    await stack.sql(leader, "ALTER TABLE products RENAME TO products_hidden");
    try {
      await eventually("the shop fails", 20, async () => {
        status = (await fetch(outputs().appUrl, { headers: { "x-request-id": id } })).status;
        return status === 500;
      });
    } finally {
      await stack.sql(leader, "ALTER TABLE products_hidden RENAME TO products");
    }
    const query = `{stack="${stack.name}", component="app", level="error"} | request_id="${id}"`;
    const [error] = await found("the traceback", query, (lines) => lines.length > 0);
    expect(error?.text).toContain("Traceback (most recent call last)");
    expect(error?.text).toContain("ProgrammingError");
    await eventually(
      "the error is counted",
      ARRIVAL_SECONDS,
      async () => (await counted()) > before,
    );
    await eventually("the alert fires", 60, async () => {
      const firing =
        'count(ALERTS{alertname="ApplicationErrors", alertstate="firing"}) or vector(0)';
      return (await metric(firing)) > 0;
    });
    await eventually("the shop is well again", 20, async () => (await fetch(outputs().appUrl)).ok);
  });

  it("logs: without the collector the shop serves on, and what was written meanwhile arrives", async () => {
    const collector = stack.container("collector");
    const ids = Array.from({ length: 20 }, () => `live-${randomBytes(6).toString("hex")}`);
    await must("docker", ["stop", collector]);
    try {
      for (const id of ids) {
        const answer = await fetch(outputs().appUrl, { headers: { "x-request-id": id } });
        expect(answer.status).toBe(200);
      }
    } finally {
      await must("docker", ["start", collector]);
    }
    const query = `{stack="${stack.name}", component="app"} | request_id=~"${ids.join("|")}"`;
    const lines = await found("the missed lines", query, (some) => some.length >= ids.length);
    // Each once: the collector knows how far it had read.
    expect(lines.map(({ fields }) => fields.request_id).sort()).toEqual([...ids].sort());
  });

  it("logs: without Loki the shop serves on, and what was written meanwhile arrives", async () => {
    const loki = stack.container("loki");
    const id = `live-${randomBytes(6).toString("hex")}`;
    await must("docker", ["stop", loki]);
    try {
      const answer = await fetch(outputs().appUrl, { headers: { "x-request-id": id } });
      expect(answer.status).toBe(200);
    } finally {
      await must("docker", ["start", loki]);
    }
    const query = `{stack="${stack.name}", component="app"} | request_id="${id}"`;
    await found("the missed line", query, (lines) => lines.length === 1, 90);
  });

  it("logs: the containers' figures are there, each under its own name", async () => {
    // Those that run: instances that traffic does not need are stopped, and use nothing.
    const filters = [`label=holdfast.stack=${stack.name}`, "label=holdfast.component"];
    const running = await must("docker", [
      ...["ps", "--format", "{{.Names}}"],
      ...filters.flatMap((filter) => ["--filter", filter]),
    ]);
    const names = running
      .split("\n")
      .filter(Boolean)
      .map((name) => name.replace(stack.container(""), ""));
    expect(names.length).toBeGreaterThan(20);
    await eventually("figures of every container that runs", 60, async () => {
      const asked = await vector("container_memory_usage_total_bytes");
      const seen = new Set(asked.map(({ instance }) => instance));
      return names.every((name) => seen.has(name));
    });
    for (const name of ["container_cpu_usage_nanoseconds_total", "container_restarts_total"]) {
      const series = await vector(name);
      expect(new Set(series.map(({ stack: of }) => of))).toEqual(new Set([stack.name]));
    }
  });

  it("logs: no secret of this stack is in Loki", async () => {
    const { stdout } = await stack.pulumi("pulumi stack export --show-secrets");
    const secrets = [...passwordsIn(JSON.parse(stdout)), ...keysIn(stdout)];
    expect(keysIn(stdout).length).toBeGreaterThan(0);
    expect(secrets.length).toBeGreaterThan(10);
    let read = 0;
    for (let end = now(); ; ) {
      const page = await lines(everything(), { end, limit: String(PAGE) });
      read += page.length;
      const whole = JSON.stringify(page);
      for (const secret of secrets) {
        // Not the text itself: a failed test's words are printed.
        expect(whole.includes(secret)).toBe(false);
      }
      const oldest = page.at(-1)?.nanoseconds;
      if (oldest === undefined || page.length < PAGE) break;
      end = oldest; // exclusive
    }
    expect(read).toBeGreaterThan(100);
  });

  async function found(
    what: string,
    query: string,
    enough: (lines: Line[]) => boolean,
    seconds = ARRIVAL_SECONDS,
  ): Promise<Line[]> {
    let last: Line[] = [];
    await eventually(what, seconds, async () => {
      last = await lines(query, {}).catch(() => []); // Loki may be starting
      return enough(last);
    });
    return last;
  }

  /** The lines of the last hours that a query finds, the newest first. */
  async function lines(query: string, parameters: Record<string, string>): Promise<Line[]> {
    interface Stream {
      stream: Record<string, string>;
      values: [string, string][];
    }
    const { data } = await ask<{ data: { result: Stream[] } }>("query_range", {
      query,
      start: ago(6 * 3600),
      limit: "1000",
      direction: "backward",
      ...parameters,
    });
    return data.result
      .flatMap(({ stream: fields, values }) =>
        values.map(([nanoseconds, text]) => ({ fields, nanoseconds, text })),
      )
      .sort((a, b) => (BigInt(a.nanoseconds) < BigInt(b.nanoseconds) ? 1 : -1));
  }

  async function ask<T>(path: string, parameters: Record<string, string>): Promise<T> {
    const search = new URLSearchParams(parameters);
    const answer = await fetch(`${outputs().lokiUrl}/loki/api/v1/${path}?${search}`);
    if (!answer.ok) throw new Error(`Loki: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async function vector(query: string): Promise<Record<string, string>[]> {
    return (await prometheus(query)).map(({ metric: labels }) => labels);
  }

  async function metric(query: string): Promise<number> {
    return Number((await prometheus(query))[0]?.value[1] ?? Number.NaN);
  }

  async function prometheus(query: string) {
    const search = new URLSearchParams({ query });
    const answer = await fetch(`${outputs().prometheusUrl}/api/v1/query?${search}`);
    interface Sample {
      metric: Record<string, string>;
      value: [number, string];
    }
    return ((await answer.json()) as { data: { result: Sample[] } }).data.result;
  }
}

/** A line of each private key, as the state has it: JSON in JSON. */
function keysIn(state: string): string[] {
  const begun = /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\\+n)([A-Za-z0-9+/=]{40,76})/g;
  return [...state.matchAll(begun)].map(([, line = ""]) => line);
}

/** Every generated password, those of the backups and the S3 server among them. */
function passwordsIn(state: unknown): string[] {
  interface Resource {
    type: string;
    outputs?: { result?: { plaintext?: string } };
  }
  const { resources } = (state as { deployment: { resources: Resource[] } }).deployment;
  return resources
    .filter(({ type }) => type === "random:index/randomPassword:RandomPassword")
    .map(({ outputs: out }) => JSON.parse(out?.result?.plaintext ?? '""') as string)
    .filter((secret) => secret !== "");
}

/** Loki's notation: nanoseconds since 1970. */
function ago(seconds: number): string {
  return `${Math.floor(Date.now() / 1000 - seconds)}000000000`;
}

function now(): string {
  return ago(-1);
}
