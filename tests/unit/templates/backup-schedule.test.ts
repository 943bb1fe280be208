import { expect, test } from "vitest";
import { renderBackupSchedule } from "../../../templates/backup-schedule.ts";

const args = {
  stanza: "dev-a",
  nodes: Array.from({ length: 11 }, (_, index) => `10.77.3.${11 + index}`),
  databases: ["shop"],
  physical: "15 2 * * *",
  logical: "45 2 * * *",
  keepDumps: 7,
};

test("the whole backup.json", async () => {
  await expect(renderBackupSchedule(args)).toMatchFileSnapshot("./__snapshots__/backup.json");
});

test("a rotation and a data directory of one's own", () => {
  const body = JSON.parse(
    renderBackupSchedule({ ...args, fullEveryDays: 1, dataDirectory: "/data" }),
  );
  expect(body).toMatchObject({ fullEveryDays: 1, dataDirectory: "/data" });
});
