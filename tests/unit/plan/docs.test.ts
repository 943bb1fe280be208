import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { NEVER, RISKS } from "../../../commands/plan/risks/names.ts";
import { policies } from "../../../policy/policies.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const PAGE = readFileSync(join(ROOT, "docs", "code-review.md"), "utf8");
const WORKFLOW = readFileSync(
  join(ROOT, "docs", "examples", "code-review", "holdfast-preview.yml"),
  "utf8",
);

test("docs/code-review.md names every risk and every policy that reports", () => {
  const named = new Set([...PAGE.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name));
  const reporting = policies.map(({ name }) => name).filter((name) => name !== "reads-inputs");
  for (const name of [...Object.keys({ ...RISKS, ...NEVER }), ...reporting]) {
    expect([...named]).toContain(name);
  }
});

test("the workflow previews the stack, runs the pack on its state, comments, and fails on a refusal", () => {
  interface Step {
    readonly run?: string;
    readonly if?: string;
    readonly env?: Record<string, string>;
  }
  const { jobs, permissions } = parse(WORKFLOW) as {
    jobs: { preview: { if: string; steps: Step[] } };
    permissions: Record<string, string>;
  };
  expect(permissions).toEqual({ contents: "read", "pull-requests": "write" });
  expect(jobs.preview.if).toContain("head.repo.full_name == github.repository");
  const scripts = jobs.preview.steps.map(({ run }) => run ?? "");
  const at = (part: string) => scripts.findIndex((script) => script.includes(part));
  expect(at("./holdfast preview --stack")).toBeGreaterThan(-1);
  expect(at("--policy-pack policy")).toBeGreaterThan(at("./holdfast preview --stack"));
  expect(at("gh pr comment")).toBeGreaterThan(at("--policy-pack policy"));
  expect(at("exit 1")).toBe(scripts.length - 1);
  // What a pull request's author writes must not become part of a script.
  for (const script of scripts) {
    expect(script).not.toMatch(
      /\$\{\{ *github\.(head_ref|event\.pull_request\.(title|body|head\.ref))/,
    );
  }
});
