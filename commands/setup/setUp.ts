import { siteNames } from "../../settings/sites.ts";
import { merge, type Tree, valueAt } from "../../settings/tree.ts";
import type { Settings } from "../../settings.ts";
import { Docker } from "../docker.ts";
import { isSharedBackend } from "../engine/backend.ts";
import { whereToLook } from "../site/silentHost.ts";
import { typed } from "../site/view.ts";
import { loadStack, type Stack } from "../stack.ts";
import { note } from "../ui.ts";
import { shareCertificates } from "./certificates.ts";
import { findDataRoot } from "./dataRoot.ts";
import { setUpDocker } from "./docker.ts";
import { setUpEngine } from "./engine.ts";
import { chooseAddresses } from "./freeAddresses.ts";
import { chooseImages, explainMissingGrafana } from "./images.ts";
import { memoryWarning } from "./memory.ts";
import { checkOwnApplication } from "./ownApplication.ts";
import { prebuildImages } from "./prebuild.ts";
import { providePrograms } from "./programs.ts";
import {
  changesBetween,
  type StackRecord,
  treeOf,
  updateRecord,
  withoutDeep,
  writeRecord,
} from "./record.ts";

/** A machine that can run the program. */
export interface Ready {
  readonly stack: Stack;
  /** Folders of the engine and its plugins, for PATH. */
  readonly enginePath: readonly string[];
  /** The Docker hosts, by the names in the settings. */
  readonly hosts: Readonly<Record<string, Docker>>;
}

export interface SetUpOptions {
  /**
   * How much is needed: `engine` and Docker alone, which is enough to take down or repair; also the answers a `plan` rests
   * on (images, ports, subnets); or `all`, with our images built. @default "all"
   */
  readonly scope?: "engine" | "plan" | "all";
  /** Forget which images could not be had, and try again. @default false */
  readonly again?: boolean;
}

/**
 * Does everything that a machine needs before Pulumi starts; what is there already is left alone. Steps that do not need
 * each other run side by side.
 *
 * @throws SettingsError before anything is touched; Fault when a step fails
 */
export async function setUp(name: string, options: SetUpOptions = {}): Promise<Ready> {
  const loaded = loadStack(name);
  const stack = options.again ? loadStack(name, forgetImages(loaded.record)) : loaded;
  const [enginePath, prepared] = await Promise.all([setUpEngine(), prepareHosts(stack, options)]);
  return { ...prepared, enginePath };
}

type Prepared = Omit<Ready, "enginePath">;

async function prepareHosts(given: Stack, options: SetUpOptions): Promise<Prepared> {
  const { hosts, answers: addresses } = await findHosts(given);
  const scope = options.scope ?? "all";
  if (scope === "engine") {
    return { stack: given, hosts };
  }
  const defaults = loadStack(given.name, {}).settings;
  const answers: Tree[] = [addresses];
  for (const docker of Object.values(hosts)) {
    answers.push(...(await chooseImages(docker, given.settings, defaults, given.config)));
  }
  answers.push(...(await chooseAddresses(given, hosts)));

  const record = updateRecord(given.record, answers.reduce(merge, {}), given.config);
  const stack = keepRecord(given, record);
  if (given.settings.monitoring.grafana) {
    explainMissingGrafana(stack.settings, defaults); // once, when it turns out
  }
  await warnAboutMemory(stack.settings, hosts);

  shareCertificates(stack.settings.application.context);
  if (scope === "all") {
    for (const docker of Object.values(hosts)) {
      await providePrograms(docker, stack.settings);
      await prebuildImages(docker, stack.settings);
      await checkOwnApplication(docker, stack.settings);
    }
  }
  return { stack, hosts };
}

async function findHosts(stack: Stack): Promise<{ hosts: Record<string, Docker>; answers: Tree }> {
  const hosts: Record<string, Docker> = {};
  let answers: Tree = {};
  for (const [name, { docker: address }] of Object.entries(stack.settings.hosts)) {
    const path = ["hosts", name, "docker"];
    const configured = valueAt(stack.config, path) !== undefined;
    const found = await setUpDocker(
      { name, address, configured },
      withoutHost(stack.settings, name),
    );
    hosts[name] = new Docker(found);
    if (found !== address) {
      answers = merge(answers, treeOf(path, found));
    }
    answers = merge(answers, await findDataRoot(new Docker(found), name, stack.config));
  }
  return { hosts, answers };
}

/** What to type when a host of several sites is gone: the commands that need neither it nor the engine. Pure. */
export function withoutHost(settings: Settings, host: string): string[] {
  const names = siteNames(settings);
  const lost = names.filter((site) => settings.sites[site]?.host === host);
  const [left, ...others] = names.filter((site) => !lost.includes(site));
  if (names.length < 2) return [];
  return [
    whereToLook(settings),
    ...(left !== undefined && others.length === 0 && lost.length > 0
      ? [`if site ${lost.join(", ")} is lost: ${typed(settings, `failover --to ${left}`)}`]
      : []),
  ];
}

/** Writes the record where it changed, says so, and reads the settings anew. */
function keepRecord(given: Stack, record: StackRecord): Stack {
  const changes = changesBetween(given.record, record);
  const stack = loadStack(given.name, record);
  if (changes.length === 0) {
    return stack;
  }
  const shared = isSharedBackend();
  writeRecord(given.name, record, shared);
  const place = shared
    ? `Pulumi.${given.name}.yaml (commit it)`
    : `.holdfast/stacks/${given.name}.json`;
  note(`  ok   settings of this machine, recorded in ${place}`);
  for (const change of changes) {
    note(`         ${change}`);
  }
  return stack;
}

async function warnAboutMemory(
  settings: Settings,
  hosts: Readonly<Record<string, Docker>>,
): Promise<void> {
  for (const [host, docker] of Object.entries(hosts)) {
    const warning = await memoryWarning(docker, settings, host);
    if (warning) {
      note(`  ${warning}`);
    }
  }
}

function forgetImages(record: StackRecord): StackRecord {
  return withoutDeep(withoutDeep(record, ["images"]), ["monitoring", "grafana"]);
}
