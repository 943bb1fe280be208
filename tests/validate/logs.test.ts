/** Loki and the collector themselves: what they say to their files, and what becomes of a line. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parse, stringify } from "yaml";
import { CONTAINERS } from "../../templates/collector.yml.ts";
import { STACK_ID } from "../unit/tree/mocks.ts";
import { docker, imageFor, inImage, newName } from "./images.ts";
import { bothRendered, devRendered, extendedRendered, spoil } from "./rendered.ts";

const LIVE = "/etc/holdfast/live";

const verify = (text: string) =>
  inImage("loki", {
    command: ["loki", "-verify-config", `-config.file=${LIVE}/loki.yml`],
    files: { folder: LIVE, texts: { "loki.yml": text } },
  });
const validate = (text: string) =>
  inImage("collector", {
    command: ["otelcol-contrib", "validate", `--config=file:${LIVE}/collector.yml`],
    files: { folder: LIVE, texts: { "collector.yml": text } },
  });

describe("loki.yml", () => {
  test("Loki takes it", async () => {
    for (const [what, { text }] of await bothRendered()) {
      const { code, output } = await verify(text("loki.yml"));
      expect(output, what).not.toMatch(/error/i);
      expect(code, what).toBe(0);
    }
  });

  test.each([
    ["an unknown key", "retention_period", "retention_perjod"],
    ["a duration that is none", /retention_period: .*/, "retention_period: a week"],
  ])("it refuses %s", async (_, part, by) => {
    const { text } = await devRendered();
    expect((await verify(spoil(text("loki.yml"), part, by))).code).not.toBe(0);
  });
});

describe("collector.yml", () => {
  test("the collector takes it", async () => {
    for (const [what, { text }] of await bothRendered()) {
      const { code, output } = await validate(text("collector.yml"));
      expect(code, `${what}: ${output}`).toBe(0);
    }
  });

  test("it takes the example of a source of one's own", async () => {
    const { text } = await extendedRendered();
    const { code, output } = await validate(text("collector.yml"));
    expect(text("collector.yml")).toContain("file_log/queue");
    expect(code, output).toBe(0);
  });

  test.each([
    ["an operator that does not exist", "type: recombine", "type: combine"],
    ["an expression that is none", /expr: .*heartbeat.*|expr: body == ""/, "expr: body =="],
    ["a component that is not built in", "docker_stats:", "host_metrics:"],
  ])("it refuses %s", async (_, part, by) => {
    const { text } = await devRendered();
    expect((await validate(spoil(text("collector.yml"), part, by))).code).not.toBe(0);
  });
});

/** A container's file as Docker writes it. */
interface Written {
  readonly component: string;
  readonly instance?: string;
  readonly id?: string;
  /** A container that is not of a stack, with `--log-opt tag`. */
  readonly tag?: string;
  readonly lines: readonly string[];
}

interface Line {
  readonly fields: Readonly<Record<string, string>>;
  readonly text: string;
}

const STATEMENT =
  "2026-11-28 14:00:00.123 UTC [77] shop@shop shop-app-1 LOG:  duration: 1234.5 ms  statement: SELECT 1\n";
const WRITTEN: readonly Written[] = [
  {
    component: "app",
    instance: "1",
    lines: [
      '{"level": "info", "message": "request", "requestId": "r-1", "user": "u", "view": "home", "status": 200, "databases": ["default", "replica"], "milliseconds": 12.5}\n',
      `{"level": "error", "message": "${"x".repeat(20_000)}`,
      '", "requestId": "r-2", "exception": "Traceback"}\n',
    ],
  },
  {
    component: "postgres",
    instance: "2",
    lines: [
      "2026-11-28 14:00:00,100 INFO: no action. I am (postgres-2), the leader with the lock\n",
      STATEMENT,
      "\tFROM orders /*request=r-1*/\n",
      "2026-11-28 14:00:01.000 UTC [78] shop@shop app FATAL:  terminating connection\n",
      "2026-11-28 14:00:01,100 WARNING: Postgresql is not running.\n",
    ],
  },
  { component: "edge", lines: ['{"requestId": "r-1", "status": 200, "totalMs": 13}\n'] },
  { component: "s3", lines: ["\u001b[31m[INTERNAL ERROR]: Bad Gateway\u001b[0m\n"] },
  { component: "prometheus", lines: ['ts=1 level=warn msg="slow"\n', "\n"] },
  { component: "etcd", instance: "1", lines: ['{"level":"warn","msg":"slow disk"}\n'] },
  { component: "", tag: "queue", lines: ["17 messages wait\n"] },
  { component: "", tag: "other", lines: ["nobody asked for this\n"] },
  { component: "app", instance: "9", id: "another", lines: ["not ours\n"] },
];

