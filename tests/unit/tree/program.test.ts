import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { startRecording } from "./mocks.ts";

/** The names that DESIGN.md promises. */
const OUTPUTS = [
  "alertmanagerUrl",
  "appUrl",
  "backupAccess",
  "databaseUrl",
  "grafanaUrl",
  "lokiUrl",
  "prometheusUrl",
  "readReplicaUrl",
  "siteUrls",
  "stackId",
  "statusUrl",
];

test("index.ts runs as it is and exports what is promised", async () => {
  const stop = await startRecording({ project: "holdfast", stack: "unit" }, false);
  pulumi.runtime.setAllConfig({ "holdfast:database": '{"replicas":1}' });
  const program = (await import("../../../index.ts")) as Record<string, unknown>;
  const { all } = await stop();
  expect(Object.keys(program).sort()).toEqual(OUTPUTS);
  expect(all.filter(({ name }) => /^a-postgres-\d+$/.test(name))).toHaveLength(2);
});
