/** bench/performance: measured figures into docs/performance.md (see that file). */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sectionsOf, withSections } from "./sections.ts";

const PAGE = join(import.meta.dirname, "..", "..", "docs", "performance.md");

const files = process.argv.slice(2);
if (files.length === 0) {
  process.stderr.write("usage: bench/performance FILE...\n");
  process.exit(2);
}
let page = readFileSync(PAGE, "utf8");
for (const file of files) {
  try {
    const sections = sectionsOf(JSON.parse(readFileSync(file, "utf8")));
    page = withSections(page, sections);
    process.stderr.write(`${file}: ${Object.keys(sections).join(", ") || "nothing measured"}\n`);
  } catch (error) {
    process.stderr.write(`bench/performance: ${file}: ${(error as Error).message}\n`);
    process.exit(1);
  }
}
writeFileSync(PAGE, page);
