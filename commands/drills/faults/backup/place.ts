import type { Settings } from "../../../../settings.ts";
import type { Box } from "../../boxes.ts";
import { type Scene, Skipped } from "../../scene.ts";
import { boxOf } from "../tools.ts";
import { holesOf, observe, untilWhole } from "./facts.ts";

/** Where the builtin S3 server keeps its buckets. */
export const S3_DATA = "/var/lib/s3";
/** Where the backup container keeps repository `local`. */
export const REPOSITORY = "/var/lib/pgbackrest";
/** Added to the name of what a drill puts aside. */
export const ASIDE = ".before-drill";
/** For the backups to be whole before they are hurt: a first base backup may run still. */
const CALM_SECONDS = 90;

/** The stack's own S3 server. @throws Skipped where the cloud is another's, or there is none */
export function builtinS3(scene: Scene): Box {
  needBuiltin(scene.settings);
  return boxOf(scene, "s3");
}

/** @throws Skipped */
export function needBuiltin({ backup }: Pick<Settings, "backup">): void {
  const { provider } = backup.cloud;
  if (provider !== "builtin") {
    throw new Skipped(
      provider === "none"
        ? "this stack has no repository in the cloud (backup.cloud.provider none)"
        : "the cloud is another's S3 (backup.cloud.provider s3): only a builtin one is broken",
    );
  }
}

/** The bucket's folder in the builtin S3 server's container. */
export function bucketFolder({ backup }: Pick<Settings, "backup">): string {
  return `${S3_DATA}/${backup.cloud.bucket}`;
}

/** The stack's own part of the bucket: what repository `local` has in {@link REPOSITORY}. */
export function cloudFolder(settings: Settings, { stackId }: Box): string {
  return `${bucketFolder(settings)}/${settings.backup.cloud.prefix}/${stackId}`;
}

/** Waits until the backups are whole. @returns the holes that they have from before */
export async function calmBackups(scene: Scene): Promise<Set<string>> {
  // Every hole of before is allowed: only what a drill makes is its own.
  const observed = await untilWhole(scene, { holes: anything }, CALM_SECONDS);
  return holesOf(observed);
}

/** Those that are known now, whether the backups are whole or not. */
export async function knownHoles(scene: Scene): Promise<Set<string>> {
  const observed = await observe(scene.docker, boxOf(scene, "backup"));
  return observed ? holesOf(observed) : new Set();
}

const anything = { has: () => true };

/** How long a fault lasts: until its alert fires, or as long as a person said. */
export function held(
  { hold }: Pick<Scene, "hold">,
  times: { readonly least: number; readonly most: number },
): { readonly holdSeconds: number; readonly untilAlertSeconds: number } {
  return { holdSeconds: hold ?? times.most, untilAlertSeconds: hold ?? times.least };
}

/** `docker exec` of a shell script; arguments are `$1` and on. Pure. */
export function script(box: Box, text: string, ...args: readonly string[]): string[] {
  return ["exec", box.name, "sh", "-euc", text, "sh", ...args];
}

/** The same as root, who owns what Docker put there; without capabilities. Pure. */
export function rootScript(box: Box, text: string, ...args: readonly string[]): string[] {
  return ["exec", "--user", "0:0", box.name, "sh", "-euc", text, "sh", ...args];
}
