import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hashContext } from "../../components/buildContext.ts";
import { ignoredBy } from "../../components/dockerignore.ts";

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-context-"));
  put("Dockerfile", "FROM scratch\n");
  put("src/main.py", "print()\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function digest(): string {
  const hash = createHash("sha256");
  hashContext(hash, folder);
  return hash.digest("hex");
}

describe("a build context's hash", () => {
  test("changes with a file, and comes back with it", () => {
    const before = digest();
    put("src/main.py", "print(1)\n");
    expect(digest()).not.toBe(before);
    put("src/main.py", "print()\n");
    expect(digest()).toBe(before);
  });

  test("does not change with what Docker or the machine keeps out", () => {
    put(".dockerignore", "node_modules\n*.md\n");
    const before = digest();
    put("node_modules/a/index.js", "1");
    put("README.md", "# hello");
    put("host-ca.crt", "a certificate");
    put(".git/HEAD", "ref: x");
    put("src/__pycache__/main.pyc", "x");
    expect(digest()).toBe(before);
    put(".dockerignore", "node_modules\n");
    expect(digest()).not.toBe(before);
  });

  test("takes the Dockerfile in even where the list names it", () => {
    put(".dockerignore", "Dockerfile\n");
    const before = digest();
    put("Dockerfile", "FROM debian:trixie-slim\n");
    expect(digest()).not.toBe(before);
  });

  test("takes a link as a link, to a folder or to nothing", () => {
    const before = digest();
    symlinkSync("src", join(folder, "lib"));
    symlinkSync("nowhere", join(folder, "gone"));
    expect(digest()).not.toBe(before);
  });
});

test.each([
  ["*.md", "README.md", true],
  ["*.md", "docs/a.md", false],
  ["**/*.md", "docs/a.md", true],
  ["**/*.md", "a.md", true],
  ["docs", "docs/deep/a.md", true],
  ["/docs/", "docs/a.md", true],
  ["doc", "docs/a.md", false],
  ["docs/**", "docs/deep/a.md", true],
  ["**/tests", "a/b/tests/c.py", true],
  ["a?c", "abc", true],
  ["a?c", "a/c", false],
  ["a.c", "abc", false],
  ["*.[ch]", "x.h", true],
  ["odd[", "odd[", true],
  ["# a.md", "# a.md", false],
  ["*.md\n!README.md", "README.md", false],
  ["!README.md\n*.md", "README.md", true],
  ["", "anything", false],
])("the line %j keeps %j out: %s", (text, path, expected) => {
  expect(ignoredBy(text)(path)).toBe(expected);
});
