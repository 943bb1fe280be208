import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TABLE_MAJOR } from "../../commands/plan/parameters.ts";
import { POSTGRESQL_MAJOR } from "../../components/database/version.ts";
import { imagesOf } from "../../components/images.ts";
import { settingsWith } from "./tree/mocks.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** PostgreSQL's major version wherever a path or a package names it. */
function named(folder: string): [file: string, major: string][] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(py|ts|sh)$|^Dockerfile$/.test(entry.name))
    .flatMap(({ parentPath, name }) => {
      const text = readFileSync(join(parentPath, name), "utf8");
      const found = text.matchAll(/postgresql[/-](\d+)\b|^ARG POSTGRESQL=(\d+)$/gm);
      return [...found].map(([, path, argument]): [string, string] => [
        name,
        path ?? argument ?? "",
      ]);
    });
}

test.each(["images", "templates"])("%s names the one major version of PostgreSQL", (folder) => {
  const all = named(folder);
  expect(all.length).toBeGreaterThan(2);
  expect(all.filter(([, major]) => major !== String(POSTGRESQL_MAJOR))).toEqual([]);
});

test("the images with a server are built with it, so that a preview shows a change", () => {
  const images = imagesOf(settingsWith());
  const built = images.filter(({ buildArgs }) => "POSTGRESQL" in buildArgs);
  expect(built.map(({ name }) => name)).toEqual(["postgres", "backup"]);
  expect(new Set(built.map(({ buildArgs }) => buildArgs.POSTGRESQL))).toEqual(
    new Set([String(POSTGRESQL_MAJOR)]),
  );
});

test("the plan's table of parameters is of that version", () => {
  expect(TABLE_MAJOR).toBe(POSTGRESQL_MAJOR);
});
