import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadSettingsFromFiles, parseSettings, SettingsError } from "../../settings.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-application-"));
writeFileSync(join(folder, "Pulumi.yaml"), "name: holdfast\n");
mkdirSync(join(folder, "shopfront"));

afterAll(() => rmSync(folder, { recursive: true }));

const parse = (application: Record<string, unknown>) =>
  parseSettings({ stack: "dev", project: "holdfast", config: { application } }).application;

/** The message for a context that is configured in the folder's stack file. */
function refusal(context: string): string {
  const text = `config:\n  holdfast:application:\n    context: ${context}\n`;
  writeFileSync(join(folder, "Pulumi.dev.yaml"), text);
  try {
    loadSettingsFromFiles(folder, "dev");
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return "";
}

test("without image and context it is the shop, with its programs and metrics", () => {
  expect(parse({})).toMatchObject({
    image: "",
    context: "",
    port: 8000,
    healthPath: "/healthz",
    health: ["holdfast-health"],
    migrate: ["holdfast-migrate"],
    metricsPath: "/metrics",
  });
});

test.each([{ image: "team/app:1.0" }, { context: "shopfront" }])(
  "%j is not known to have any of these",
  (own) => {
    expect(parse(own)).toMatchObject({ port: 8000, healthPath: "/healthz" });
    expect(parse(own)).toMatchObject({ health: [], migrate: [], metricsPath: "" });
  },
);

test("what its user says of it counts, a single key leaves the others", () => {
  const own = parse({ image: "app@sha256:".concat("0".repeat(64)), migrate: ["./m", "--all"] });
  expect(own.migrate).toEqual(["./m", "--all"]);
  expect(own.metricsPath).toBe("");
});

test("the memory that gunicorn needs is asked of the shop alone", () => {
  expect(() => parse({ memory: "128 MB" })).toThrow("application.workers = 2 need");
  expect(parse({ image: "team/app:1.0", memory: "128 MB" }).memoryMiB).toBe(128);
});

test("a context without a Dockerfile is refused by its key, with what to type", () => {
  const lines = refusal("shopfront").split("\n");
  expect(lines[1]).toContain(
    '  application.context = "shopfront": no file shopfront/Dockerfile in the repository',
  );
  expect(lines).toContain("      pulumi config rm --path application.context --stack dev");
  expect(refusal(`${folder}/shopfront/`)).toContain(`no file ${folder}/shopfront/Dockerfile;`);
  mkdirSync(join(folder, "shopfront", "Dockerfile"));
  expect(refusal("shopfront")).toContain("no file shopfront/Dockerfile");
});

test("with one it is taken, relative to the repository or absolute", () => {
  rmSync(join(folder, "shopfront", "Dockerfile"), { recursive: true });
  writeFileSync(join(folder, "shopfront", "Dockerfile"), "FROM scratch\n");
  expect(refusal("shopfront")).toBe("");
  expect(refusal(join(folder, "shopfront"))).toBe("");
});
