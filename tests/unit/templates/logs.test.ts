import { expect, test } from "vitest";
import { parse } from "yaml";
import { LINE_LABELS } from "../../../templates/collector/lines.ts";
import { renderCollectorYml } from "../../../templates/collector.yml.ts";
import { renderLokiYml, STREAM_LABELS } from "../../../templates/loki.yml.ts";

const collector = {
  stackId: "0123456789abcdef",
  lokiAddress: "10.77.3.68",
  dockerSocket: "/run/docker-proxy/docker.sock",
  memoryMiB: 128,
  stack: "dev",
  site: "a",
};

test("the whole loki.yml", async () => {
  await expect(renderLokiYml({ retention: "168h" })).toMatchFileSnapshot(
    "./__snapshots__/loki.yml",
  );
});

test("the whole collector.yml", async () => {
  await expect(renderCollectorYml(collector)).toMatchFileSnapshot("./__snapshots__/collector.yml");
});

test("every stream label is set by the collector, and no request's own value is one", () => {
  const { operators } = parse(renderCollectorYml(collector)).receivers["file_log/containers"];
  const set = operators
    .map(({ field }: { field?: string }) => field ?? "")
    .filter((field: string) => field.startsWith("resource."))
    .map((field: string) => field.slice("resource.".length));
  expect(set).toEqual([...STREAM_LABELS]);
});

test("operators have names of their own", () => {
  const { operators } = parse(renderCollectorYml(collector)).receivers["file_log/containers"];
  const names = operators
    .map(({ id }: { id?: string }) => id)
    .filter((id?: string) => id !== undefined);
  expect(new Set(names).size).toBe(names.length);
});

test("only this stack's lines and figures are taken", () => {
  const { receivers, processors, service } = parse(renderCollectorYml(collector));
  const own = receivers["file_log/containers"].operators.find(
    ({ id }: { id?: string }) => id === "own",
  );
  expect(own.expr).toContain(`["holdfast.id"] != "${collector.stackId}"`);
  expect(processors["filter/own"].metrics.metric[0]).toContain(`!= "${collector.stackId}"`);
  expect(service.pipelines.metrics.processors).toContain("filter/own");
  expect(LINE_LABELS).toContain("holdfast.id");
});

test("a source of one's own has its pipeline, and its name where it gives none itself", () => {
  const sources = [
    { name: "queue", text: "file_log/queue: {include: [/containers/*/*-json.log]}" },
    { name: "relay", text: "syslog/relay: {}\notlp/relay: {}" },
  ];
  const ours = parse(renderCollectorYml(collector));
  const { receivers, processors, service } = parse(renderCollectorYml({ ...collector, sources }));
  expect(receivers).toMatchObject(ours.receivers);
  expect(service.pipelines).toMatchObject(ours.service.pipelines);
  expect(receivers["file_log/queue"]).toEqual({ include: ["/containers/*/*-json.log"] });
  expect(service.pipelines["logs/extension-relay"]).toEqual({
    receivers: ["syslog/relay", "otlp/relay"],
    processors: ["memory_limiter", "transform/extension-relay"],
    exporters: ["otlp_http/loki"],
  });
  expect(processors["transform/extension-queue"].log_statements).toEqual(
    Object.entries({ stack: "dev", site: "a", component: "queue", instance: "queue" }).map(
      ([label, value]) =>
        `set(resource.attributes["${label}"], "${value}") where resource.attributes["${label}"] == nil`,
    ),
  );
});

test("its own limit is below the container's", () => {
  const { limit_mib, spike_limit_mib } = parse(renderCollectorYml({ ...collector, memoryMiB: 64 }))
    .processors.memory_limiter;
  expect(limit_mib).toBe(48);
  expect(spike_limit_mib).toBeLessThan(limit_mib);
});
