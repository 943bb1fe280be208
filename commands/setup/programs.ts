import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { imagesOf, type ProgramSpec } from "../../components/images.ts";
import type { Settings } from "../../settings.ts";
import type { Docker } from "../docker.ts";
import { must } from "../exec.ts";
import { ROOT } from "../paths.ts";
import { type Progress, step } from "../ui.ts";
import { provideGo } from "./engine.ts";

/**
 * Compiles the programs whose upstream images cannot be had, each once for a Docker host: the result is an image with that
 * one file, which the real image copies from. So neither Docker's builder nor the provider's compiles anything, and what a
 * changed version shares with the old one comes from this machine's Go cache.
 */
export async function providePrograms(docker: Docker, settings: Settings): Promise<void> {
  const wanted = imagesOf(settings).flatMap(({ program }) => (program ? [program] : []));
  if (wanted.length === 0) return;
  await step("programs from Go modules", "looking for them", async (progress) => {
    const present = await Promise.all(wanted.map(({ reference }) => docker.hasImage(reference)));
    const missing = wanted.filter((_, index) => !present[index]);
    for (const program of missing) {
      await provide(docker, program, progress);
    }
    const title = `${wanted.length} programs from Go modules`;
    return missing.length === 0
      ? { value: undefined, title, already: true }
      : { value: undefined, title: `${title}, ${missing.length} compiled` };
  });
}

async function provide(docker: Docker, program: ProgramSpec, progress: Progress): Promise<void> {
  const { name, reference, folder, path } = program;
  progress(`compiling ${name}, once: minutes where nothing of it is cached`);
  const log = `program-${name}`;
  const format = "{{.Server.Arch}}";
  const { stdout: architecture } = await docker.must(
    "asking Docker for its host's architecture",
    ["version", "--format", format],
    { log },
  );
  const temporary = mkdtempSync(join(tmpdir(), "holdfast-program-"));
  try {
    const root = join(temporary, "root");
    mkdirSync(dirname(join(root, path)), { recursive: true });
    const env = { ...process.env, GO: await provideGo(), GOARCH: architecture.trim() };
    const script = join(ROOT, folder, "build.sh");
    await must(`compiling ${name}`, script, [join(root, path)], { log, env });
    const archive = join(temporary, "root.tar");
    await must(`packing ${name}`, "tar", ["-cf", archive, "-C", root, "."], { log });
    await docker.must(`importing ${name}`, ["import", archive, reference], { log });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
