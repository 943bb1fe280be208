import { type Tree, valueAt } from "../../settings/tree.ts";
import type { Settings } from "../../settings.ts";
import type { Docker } from "../docker.ts";
import { Fault } from "../fault.ts";
import { note, step } from "../ui.ts";
import { provideBase } from "./baseImage.ts";
import { treeOf } from "./record.ts";
import { Registries } from "./registry.ts";

/** The setting's word for an image built by us from Debian's package. */
const FROM_DEBIAN = "debian";

/**
 * Finds out which images this machine can have: the base, those of Prometheus, Alertmanager and Grafana, and that of an
 * application of the user's own.
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
    chooseBuilt(registries, "prometheus", settings, isConfigured),
    chooseBuilt(registries, "alertmanager", settings, isConfigured),
    chooseGrafana(docker, registries, settings, defaults, isConfigured),
    requireApplication(registries, settings),
  ]);
  return answers;
}

type IsConfigured = (path: string[]) => boolean;

async function chooseBuilt(
  registries: Registries,
  name: "prometheus" | "alertmanager",
  settings: Settings,
  isConfigured: IsConfigured,
): Promise<Tree> {
  const reference = settings.images[name];
  if (reference === FROM_DEBIAN || (await registries.provide(reference))) {
    return {};
  }
  if (isConfigured(["images", name])) {
    throw unobtainable(reference, `pulumi config set --path images.${name} debian`);
  }
  return treeOf(["images", name], FROM_DEBIAN);
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
