import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { parse } from "yaml";
import { ROOT } from "../paths.ts";

const FILE = "file://";

/** Where the state is kept: `PULUMI_BACKEND_URL`, else what Pulumi.yaml says; absolute where it is a folder. */
export function backendUrl(): string {
  return absoluteUrl(process.env.PULUMI_BACKEND_URL || urlOfProject(), ROOT);
}

function urlOfProject(): string {
  const project = parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8")) as {
    backend?: { url?: string };
  };
  return project.backend?.url ?? `${FILE}./.holdfast/state`;
}

/** A `file://` address that does not depend on the current folder; others as they are. Pure. */
export function absoluteUrl(url: string, root: string): string {
  if (!url.startsWith(FILE)) {
    return url;
  }
  const path = url.slice(FILE.length);
  return path.startsWith("~") || isAbsolute(path) ? url : FILE + join(root, path);
}

/** Whether others work on the same state: any backend that is not a folder of this machine. */
export function isSharedBackend(): boolean {
  return !backendUrl().startsWith(FILE);
}

/** The state's folder, made on the way; undefined for other backends. */
export function stateFolder(): string | undefined {
  const url = backendUrl();
  if (!url.startsWith(FILE)) {
    return undefined;
  }
  const folder = url.slice(FILE.length).replace(/^~/, process.env.HOME ?? "~");
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true });
  }
  return folder;
}
