import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ImageSpec, imagesOf } from "../../components/images.ts";
import { settingsWith } from "./tree/mocks.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const NAMES = ["loki", "collector"] as const;

function specs(images: Record<string, string> = {}): Record<string, ImageSpec> {
  return Object.fromEntries(imagesOf(settingsWith({ images })).map((spec) => [spec.name, spec]));
}

describe.each(NAMES)("%s", (name) => {
  const upstream = specs()[name];
  const compiled = specs({ [name]: "modules" })[name];

  test("takes its program from upstream's image, or from one that is compiled here", () => {
    expect(upstream?.program).toBeUndefined();
    expect(upstream?.buildArgs.PROGRAM).toMatch(/^[a-z]+\/[a-z-]+:\d+\.\d+\.\d+$/);
    expect(compiled?.program?.reference).toMatch(
      new RegExp(`^holdfast/${name}-program:[0-9a-f]{12}$`),
    );
    expect(compiled?.buildArgs.PROGRAM).toBe(compiled?.program?.reference);
  });

  test("is another image with another program, and the same on every machine", () => {
    expect(upstream?.reference).not.toBe(compiled?.reference);
    expect(specs({ [name]: "team/own:1" })[name]?.reference).not.toBe(upstream?.reference);
    expect(specs({ [name]: "modules" })[name]).toEqual(compiled);
    // Neither carries an upstream's name.
    for (const spec of [upstream, compiled]) expect(spec?.reference).toMatch(/^holdfast\//);
  });

  test("copies it from where upstream has it", () => {
    const dockerfile = readFileSync(join(ROOT, "images", name, "Dockerfile"), "utf8");
    expect(dockerfile).toContain(`COPY --from=program ${compiled?.program?.path} `);
  });

  test("is compiled in the version that the setting names by default", () => {
    const version = upstream?.buildArgs.PROGRAM?.split(":")[1];
    const module = readFileSync(join(ROOT, compiled?.program?.folder ?? "", "go.mod"), "utf8");
    expect(module).toMatch(
      new RegExp(`(grafana/loki/v3|opentelemetry.io/collector/otelcol) v${version}\\b`),
    );
  });
});
