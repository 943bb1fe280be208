import { resolve } from "node:path";
import { type ImageSpec, imagesOf } from "../../components/images.ts";
import type { Settings } from "../../settings.ts";
import type { Docker } from "../docker.ts";
import { ROOT } from "../paths.ts";
import { type Progress, type StepResult, step } from "../ui.ts";

/** On two cores more would only slow each other down. */
const SIDE_BY_SIDE = 2;

/**
 * Builds our images before Pulumi asks for them, from the same contexts with the same arguments: its own builds then come
 * from Docker's cache, and the slow part runs beside the rest of the set-up.
 */
export function prebuildImages(docker: Docker, settings: Settings): Promise<void> {
  return step("container images", "looking for them", async (progress) => {
    const built = imagesOf(settings).filter(({ context }) => context !== undefined);
    const present = await Promise.all(built.map(({ reference }) => docker.hasImage(reference)));
    const missing = built.filter((_, index) => !present[index]);
    if (missing.length === 0) {
      return { value: undefined, title: `${built.length} container images`, already: true };
    }
    return buildAll(docker, missing, built.length, progress);
  });
}

async function buildAll(
  docker: Docker,
  missing: readonly ImageSpec[],
  all: number,
  progress: Progress,
): Promise<StepResult<undefined>> {
  const waiting = [...missing];
  const running = new Set<string>();
  const report = () => {
    const left = waiting.length > 0 ? `, then ${waiting.map(({ name }) => name).join(", ")}` : "";
    progress(`building ${[...running].join(" and ")}${left}`);
  };
  const worker = async () => {
    for (let image = waiting.shift(); image; image = waiting.shift()) {
      running.add(image.name);
      report();
      await build(docker, image);
      running.delete(image.name);
      report();
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  return { value: undefined, title: `${all} container images, ${missing.length} built` };
}

async function build(
  docker: Docker,
  { name, reference, context, buildArgs }: ImageSpec,
): Promise<void> {
  const values = Object.entries(buildArgs).flatMap(([key, value]) => [
    "--build-arg",
    `${key}=${value}`,
  ]);
  const args = ["build", "--tag", reference, ...values, resolve(ROOT, context ?? "")];
  await docker.must(`building the image ${name}`, args, {
    log: `image-${name}`,
    // The provider asks the daemon's own builder; only that one's cache serves both.
    env: { ...process.env, DOCKER_BUILDKIT: "0" },
  });
}
