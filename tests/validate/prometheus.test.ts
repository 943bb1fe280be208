import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { renderAlertmanagerYml } from "../../templates/alertmanager.yml.ts";
import { NO_TARGETS } from "../../templates/prometheus.yml.ts";
import { renderPrometheusRules } from "../../templates/prometheus-rules.ts";
import { targetPath } from "../../templates/targets.ts";
import { RULE_FACTS } from "../rules/facts.ts";
import { inImage, ROOT } from "./images.ts";
import { bothRendered, devRendered, type Rendered, spoil } from "./rendered.ts";

const LIVE = "/etc/holdfast/live";
let both: [string, Rendered][];
let dev: Rendered;

beforeAll(async () => {
  both = await bothRendered();
  dev = await devRendered();
});

/** The live volume as it will be: configuration, rules and targets. */
function liveFiles({ texts, text }: Rendered): Record<string, string> {
  const targets = Object.entries(texts).flatMap(([name, content]) => {
    const [, job, instance] =
      /^target-(postgres-exporter|[a-z]+)-([a-z-]+(?:-\d+|\d+)?)$/.exec(name) ?? [];
    return instance === undefined ? [] : [[targetPath(job as "app", instance), content]];
  });
  return {
    "prometheus.yml": text("prometheus.yml"),
    "rules/holdfast.yml": text("prometheus-rules"),
    [NO_TARGETS.path]: text("no-targets"),
    ...Object.fromEntries(targets),
  };
}

const targets = (address: string) => JSON.stringify([{ targets: [address], labels: {} }]);

const promtool = (texts: Record<string, string>, ...args: string[]) =>
  inImage("prometheus", { command: ["promtool", ...args], files: { folder: LIVE, texts } });

describe("prometheus.yml", () => {
  test("promtool takes it with its rules and targets", async () => {
    for (const [what, rendered] of both) {
      const files = liveFiles(rendered);
      expect(Object.keys(files).length, what).toBeGreaterThan(20);
      const { code, output } = await promtool(files, "check", "config", `${LIVE}/prometheus.yml`);
      expect(output, what).toContain("SUCCESS");
      expect(output, what).not.toContain("FAILED");
      // Targets of a user's own, and of Grafana where it is not had, are not there yet.
      expect(output.match(/WARNING.*/g)?.join("\n") ?? "", what).not.toMatch(
        /WARNING(?!: file ".*\/(other|grafana)\.\*\.json" for file_sd)/,
      );
      expect(code, what).toBe(0);
    }
  });

  test("a job's last target is gone with its file, whenever the configuration is read again", async () => {
    const files = { ...liveFiles(dev), "targets/other.queue.json": targets("127.0.0.1:1") };
    // What it scrapes, by its own count; the files of a container are not for changing.
    const script = `cp -r ${LIVE} /tmp/live; cd /tmp/live
      sed -i 's#${LIVE}#/tmp/live#; s#refresh_interval: .*#refresh_interval: 1s#' prometheus.yml
      prometheus --config.file=prometheus.yml --storage.tsdb.path=/tmp/data 2>/dev/null &
      scraped() {
        exec 3<>/dev/tcp/127.0.0.1/9090 && printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3 &&
          grep -q "^prometheus_target_scrape_pool_targets{scrape_job=.other.} $1" <&3
      } 2>/dev/null
      within() { for _ in $(seq 60); do scraped "$1" && return; sleep 0.5; done; return 1; }
      within 1 || { echo "never scraped"; exit 1; }
      rm targets/other.queue.json; kill -HUP $!
      within 0 || { echo "scraped for ever"; exit 1; }
      echo gone`;
    const { code, output } = await inImage("prometheus", {
      command: ["bash", "-c", script],
      files: { folder: LIVE, texts: files },
    });
    expect(output).toContain("gone");
    expect(code).toBe(0);
  });

  test.each([
    ["an unknown key", "prometheus.yml", /^global:/m, "globally:"],
    ["a duration that is none", "prometheus.yml", /scrape_interval: \S+/, "scrape_interval: often"],
    ["rules that are none", "rules/holdfast.yml", /expr: /, "expression: "],
    ["targets that are no JSON", "targets/app.app-1.json", "[", "[{"],
  ])("it refuses %s", async (_, file, part, by) => {
    const rendered = dev;
    const files = liveFiles(rendered);
    const spoilt = spoil(files[file] ?? "", part, by);
    const { code } = await promtool(
      { ...files, [file]: spoilt },
      ...["check", "config", `${LIVE}/prometheus.yml`],
    );
    expect(code).not.toBe(0);
  });

  test("the check before the file takes its place refuses a bad one as well", async () => {
    for (const [what, { text }] of both) {
      const check = async (content: string) => {
        const args = ["check", "config", "--syntax-only", `${LIVE}/prometheus.yml.candidate`];
        return (await promtool({ "prometheus.yml.candidate": content }, ...args)).code;
      };
      expect(await check(text("prometheus.yml")), what).toBe(0);
      expect(await check(`${text("prometheus.yml")}\nunknown: 1\n`), what).not.toBe(0);
    }
  });
});

