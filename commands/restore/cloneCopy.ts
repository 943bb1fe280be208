import type { Docker } from "../docker.ts";
import { shellQuote } from "../engine/env.ts";
import { must } from "../exec.ts";
import { Fault } from "../fault.ts";

/** Where a container keeps its own repository, and a copied one for the time of a restore. */
const REPOSITORY = "/var/lib/pgbackrest";
export const COPIED = `${REPOSITORY}/source`;
/** Held by backups and expiry: nothing the copy needs is removed while it is made. */
const LOCK = `${REPOSITORY}/holdfast.lock`;
const LOCK_SECONDS = 600;
/** What has to be free beside the copy: the new stack's own first backup, and some. */
const SPARE = 1.5;

/** A container on a Docker host. */
export interface Place {
  readonly docker: Docker;
  readonly container: string;
}

/**
 * Copies the part of a local repository that belongs to one cluster from one backup container into
 * another, which may be on another Docker host.
 *
 * @returns how many KiB the copy takes
 * @throws Fault where there is no such cluster, or no room for it
 */
export async function copyRepository(from: Place, to: Place, stanza: string): Promise<number> {
  const needed = await sizeOf(from, stanza);
  const free = await freeIn(to);
  if (needed * SPARE > free) {
    throw new Fault(
      `the local repository of ${stanza} has ${mebibytes(needed)} MiB, and where ${to.container} keeps its own there are ${mebibytes(free)} MiB free`,
      "make room there, or take the cloud repository: --repository cloud",
    );
  }
  await remove(to);
  const send = words(from, [
    "flock",
    "--wait",
    String(LOCK_SECONDS),
    LOCK,
    "sh",
    "-c",
    sending(stanza),
  ]);
  const take = words(
    to,
    ["sh", "-c", `umask 077 && mkdir ${COPIED} && exec tar --extract --directory ${COPIED}`],
    "--interactive",
  );
  const script = `set -o pipefail; ${send} | ${take}`;
  await must(`copying the local repository of ${stanza}`, "bash", ["-c", script], {
    log: "restore",
  });
  return needed;
}

/** Segments arrive while tar reads; that a file came or went meanwhile is its exit code 1. Pure. */
export function sending(stanza: string): string {
  const folders = [`archive/${stanza}`, `backup/${stanza}`].map(shellQuote).join(" ");
  const tar = `tar --create --directory ${REPOSITORY} --exclude '*.pgbackrest.tmp' ${folders}`;
  return `${tar} || [ $? -eq 1 ]`;
}

/** Removes a copy, or what is there of one. */
export async function remove({ docker, container }: Place): Promise<void> {
  await docker.run(["exec", container, "rm", "--recursive", "--force", COPIED]);
}

async function sizeOf({ docker, container }: Place, stanza: string): Promise<number> {
  const folders = ["archive", "backup"].map((part) => `${REPOSITORY}/${part}/${stanza}`);
  const args = ["exec", container, "du", "--summarize", "--total", "--block-size=1024", ...folders];
  const { code, stdout } = await docker.run(args);
  if (code !== 0) {
    throw new Fault(
      `${container} holds no backups of ${stanza} in its local repository`,
      "./holdfast backups lists what there is",
    );
  }
  return lastNumber(stdout);
}

async function freeIn({ docker, container }: Place): Promise<number> {
  const args = ["exec", container, "df", "--output=avail", "--block-size=1024", REPOSITORY];
  const { stdout } = await docker.must("looking for free space", args);
  return lastNumber(stdout);
}

/** The number that the last line begins with, of what du and df print. Pure. */
export function lastNumber(text: string): number {
  return Number.parseInt(text.trim().split("\n").at(-1)?.trim() ?? "", 10) || 0;
}

function mebibytes(kibibytes: number): number {
  return Math.ceil(kibibytes / 1024);
}

/** A shell's words that run a program in a container of some Docker host. */
function words(
  { docker, container }: Place,
  command: readonly string[],
  ...options: string[]
): string {
  const line = ["docker", "exec", ...options, container, ...command].map(shellQuote).join(" ");
  return `DOCKER_HOST=${shellQuote(docker.host)} ${line}`;
}
