import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkExtension } from "../../../templates/extension.ts";

const FOLDER = new URL("../../../docs/examples/extension/", import.meta.url);
const facts = { stack: "dev", site: "a", collector: false };
const faults = (texts: Record<string, string>, with_ = facts) =>
  checkExtension(texts, with_).faults;

/** The example of docs/extending.md, as the program reads it. */
function example(): Record<string, string> {
  const paths = ["targets", "rules", "dashboards"].flatMap((kind) =>
    readdirSync(new URL(`${kind}/`, FOLDER)).map((name) => `${kind}/${name}`),
  );
  return Object.fromEntries(
    paths.map((path) => [path, readFileSync(new URL(path, FOLDER), "utf8")]),
  );
}

test("the example has one of each and no fault", () => {
  const { extension, faults } = checkExtension(example(), facts);
  expect(faults).toEqual([]);
  expect(extension.rules.map(({ name }) => name)).toEqual(["queue"]);
  expect(extension.dashboards.map(({ name }) => name)).toEqual(["queue"]);
  expect(JSON.parse(extension.targets[0]?.text ?? "")).toEqual([
    {
      targets: ["10.88.65.200:9419"],
      labels: {
        stack: "dev",
        site: "a",
        component: "rabbitmq",
        job: "rabbitmq",
        instance: "queue-1",
        __metrics_path__: "/metrics",
      },
    },
  ]);
});

test("labels that a user gives win", () => {
  const text = '[{"targets": ["h:1"], "labels": {"job": "x", "site": "z", "component": "c"}}]';
  const [file] = checkExtension({ "targets/x.json": text }, facts).extension.targets;
  expect(JSON.parse(file?.text ?? "")[0].labels).toEqual({
    stack: "dev",
    site: "z",
    component: "c",
    job: "x",
  });
});

const with_ = { ...facts, collector: true };

describe("a fault names its file", () => {
  const good = JSON.parse(example()["dashboards/queue.json"] ?? "");
  test.each<[string, string, string, RegExp]>([
    ["a wrong ending", "rules/a.txt", "", /^rules\/a\.txt: ends in none of/],
    ["a name with blanks", "rules/A b.yml", "", /^rules\/A b\.yml: the name has to be/],
    ["no YAML", "targets/a.yml", "- [", /^targets\/a\.yml: /],
    ["no list", "targets/a.yml", "a: 1", /has to be a list of/],
    ["no targets", "targets/a.yml", "- labels: {job: x}", /entry 1: targets has to be/],
    ["no job", "targets/a.yml", "- targets: [h:1]", /entry 1: labels.job is missing/],
    ["no groups", "rules/a.yml", "rules: []", /has to have groups/],
    ["a group of ours", "rules/a.yml", "groups: [{name: holdfast-cluster}]", /are ours/],
    ["no JSON", "dashboards/a.json", "{", /^dashboards\/a\.json: /],
    [
      "our uid",
      "dashboards/a.json",
      JSON.stringify({ ...good, uid: "holdfast-overview" }),
      /uids that begin with holdfast- are ours/,
    ],
    [
      "a panel without a unit",
      "dashboards/a.json",
      JSON.stringify({ ...good, panels: [{ ...good.panels[0], fieldConfig: {} }] }),
      /panel "Messages that wait": has no unit/,
    ],
    ["no collector", "logs/a.yml", "file_log/a: {}", /no log collector/],
    ["no receivers", "logs/a.yml", "[]", /map of OpenTelemetry receivers/],
  ])("%s", (_, path, text, fault) => {
    const found = faults({ [path]: text });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(fault);
    expect(found[0]).toContain(path);
  });

  test("two dashboards with the same uid", () => {
    const text = JSON.stringify(good);
    expect(faults({ "dashboards/a.json": text, "dashboards/b.json": text })).toEqual([
      "dashboards/b.json: uid: queue is another dashboard's too",
    ]);
  });

  test("two files of the same name", () => {
    const text = "- {targets: [h:1], labels: {job: x}}";
    expect(faults({ "targets/a.yaml": text, "targets/a.yml": text })).toEqual([
      "targets/a.yml: there is another file of that name with another ending",
    ]);
  });

  test("a receiver's name is one receiver's", () => {
    expect(faults({ "logs/a.yml": "docker_stats: {}" }, with_)).toEqual([
      "logs/a.yml: docker_stats is another receiver's name; give it one of its own: type/name",
    ]);
    const texts = { "logs/a.yml": "otlp/x: {}", "logs/b.yml": "otlp/x: {}" };
    expect(faults(texts, with_)).toHaveLength(1);
  });

  test("the others are used all the same", () => {
    const { extension, faults } = checkExtension({ ...example(), "rules/b.yml": "x" }, facts);
    expect(faults).toHaveLength(1);
    expect(extension.rules).toHaveLength(1);
  });
});

test("with a collector log sources are handed on", () => {
  const text = readFileSync(new URL("logs/queue.yml", FOLDER), "utf8");
  expect(checkExtension({ "logs/queue.yml": text }, with_).extension.logs).toEqual([
    { name: "queue", text },
  ]);
});
