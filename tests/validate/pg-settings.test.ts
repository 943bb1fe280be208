/** The table that the safety plan decides by, before the server that decides in earnest. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { POSTGRESQL_MAJOR } from "../../components/database/version.ts";
import { inImage, ROOT } from "./images.ts";

const TABLE = join(ROOT, "commands", "plan", "pg-settings.json");

test("pg-settings.json is what the server in the postgres image says of itself", async () => {
  const stdin = readFileSync(join(import.meta.dirname, "pg-settings.sh"), "utf8");
  const { code, output } = await inImage("postgres", {
    command: ["bash", "-s"],
    stdin,
    docker: ["--tmpfs", "/tmp:uid=999,size=200m,mode=1777"],
  });
  expect(code, output).toBe(0);
  const table = JSON.parse(readFileSync(TABLE, "utf8")) as { major: number };
  // To take over a new version: print the script's output into the file, and read the difference.
  expect(table).toEqual(JSON.parse(output));
  expect(table.major).toBe(POSTGRESQL_MAJOR);
});