describe("rules", () => {
  const check = (text: string) =>
    promtool({ "holdfast.yml": text }, "check", "rules", "--lint=all", `${LIVE}/holdfast.yml`);

  test("promtool takes them", async () => {
    for (const [what, { text }] of both) {
      const { code, output } = await check(text("prometheus-rules"));
      expect(output, what).toContain("SUCCESS");
      expect(code, what).toBe(0);
    }
  });

  test.each([
    ["an expression that is none", /expr: .*/, "expr: sum by ("],
    ["a template that is none", /summary: .*/, 'summary: "{{ $labels.instance"'],
  ])("it refuses %s", async (_, part, by) => {
    const { text } = dev;
    expect((await check(spoil(text("prometheus-rules"), part, by))).code).not.toBe(0);
  });

  describe("promtool's own unit tests", () => {
    const folder = join(ROOT, "tests", "rules");
    const names = readdirSync(folder).filter((name) => name.endsWith(".test.yml"));
    const texts = {
      ...Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "utf8")])),
      "holdfast.yml": renderPrometheusRules(RULE_FACTS),
      "holdfast-sites.yml": renderPrometheusRules({ ...RULE_FACTS, sites: true }),
    };

    test.each(names)("%s", async (name) => {
      const { code, output } = await promtool(texts, "test", "rules", `${LIVE}/${name}`);
      expect(output).toContain("SUCCESS");
      expect(code, output).toBe(0);
    });

    test("fail when the rules do", async () => {
      const deaf = texts["holdfast.yml"].replaceAll(/^( +)expr: .*$/gm, "$1expr: vector(0) > 1");
      const args = ["test", "rules", `${LIVE}/traffic.test.yml`];
      expect((await promtool({ ...texts, "holdfast.yml": deaf }, ...args)).code).not.toBe(0);
    });
  });
});

describe("alertmanager.yml", () => {
  const check = (text: string) =>
    inImage("alertmanager", {
      command: ["amtool", "check-config", "/checked/alertmanager.yml"],
      files: { folder: "/checked", texts: { "alertmanager.yml": text } },
    });

  test("amtool takes it", async () => {
    for (const [what, { text }] of both) {
      const { code, output } = await check(text("alertmanager.yml"));
      expect(output, what).toContain("SUCCESS");
      expect(code, what).toBe(0);
    }
  });

  test("it refuses a receiver that does not exist", async () => {
    const { text } = dev;
    const spoilt = spoil(text("alertmanager.yml"), /receiver: \S+/, "receiver: nobody");
    expect((await check(spoilt)).code).not.toBe(0);
  });

  const told = renderAlertmanagerYml({
    email: {
      to: "ops@example.org",
      from: "holdfast@example.org",
      smarthost: "smtp.example.org:587",
      username: "holdfast",
      requireTls: true,
    },
    webhook: true,
    deadMansSwitch: "https://hc.example.org/ping",
    secretsDirectory: "/etc/holdfast/secrets",
  });

  test("amtool takes it with everybody told", async () => {
    const { code, output } = await check(told);
    expect(output).toContain("SUCCESS");
    expect(code).toBe(0);
  });

  const route = async (text: string, labels: readonly string[]) => {
    const { code, output } = await inImage("alertmanager", {
      command: [
        ...["amtool", "config", "routes", "test"],
        ...["--config.file=/checked/alertmanager.yml", ...labels],
      ],
      files: { folder: "/checked", texts: { "alertmanager.yml": text } },
    });
    expect(code, output).toBe(0);
    return output.replace(/^Warning.*$/gm, "").trim();
  };

  test.each([
    ["PostgresNoLeader", "critical", "people"],
    ["TargetDown", "warning", "people"],
    ["NoCloudRepository", "info", "none"],
    ["Watchdog", "none", "dead-mans-switch"],
    ["OfSomebodyElse", "page", "people"],
  ])("%s (%s) goes to %s", async (alert, severity, receiver) => {
    const labels = [`alertname=${alert}`, `severity=${severity}`, "stack=dev", "site=a"];
    expect(await route(told, labels)).toBe(receiver);
    // By default nobody is told of anything.
    expect(await route(dev.text("alertmanager.yml"), labels)).toBe("none");
  });
});
