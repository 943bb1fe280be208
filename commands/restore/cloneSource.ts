import { scopeOf } from "../../components/docker/placement.ts";
import { foundingSite } from "../../settings/sites.ts";
import type { Tree } from "../../settings/tree.ts";
import type { Settings } from "../../settings.ts";
import { backupContainer } from "../cluster/backups.ts";
import { siteAt } from "../cluster/leader.ts";
import { type Docker, HostSilent } from "../docker.ts";
import { isSharedBackend } from "../engine/backend.ts";
import { readLocalState } from "../engine/state.ts";
import { openStack } from "../engine/workspace.ts";
import { Fault } from "../fault.ts";
import { setUpEngine } from "../setup/engine.ts";
import { activeName } from "../site/activeName.ts";
import { loadStack } from "../stack.ts";
import { accessAt, accessIn, type BackupAccess } from "./cloneAccess.ts";
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
  const chosen = repository ?? (access ? "cloud" : "local");
  const site = await activeName(settings);
  const local = await localOf(settings, site).catch((error: unknown) => {
    // The cloud is read without the site that wrote it.
    if (chosen === "cloud" && error instanceof HostSilent) return undefined;
    throw error;
  });
  refuseUnreachable(name, chosen, access, local?.container);
  return sourceAt({ settings, stackFile, repository: chosen, access, site, local });
}

/** What the cluster of one site left: its stanza, its path and its own container, never another's. Pure. */
export function sourceAt(facts: {
  readonly settings: Settings;
  readonly stackFile: string;
  readonly repository: "local" | "cloud";
  /** The first site's. */
  readonly access: BackupAccess | undefined;
  /** The one that takes writes. */
  readonly site: string;
  readonly local: CloneSource["local"] | undefined;
}): CloneSource {
  const { settings, stackFile, repository, access, site, local } = facts;
  const { project, stack, backup } = settings;
  // The S3 server stands on the first site's network, whichever one is active.
  const network = `${project}-${stack}-${foundingSite(settings)}-network`;
  return {
    stack,
    settings: settings as unknown as Tree,
    stackFile,
    repository,
    stanza: scopeOf({ settings, site }),
    ...(access ? { access: accessAt(access, settings, site) } : {}),
    ...(local ? { local } : {}),
    ...(backup.cloud.provider === "builtin" ? { network } : {}),
  };
}

async function localOf(settings: Settings, site: string): Promise<CloneSource["local"]> {
  const { docker, containers } = await siteAt(settings, site);
  const container = backupContainer(containers);
  return container === undefined ? undefined : { docker, container };
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
