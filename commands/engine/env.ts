import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { privatePath } from "../paths.ts";
import { backendUrl, stateFolder } from "./backend.ts";

/**
 * The variables that a Pulumi engine needs to run this program on this state: for the launcher's own runs and, printed by
 * `./holdfast env`, for a `pulumi` typed by hand.
 *
 * @param stack its name becomes the default of the plain CLI
 * @param enginePath folders of the engine and its plugins
 */
export function engineEnvironment(
  stack: string,
  enginePath: readonly string[],
): Record<string, string> {
  stateFolder();
  return {
    // The language host starts the `node` it finds: it has to be one that runs TypeScript.
    PATH: pathWith([dirname(process.execPath), ...enginePath], process.env.PATH ?? ""),
    ...passphrase(),
    PULUMI_BACKEND_URL: backendUrl(),
    PULUMI_STACK: stack,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK: "true",
    // The docker plugin then builds by the daemon's own builder, whose cache the launcher has filled.
    DOCKER_BUILDKIT: "0",
  };
}

/** PATH with folders in front, none of them twice. Pure. */
export function pathWith(folders: readonly string[], path: string): string {
  return [...new Set([...folders, ...path.split(delimiter).filter(Boolean)])].join(delimiter);
}

/** The user's own passphrase, else one that is generated once and readable by its owner only. */
function passphrase(): Record<string, string> {
  if (process.env.PULUMI_CONFIG_PASSPHRASE !== undefined) {
    return {};
  }
  const own = process.env.PULUMI_CONFIG_PASSPHRASE_FILE;
  return { PULUMI_CONFIG_PASSPHRASE_FILE: own || generatedPassphrase() };
}

function generatedPassphrase(): string {
  const file = privatePath("passphrase");
  if (!existsSync(file)) {
    // "wx": of two runs at the same time one writes, and both use the same.
    try {
      writeFileSync(file, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  return file;
}

/** `export K='v'` lines for a shell's eval. Pure. */
export function exportLines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${shellQuote(value)}`)
    .join("\n");
}

/** A word that every POSIX shell takes literally. Pure. */
export function shellQuote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
