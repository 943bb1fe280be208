import type { Tree } from "../../settings/tree.ts";
import { backupContainer } from "../cluster/backups.ts";
import { activeSite } from "../cluster/leader.ts";
import type { Docker } from "../docker.ts";
import { isSharedBackend } from "../engine/backend.ts";
import { readLocalState } from "../engine/state.ts";
import { openStack } from "../engine/workspace.ts";
import { Fault } from "../fault.ts";
import { setUpEngine } from "../setup/engine.ts";
import { loadStack } from "../stack.ts";
import { accessIn, type BackupAccess } from "./cloneAccess.ts";
import type { RestoreOptions } from "./types.ts";

/** What a clone begins with. */
export interface CloneSource {
  /** Its name. */
  readonly stack: string;
  /** All its settings. */
  readonly settings: Tree;
  /** Text of its Pulumi.<stack>.yaml. */
  readonly stackFile: string;
  readonly repository: "local" | "cloud";
  /** pgBackRest's name of the cluster. */
  readonly stanza: string;
  /** What opens the cloud repository; absent without one. */
  readonly access?: BackupAccess;
  /** The container whose volume holds the local repository; absent when it does not run. */
  readonly local?: { readonly docker: Docker; readonly container: string };
  /** The Docker network that the cloud repository is on, where it is a container of the source. */
  readonly network?: string;
}

/** A stack of this folder as a source. @throws Fault when it has no backups that can be reached */
export async function sourceStack(
  name: string,
  { repository }: RestoreOptions,
  stackFile: string,
): Promise<CloneSource> {
  const stack = loadStack(name);
  const { settings } = stack;
  if (!isSharedBackend() && (readLocalState(name)?.resources.length ?? 0) === 0) {
    throw new Fault(
      `there is no stack ${name} in this folder that a clone could begin with`,
      "of a stack whose folder is elsewhere, take its recovery kit: --kit FILE",
    );
  }
  const engine = await openStack({ stack, enginePath: await setUpEngine(true), hosts: {} });
  const outputs = Object.entries(await engine.stack.outputs());
  const access = accessIn(Object.fromEntries(outputs.map(([key, { value }]) => [key, value])));
  const { docker, containers } = await activeSite(settings);
  const container = backupContainer(containers);
  const chosen = repository ?? (access ? "cloud" : "local");
  refuseUnreachable(name, chosen, access, container);
  const [site = ""] = Object.keys(settings.sites);
  const builtin = settings.backup.cloud.provider === "builtin";
  return {
    stack: name,
    settings: settings as unknown as Tree,
    stackFile,
    repository: chosen,
    stanza: access?.stanza ?? `${name}-${site}`,
    ...(access ? { access } : {}),
    ...(container ? { local: { docker, container } } : {}),
    ...(builtin ? { network: `${settings.project}-${name}-${site}-network` } : {}),
  };
}

function refuseUnreachable(
  name: string,
  repository: "local" | "cloud",
  access: BackupAccess | undefined,
  container: string | undefined,
): void {
  if (repository === "cloud" && access === undefined) {
    throw new Fault(
      `stack ${name} has no cloud repository, or was not brought up since it has one`,
      `from its local repository: add --repository local`,
    );
  }
  if (repository === "local" && container === undefined) {
    throw new Fault(
      `the backup container of stack ${name} does not run, and its volume holds the local repository`,
      `./holdfast up --stack ${name}`,
      ...(access ? ["or from its cloud repository: add --repository cloud"] : []),
    );
  }
}
