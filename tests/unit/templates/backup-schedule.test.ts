import { expect, test } from "vitest";
import { renderBackupSchedule } from "../../../templates/backup-schedule.ts";

const args = {
  stanza: "dev-a",
  nodes: Array.from({ length: 11 }, (_, index) => `10.77.3.${11 + index}`),
  databases: ["shop"],
  schedule: {
    physical: "15 2 * * *",
    incremental: "5 */4 * * *",
    logical: "45 2 * * *",
    drill: "30 3 * * *",
  },
  tables: ["users", "orders"],
  keepDumps: 7,
  seedMaxAgeSeconds: 3600,
  queueLimitSegments: 64,
  objectives: { recoveryPointSeconds: 60, recoveryTimeSeconds: 60, archiveTimeoutSeconds: 30 },
};

const cloud = {
  endpoint: "https://10.77.3.70:7070",
  region: "us-east-1",
  bucket: "holdfast",
  path: "/holdfast/0123456789abcdef",
  pathStyle: true,
  caFile: "/etc/holdfast/secrets/cloud-ca.crt",
  keepDumps: 30,
};

test("the whole backup.json", async () => {
  const text = renderBackupSchedule({ ...args, cloud });
  await expect(text).toMatchFileSnapshot("./__snapshots__/backup.json");
});

test("a rotation and a data directory of one's own", () => {
  const body = JSON.parse(
    renderBackupSchedule({ ...args, fullEveryDays: 1, dataDirectory: "/data" }),
  );
  expect(body).toMatchObject({ fullEveryDays: 1, dataDirectory: "/data" });
});

test("what is not there is null, not missing: readers need not guess", () => {
  expect(JSON.parse(renderBackupSchedule(args)).cloud).toBeNull();
  const { caFile: _, ...trusted } = cloud;
  expect(JSON.parse(renderBackupSchedule({ ...args, cloud: trusted })).cloud.caFile).toBeNull();
});

test("no fact but the named ones gets into the file", () => {
  const extra = { ...cloud, keySecret: "hush" };
  expect(renderBackupSchedule({ ...args, cloud: extra })).not.toContain("hush");
});
