import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import type { Docker } from "../docker.ts";
import { must } from "../exec.ts";
import { Fault } from "../fault.ts";
import { cachePath } from "../paths.ts";
import type { Progress, StepResult } from "../ui.ts";
import { ensureProgram } from "./machine.ts";
import type { Registries } from "./registry.ts";

const SUITE = "trixie";
const OWN = "holdfast/base";

/**
 * The image that ours are built from: the one of the settings, pulled where it is missing; where it cannot be pulled, one
 * made from Debian's packages and imported under a name of our own (a local build never carries an upstream's name).
 *
 * @param reference the setting `images.base`
 * @param configured whether a person chose it: then it has to be that one
 * @returns the name to build from
 */
export async function provideBase(
  docker: Docker,
  registries: Registries,
  reference: string,
  configured: boolean,
  progress: Progress,
): Promise<StepResult<string>> {
  if (await docker.hasImage(reference)) {
    return { value: reference, title: `base image ${reference}`, already: true };
  }
  const own = reference.startsWith(`${OWN}:`);
  progress(own ? "making it again" : `pulling ${reference}`);
  if (!own && (await registries.provide(reference))) {
    return { value: reference, title: `base image ${reference}, pulled` };
  }
  if (configured && !own) {
    throw new Fault(
      `the base image ${reference} is neither on the Docker host nor can it be pulled`,
      `load it (docker load --input …), or let Holdfast make one: pulumi config rm --path images.base`,
    );
  }
  return make(docker, own ? reference : undefined, progress);
}

/** @param wanted the name that an earlier run recorded */
async function make(
  docker: Docker,
  wanted: string | undefined,
  progress: Progress,
): Promise<StepResult<string>> {
  const present = wanted ? undefined : await newestLocal(docker);
  if (present) {
    return { value: present, title: `base image ${present}`, already: true };
  }
  const cached = wanted ? tagOf(wanted) : newestCached();
  const tag = cached ?? `${SUITE}-${new Date().toISOString().slice(0, 10).replaceAll("-", "")}`;
  const archive = cachePath("base", `${tag}.tar`);
  if (!existsSync(archive)) {
    await bootstrap(archive, progress);
  }
  const reference = `${OWN}:${tag}`;
  progress(`importing ${reference}`);
  await docker.must("importing the base image", ["import", archive, reference], {
    log: "base-image",
  });
  return { value: reference, title: `base image ${reference}, made from Debian's packages` };
}

function tagOf(reference: string): string {
  return reference.slice(reference.lastIndexOf(":") + 1);
}

async function newestLocal(docker: Docker): Promise<string | undefined> {
  const format = "{{.Repository}}:{{.Tag}}";
  const { stdout } = await docker.run(["image", "ls", "--format", format, OWN]);
  return stdout
    .split("\n")
    .filter((line) => line.startsWith(`${OWN}:${SUITE}`))
    .sort()
    .at(-1);
}

function newestCached(): string | undefined {
  const folder = cachePath("base");
  const archives = existsSync(folder) ? readdirSync(folder) : [];
  return archives
    .filter((name) => name.startsWith(SUITE) && name.endsWith(".tar"))
    .sort()
    .at(-1)
    ?.replace(/\.tar$/, "");
}

async function bootstrap(archive: string, progress: Progress): Promise<void> {
  if (!(await ensureProgram("mmdebstrap", "mmdebstrap"))) {
    throw new Fault(
      "no registry can be reached, and mmdebstrap, which makes the base image from Debian's packages, is missing",
      "as root on Debian or Ubuntu: apt-get install --yes mmdebstrap, then repeat",
      "elsewhere: docker load an image of Debian 13 and name it: pulumi config set --path images.base <name>",
    );
  }
  progress("making it from Debian's packages with mmdebstrap");
  const temporary = `${archive}.${process.pid}.tar`;
  try {
    const options = ["--variant=minbase", "--include=ca-certificates"];
    await must("making the base image", "mmdebstrap", [...options, SUITE, temporary], {
      log: "base-image",
      cwd: "/",
    });
    renameSync(temporary, archive); // as the last step: what stands in the cache is complete
  } finally {
    rmSync(temporary, { force: true });
  }
}