describe("a line", () => {
  const loki = newName();
  const collector = newName();
  const folder = mkdtempSync(join(tmpdir(), "hfval-"));
  let lines: Line[] = [];

  beforeAll(async () => {
    chmodSync(folder, 0o755);
    const { text } = await extendedRendered();
    writeFileSync(join(folder, "loki.yml"), text("loki.yml"), { mode: 0o644 });
    writeFileSync(join(folder, "collector.yml"), withoutDocker(text("collector.yml")), {
      mode: 0o644,
    });
    for (const [n, written] of WRITTEN.entries()) writeFile(join(folder, "containers"), n, written);
    const common = ["--cap-drop=ALL", "--security-opt=no-new-privileges:true"];
    await must([
      "run",
      "--detach",
      "--name",
      loki,
      "--network=none",
      "--memory=256m",
      ...common,
      "--volume",
      `${folder}:${LIVE}:ro`,
      await imageFor("loki"),
    ]);
    await must([
      "run",
      "--detach",
      "--name",
      collector,
      `--network=container:${loki}`,
      "--memory=128m",
      "--user=0:0",
      ...common,
      "--volume",
      `${folder}:${LIVE}:ro`,
      "--volume",
      `${folder}/containers:${CONTAINERS}:ro`,
      await imageFor("collector"),
    ]);
    await vi.waitFor(
      async () => {
        lines = await asked(loki);
        expect(lines.length).toBeGreaterThanOrEqual(10);
      },
      { timeout: 60_000, interval: 1000 },
    );
  }, 120_000);

  afterAll(async () => {
    await docker(["rm", "--force", "--volumes", collector, loki]);
    rmSync(folder, { recursive: true, force: true });
  });

  const of = (instance: string) => lines.filter(({ fields }) => fields.instance === instance);

  test("of another stack is left alone, and so are empty ones and Patroni's once a second", () => {
    expect(lines).toHaveLength(10);
    expect(of("app-9")).toEqual([]);
    expect(lines.map(({ text }) => text).join()).not.toContain("no action");
  });

  test("of a source of one's own has its name, and the stack's and the site's", () => {
    const [line] = of("queue");
    expect(line?.text).toBe("17 messages wait");
    expect(line?.fields).toMatchObject({ stack: "dev", site: "a", component: "queue" });
  });

  test("is filed under its container", () => {
    for (const { fields } of lines) expect(fields).toMatchObject({ stack: "dev", site: "a" });
    expect(of("edge")).toHaveLength(1);
    expect(of("postgres-2")[0]?.fields.component).toBe("postgres");
  });

  test("of the application has the request's fields", () => {
    const line = of("app-1").find(({ fields }) => fields.request_id === "r-1");
    expect(line?.fields).toMatchObject({
      level: "info",
      user: "u",
      view: "home",
      status: "200",
      alias: "default,replica",
      duration_ms: "12.5",
    });
    expect(JSON.parse(line?.text ?? "")).toMatchObject({ message: "request" });
  });

  test("that Docker cut at 16 KiB is whole again", () => {
    const line = of("app-1").find(({ fields }) => fields.request_id === "r-2");
    expect(line?.fields.level).toBe("error");
    expect(JSON.parse(line?.text ?? "").exception).toBe("Traceback");
  });

  test("of PostgreSQL has the rest of its statement and the request that it belongs to", () => {
    const slow = of("postgres-2").find(({ text }) => text.includes("duration"));
    expect(slow?.text).toBe(`${STATEMENT}\tFROM orders /*request=r-1*/`);
    expect(slow?.fields).toMatchObject({ request_id: "r-1", level: "info" });
  });

  test("one id finds a request at the edge, in the application and in PostgreSQL", () => {
    const found = lines.filter(({ fields }) => fields.request_id === "r-1");
    expect(found.map(({ fields }) => fields.component).sort()).toEqual(["app", "edge", "postgres"]);
  });

  test.each([
    ["postgres-2", "terminating", "fatal"],
    ["postgres-2", "not running", "warn"],
    ["s3", "[INTERNAL ERROR]: Bad Gateway", "error"],
    ["prometheus", "slow", "warn"],
    ["etcd-1", "slow disk", "warn"],
  ])("of %s (%s) is %s", (instance, part, level) => {
    const line = of(instance).find(({ text }) => text.includes(part));
    expect(line?.fields.level).toBe(level);
    expect(line?.text).not.toContain("\u001b");
  });
});

function writeFile(
  folder: string,
  n: number,
  { component, instance, id, tag, lines }: Written,
): void {
  const name = String(n).repeat(64);
  const ours = {
    "holdfast.id": id ?? STACK_ID,
    "holdfast.stack": "dev",
    "holdfast.site": "a",
    "holdfast.component": component,
    ...(instance === undefined ? {} : { "holdfast.instance": instance }),
  };
  const attrs = tag === undefined ? ours : { tag };
  const time = new Date().toISOString();
  const text = lines.map((log) => `${JSON.stringify({ log, stream: "stdout", attrs, time })}\n`);
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, `${name}-json.log`), text.join(""), { mode: 0o640 });
}

/** Both in one network namespace, and no Docker to ask for figures. */
function withoutDocker(text: string): string {
  const config = parse(text);
  config.exporters["otlp_http/loki"].endpoint = "http://127.0.0.1:3100/otlp";
  config.receivers.docker_stats = undefined;
  // The files are there before the collector.
  config.receivers["file_log/queue"].start_at = "beginning";
  config.service.pipelines.metrics = undefined;
  return stringify(config);
}

/** What Loki has, asked from inside: it is on no network. */
async function asked(loki: string): Promise<Line[]> {
  const path = `/loki/api/v1/query_range?limit=1000&query=${encodeURIComponent('{stack="dev"}')}`;
  const script = `exec 3<>/dev/tcp/127.0.0.1/3100; printf 'GET ${path.replaceAll("%", "%%")} HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;
  const { output } = await docker(["exec", loki, "bash", "-c", script]);
  const body = output.slice(output.indexOf("\r\n\r\n") + 4);
  interface Stream {
    stream: Record<string, string>;
    values: [string, string][];
  }
  const { data } = JSON.parse(body) as { data: { result: Stream[] } };
  return data.result.flatMap(({ stream, values }) =>
    values.map(([, text]) => ({ fields: stream, text })),
  );
}

async function must(args: readonly string[]): Promise<void> {
  const { code, output } = await docker(args);
  if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${output}`);
}
