import { existsSync, readFileSync } from "node:fs";
import { must, run, which } from "../exec.ts";

/** Whether packages can be installed here: Debian or a relative, and root. */
export interface Machine {
  /** The distribution, as it calls itself. */
  readonly name: string;
  readonly debian: boolean;
  readonly root: boolean;
}

export function inspectMachine(): Machine {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  return { ...parseRelease(release), root: process.getuid?.() === 0 };
}

/** The name and the family from the text of /etc/os-release. Pure. */
export function parseRelease(text: string): { name: string; debian: boolean } {
  const fields = new Map(
    text.split("\n").map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1).replace(/^"(.*)"$/, "$1")];
    }),
  );
  const family = `${fields.get("ID") ?? ""} ${fields.get("ID_LIKE") ?? ""}`;
  return {
    name: fields.get("PRETTY_NAME") ?? process.platform,
    debian: /\b(debian|ubuntu)\b/.test(family),
  };
}

const WAIT_FOR_LOCK = ["-o", "DPkg::Lock::Timeout=300"];
let queue: Promise<unknown> = Promise.resolve();
let updated: Promise<unknown> | undefined;

/**
 * Installs Debian packages, without the recommended ones. One call at a time: steps run side by side, dpkg does not.
 *
 * @throws Fault with the last lines of the log
 */
export function installPackages(...packages: string[]): Promise<void> {
  const work = queue.then(async () => {
    await updateLists();
    const install = ["install", "--yes", "--no-install-recommends", ...packages];
    await aptGet(`installing ${packages.join(", ")}`, install);
  });
  queue = work.catch(() => undefined);
  return work;
}

/** Whether the distribution has a package of this name, by lists that were just updated. */
export async function packageExists(name: string): Promise<boolean> {
  await updateLists();
  const { stdout } = await run("apt-cache", ["policy", name]);
  return /Candidate: (?!\(none\))\S/.test(stdout);
}

/** Once per command is enough. */
function updateLists(): Promise<unknown> {
  updated ??= aptGet("apt-get update", ["update"]);
  return updated;
}

function aptGet(what: string, args: readonly string[]): Promise<unknown> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return must(what, "apt-get", [...WAIT_FOR_LOCK, ...args], { env, log: "packages", finish: true });
}

/** Makes sure that a program is on PATH; the package is installed where we may. Returns whether it is there now. */
export async function ensureProgram(program: string, packageName: string): Promise<boolean> {
  if (await which(program)) {
    return true;
  }
  const machine = inspectMachine();
  if (!machine.debian || !machine.root) {
    return false;
  }
  await installPackages(packageName);
  return (await which(program)) !== undefined;
}
