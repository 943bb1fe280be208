import { FROM_DEBIAN, FROM_MODULES } from "../../components/images.ts";
import { type Tree, valueAt } from "../../settings/tree.ts";
import type { Settings } from "../../settings.ts";
import type { Docker } from "../docker.ts";
import { Fault } from "../fault.ts";
import { note, step } from "../ui.ts";
import { provideBase } from "./baseImage.ts";
import { treeOf } from "./record.ts";
import { Registries } from "./registry.ts";

/** What has an equivalent of our own, and the setting's word for it. */
const OF_OUR_OWN = {
  prometheus: FROM_DEBIAN,
  alertmanager: FROM_DEBIAN,
  loki: FROM_MODULES,
  collector: FROM_MODULES,
} as const;

/**
 * Finds out which images this machine can have: the base, those of the monitoring's programs, and that of an application of
 * the user's own.
 *
 * @param defaults the settings without the record's answers: the upstream references
 * @returns answers for the record; what is as the default says is left out
 */
export async function chooseImages(
  docker: Docker,
  settings: Settings,
  defaults: Settings,
  config: Tree,
): Promise<Tree[]> {
  const registries = new Registries(docker);
  const isConfigured = (path: string[]) => valueAt(config, path) !== undefined;
  const base = step("base image", "looking for it", (progress) =>
    provideBase(
      docker,
      registries,
      settings.images.base,
      isConfigured(["images", "base"]),
      progress,
    ),
  ).then((found) => (found === settings.images.base ? {} : treeOf(["images", "base"], found)));
  const answers = await Promise.all([
    base,
    ...(Object.keys(OF_OUR_OWN) as (keyof typeof OF_OUR_OWN)[]).map((name) =>
      chooseBuilt(registries, name, settings, isConfigured),
    ),
    chooseGrafana(docker, registries, settings, defaults, isConfigured),
    requireApplication(registries, settings),
  ]);
  return answers;
}

type IsConfigured = (path: string[]) => boolean;

async function chooseBuilt(
  registries: Registries,
  name: keyof typeof OF_OUR_OWN,
  settings: Settings,
  isConfigured: IsConfigured,
): Promise<Tree> {
  const reference = settings.images[name];
  const ours = OF_OUR_OWN[name];
  if (reference === ours || (await registries.provide(reference))) {
    return {};
  }
  if (isConfigured(["images", name])) {
    throw unobtainable(reference, `pulumi config set --path images.${name} ${ours}`);
  }
  return treeOf(["images", name], ours);
}

async function chooseGrafana(
  docker: Docker,
  registries: Registries,
  settings: Settings,
  defaults: Settings,
  isConfigured: IsConfigured,
): Promise<Tree> {
  const reference = settings.images.grafana;
  const wanted = defaults.monitoring.grafana;
  if (!wanted) {
    return {};
  }
  if (!settings.monitoring.grafana) {
    // An earlier run did without; whoever loaded the image since then wants it.
    return (await docker.hasImage(reference)) ? treeOf(["monitoring", "grafana"], true) : {};
  }
  if (await registries.provide(reference)) {
    return {};
  }
  if (isConfigured(["monitoring", "grafana"])) {
    throw unobtainable(reference, "pulumi config set --path monitoring.grafana false");
  }
  return treeOf(["monitoring", "grafana"], false);
}

/** An application of the user's own has no stand-in: without its image there is nothing to run. */
async function requireApplication(registries: Registries, settings: Settings): Promise<Tree> {
  const reference = settings.application.image;
  if (reference !== "" && !(await registries.provide(reference))) {
    throw unobtainable(reference, "pulumi config rm --path application.image    (the shop)");
  }
  return {};
}

function unobtainable(reference: string, otherwise: string): Fault {
  return new Fault(
    `the image ${reference} is neither on the Docker host nor can it be pulled`,
    `load it: docker load --input <file>    (made where it can be had: docker pull ${reference} && docker save ${reference} --output <file>)`,
    `or do without: ${otherwise}`,
  );
}

/** Whether Grafana is left out only because its image cannot be had. Pure. */
export function grafanaIsMissing(settings: Settings, config: Tree): boolean {
  return !settings.monitoring.grafana && valueAt(config, ["monitoring", "grafana"]) === undefined;
}

/** Says plainly that Grafana is left out, and how to have it. */
export function explainMissingGrafana(settings: Settings, defaults: Settings): void {
  if (settings.monitoring.grafana || !defaults.monitoring.grafana) {
    return;
  }
  const { grafana } = settings.images;
  note(
    "  note Grafana is left out: its image cannot be pulled here, and it cannot be built from package mirrors.",
  );
  note(
    "       Prometheus and Alertmanager run without it. To have it, where the image can be had:",
  );
  note(`         docker pull ${grafana} && docker save ${grafana} --output grafana.tar`);
  note("       then here:");
  note("         docker load --input grafana.tar && ./holdfast up");
}
