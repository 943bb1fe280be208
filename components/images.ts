import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import type { Settings } from "../settings.ts";
import { hashContext } from "./buildContext.ts";

const ROOT = join(import.meta.dirname, "..");

/** What a user may hand in instead of an upstream reference: built here from Debian's package. */
export const FROM_DEBIAN = "debian";

/** Images we build, and the folder each is built from, relative to the repository. */
const CONTEXTS = {
  etcd: "images/etcd",
  postgres: "images/postgres",
  haproxy: "images/haproxy",
  pooler: "images/pooler",
  guard: "images/guard",
  autoscaler: "images/autoscaler",
  status: "images/status",
  exporters: "images/exporters",
  backup: "images/backup",
  authority: "images/authority",
  s3: "images/s3",
  app: "app",
  prometheus: "images/prometheus",
  alertmanager: "images/alertmanager",
  drill: "images/drill",
} as const;

export type ImageName = keyof typeof CONTEXTS | "grafana";

/** An image of this environment: built here, or somebody else's by reference. */
export interface ImageSpec {
  readonly name: ImageName;
  /** `holdfast/<name>:<hash of content>`, or an upstream reference. */
  readonly reference: string;
  /** Folder to build from, relative to the repository or absolute; absent for upstream images. */
  readonly context?: string;
  readonly buildArgs: Readonly<Record<string, string>>;
}

/**
 * Which images the settings ask for. Pure but for reading the build contexts.
 *
 * The name of a built image is a hash of what goes into it (M6): the context's files, the base's
 * name and `images.refresh`. So a preview shows old → new, and it shows the same on every machine.
 * The host's certificate authorities (`host-ca.crt`) differ from machine to machine and stay out.
 */
export function imagesOf(settings: Settings): ImageSpec[] {
  const { images, monitoring } = settings;
  const specs: ImageSpec[] = [];
  for (const name of Object.keys(CONTEXTS) as (keyof typeof CONTEXTS)[]) {
    if (name === "s3" && settings.backup.cloud.provider !== "builtin") continue;
    if (name === "app") {
      specs.push(applicationImage(settings));
      continue;
    }
    const upstream = name === "prometheus" || name === "alertmanager" ? images[name] : FROM_DEBIAN;
    specs.push(
      upstream === FROM_DEBIAN ? built(name, CONTEXTS[name], settings) : pulled(name, upstream),
    );
  }
  if (monitoring.grafana) {
    specs.push(pulled("grafana", images.grafana));
  }
  return specs;
}

/** The shop, or the application that the user brings. */
function applicationImage(settings: Settings): ImageSpec {
  const { image, context } = settings.application;
  return image === "" ? built("app", context || CONTEXTS.app, settings) : pulled("app", image);
}

function built(name: keyof typeof CONTEXTS, context: string, settings: Settings): ImageSpec {
  const { base, refresh } = settings.images;
  const hash = createHash("sha256");
  hash.update(`base=${base}\nrefresh=${refresh}\n`);
  hashContext(hash, resolve(ROOT, context));
  return {
    name,
    reference: `holdfast/${name}:${hash.digest("hex").slice(0, 12)}`,
    context,
    // The date is a build argument as well, or Docker's cache would serve the old packages.
    buildArgs: { BASE: base, REFRESH: refresh },
  };
}

function pulled(name: ImageName, reference: string): ImageSpec {
  return { name, reference, buildArgs: {} };
}
