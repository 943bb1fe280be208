/** The pages about alerts: one runbook for each, and a table that is never stale. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { ruleFactsOf } from "../../../components/monitoring/ruleFacts.ts";
import { parseSettings } from "../../../settings.ts";
import { renderAlertsPage } from "../../../templates/alerts.md.ts";
import { alertGroups } from "../../../templates/prometheus-rules.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const FOLDER = join(ROOT, "docs", "runbooks");
const config = { sites: { a: {}, b: {} }, dns: { zone: "example.org" } };
/** Two sites with public names have every alert that one has, and more. */
const facts = ruleFactsOf(parseSettings({ stack: "dev", project: "holdfast", config }));
const alerts = Object.values(alertGroups(facts))
  .flat()
  .map(({ alert }) => alert);
const pages = readdirSync(FOLDER)
  .filter((name) => name !== "README.md")
  .map((name) => name.replace(/\.md$/, ""));
const textOf = (page: string) => readFileSync(join(FOLDER, `${page}.md`), "utf8");

const main = readFileSync(join(ROOT, "commands", "main.ts"), "utf8");
const commands = [...main.matchAll(/^command\(\n {2}"([a-z-]+)/gm)].map(([, name]) => name);
const options = [...main.matchAll(/"(--[a-z-]+)/g)].map(([, name]) => name);

test("docs/alerts.md is what the rules say", async () => {
  await expect(renderAlertsPage(facts)).toMatchFileSnapshot("../../../docs/alerts.md");
});

test("each alert has a page, and each page an alert", () => {
  expect(pages.toSorted()).toEqual(alerts.toSorted());
});

test.each(pages)("%s: what it means, where to look, what to do, when it goes away", (page) => {
  const text = textOf(page);
  expect(
    text.match(/^#+ .*$/gm)?.filter((line) => !line.startsWith("# ") || line === `# ${page}`),
  ).toEqual([`# ${page}`, "## Look", "## Do", "## It goes away"]);
  const [before, ...parts] = text.split(/^#{1,2} .*$/m).map((part) => part.trim());
  expect(before).toBe("");
  for (const [index, least] of [30, 15, 25, 5].entries()) {
    expect(parts[index]?.length, `part ${index}`).toBeGreaterThan(least);
  }
});

test.each([...pages, "README"])("%s: its commands, options and links exist", (page) => {
  const text = textOf(page);
  expect(commands).toContain("switchover");
  for (const [, name, rest = ""] of text.matchAll(/\.\/holdfast ([a-z-]+)([^`\n]*)/g)) {
    expect(commands).toContain(name);
    for (const [option] of rest.matchAll(/--[a-z-]+/g)) {
      if (option !== "--stack") expect(options, rest).toContain(option);
    }
  }
  for (const [, target = ""] of text.matchAll(/\]\(([^)#]+)\)/g)) {
    expect(existsSync(join(dirname(join(FOLDER, page)), target)), target).toBe(true);
  }
});
