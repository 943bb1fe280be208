/** Runs the real programs, in the images of this checkout. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ImageName, imagesOf } from "../../components/images.ts";
import { loadSettingsFromFiles } from "../../settings.ts";

export const ROOT = join(import.meta.dirname, "..", "..");

/** The stack `dev` with what `./holdfast setup` found out about this machine. */
export const settings = loadSettingsFromFiles(ROOT, "dev");

export interface Finished {
  readonly code: number;
  /** Standard output and error, in the order in which they came. */
  readonly output: string;
}

export interface RunOptions {
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly stdin?: string;
  /** Path in the container → text. All in one folder. */
  readonly files?: { readonly folder: string; readonly texts: Readonly<Record<string, string>> };
  /** More arguments of `docker run`. */
  readonly docker?: readonly string[];
}

/**
 * An image's reference.
 *
 * @throws Error that says what to do when the image is not there: nothing is skipped
 */
export async function imageFor(name: ImageName): Promise<string> {
  const reference = imagesOf(settings).find((image) => image.name === name)?.reference;
  if (reference === undefined)
    throw new Error(`the settings of ${settings.stack} ask for no ${name}`);
  const { code } = await docker(["image", "inspect", "--format", "{{.Id}}", reference]);
  if (code !== 0) throw new Error(`image ${reference} is missing; run: ./holdfast setup`);
  return reference;
}

/** Runs one program to its end in a container without a network. */
export async function inImage(name: ImageName, options: RunOptions): Promise<Finished> {
  const [program = "", ...rest] = options.command;
  const folder = options.files === undefined ? undefined : writeFiles(options.files.texts);
  const mount =
    folder === undefined ? [] : ["--volume", `${folder}:${options.files?.folder ?? ""}:ro`];
  const container = newName();
  try {
    return await docker(
      [
        ...["run", "--rm", "--interactive", "--name", container, "--network", "none"],
        ...mount,
        ...(options.docker ?? []),
        ...["--entrypoint", program, await imageFor(name), ...rest],
      ],
      options.stdin,
    );
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  }
}

/** A container name that is ours to remove. */
export function newName(): string {
  return `hfval-${randomBytes(4).toString("hex")}`;
}

/** The docker client, to its end. */
export function docker(args: readonly string[], stdin = ""): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn("docker", args, { stdio: "pipe" });
    let output = "";
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    // Who refuses its input early closes it; the exit code says the rest.
    child.stdin.on("error", () => {});
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
    child.stdin.end(stdin);
  });
}

/** Files that the unprivileged users in our images can read. */
function writeFiles(texts: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "hfval-"));
  chmodSync(folder, 0o755);
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o755 });
    writeFileSync(join(folder, path), text, { mode: 0o644 });
  }
  return folder;
}
