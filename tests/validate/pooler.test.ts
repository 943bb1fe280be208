import { beforeAll, expect, test } from "vitest";
import { inImage } from "./images.ts";
import { bothRendered, devRendered, type Rendered, spoil } from "./rendered.ts";

let both: [string, Rendered][];
let dev: Rendered;

beforeAll(async () => {
  both = await bothRendered();
  dev = await devRendered();
});

const validate = (stdin: string) => inImage("pooler", { command: ["holdfast-validate"], stdin });

test("PgBouncer starts with each pooler's file", async () => {
  for (const [what, { texts }] of both) {
    const files = Object.entries(texts).filter(([name]) => name.endsWith("-pgbouncer.ini"));
    expect(files.length, what).toBeGreaterThanOrEqual(2);
    for (const [name, text] of files) {
      expect(await validate(text), `${what} ${name}`).toEqual({ code: 0, output: "" });
    }
  }
});

test.each([
  ["an unknown name", /^pool_mode = /m, "pool_modus = "],
  ["a value that is none", /^pool_mode = .*/m, "pool_mode = sometimes"],
  ["a word for a number", /^max_client_conn = .*/m, "max_client_conn = many"],
  ["a line without an equals sign", /^(\w+) = /m, "$1 "],
  ["a file without databases", /^%include .*/m, ""],
])("it refuses %s", async (_, part, by) => {
  const { code, output } = await validate(spoil(dev.text("pooler-1-pgbouncer.ini"), part, by));
  expect(code, output).toBe(1);
  expect(output).toContain("holdfast-validate: ");
});
