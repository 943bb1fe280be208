import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { hasSites } from "../settings/sites.ts";
import type { Settings } from "../settings.ts";
import { hashContext } from "./buildContext.ts";
import { POSTGRESQL_MAJOR } from "./database/version.ts";
import { providerPackage } from "./dns/publicNames.ts";

const ROOT = join(import.meta.dirname, "..");

/** What a user may hand in instead of an upstream reference: built here from Debian's package. */
export const FROM_DEBIAN = "debian";

/** The same for Loki and the collector, which Debian has no package of: compiled from Go modules. */
export const FROM_MODULES = "modules";

/** Images we build, and the folder each is built from, relative to the repository. */
const CONTEXTS = {
  etcd: "images/etcd",
  postgres: "images/postgres",
  haproxy: "images/haproxy",
  pooler: "images/pooler",
  guard: "images/guard",
  "site-agent": "images/site-agent",
  autoscaler: "images/autoscaler",
  status: "images/status",
  exporters: "images/exporters",
  backup: "images/backup",
  authority: "images/authority",
  s3: "images/s3",
  app: "app",
  prometheus: "images/prometheus",
  alertmanager: "images/alertmanager",
  loki: "images/loki",
  collector: "images/collector",
  drill: "images/drill",
  dns: "images/dns",
  "dns-sync": "images/dns-sync",
} as const;

export type ImageName = keyof typeof CONTEXTS | "grafana";

/** Images that carry PostgreSQL's server. */
const WITH_SERVER: ReadonlySet<string> = new Set(["postgres", "backup"]);

/** Images that take their program from another image, and where it lies in that one, as upstream has it. */
const PROGRAMS = { loki: "/usr/bin/loki", collector: "/otelcol-contrib" } as const;

/** A program that the launcher compiles, and the image with nothing else in it that it makes of it. */
export interface ProgramSpec {
  readonly name: keyof typeof PROGRAMS;
  /** `holdfast/<name>-program:<hash of its sources>`. */
  readonly reference: string;
  /** Folder of its go.mod and build.sh, relative to the repository. */
  readonly folder: string;
  /** Where the file lies in the image. */
  readonly path: string;
}

/** An image of this environment: built here, or somebody else's by reference. */
export interface ImageSpec {
  readonly name: ImageName;
  /** `holdfast/<name>:<hash of content>`, or an upstream reference. */
  readonly reference: string;
  /** Folder to build from, relative to the repository or absolute; absent for upstream images. */
  readonly context?: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** What has to be compiled before it can be built. */
  readonly program?: ProgramSpec;
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
    if (name === "site-agent" && !hasSites(settings)) continue;
    if (name === "s3" && settings.backup.cloud.provider !== "builtin") continue;
    if (name === "dns" && settings.dns?.provider !== "builtin") continue;
    if (name === "dns-sync") {
      // The one that asks a DNS service has that service's package.
      const provider = settings.dns && { PROVIDER: providerPackage(settings.dns) };
      if (provider) specs.push(built(name, CONTEXTS[name], settings, provider));
      continue;
    }
    if (name === "app") {
      specs.push(applicationImage(settings));
      continue;
    }
    if (name === "loki" || name === "collector") {
      specs.push(withProgram(name, settings));
      continue;
    }
    const upstream = name === "prometheus" || name === "alertmanager" ? images[name] : FROM_DEBIAN;
    const more = WITH_SERVER.has(name) ? { POSTGRESQL: String(POSTGRESQL_MAJOR) } : {};
    specs.push(
      upstream === FROM_DEBIAN
        ? built(name, CONTEXTS[name], settings, more)
        : pulled(name, upstream),
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

/** Always built here, on our base: upstream's have no shell. Only the program comes from there. */
function withProgram(name: keyof typeof PROGRAMS, settings: Settings): ImageSpec {
  const given = settings.images[name];
  if (given !== FROM_MODULES) {
    return built(name, CONTEXTS[name], settings, { PROGRAM: given });
  }
  const folder = `${CONTEXTS[name]}/program`;
  const hash = createHash("sha256");
  hashContext(hash, resolve(ROOT, folder));
  const reference = `holdfast/${name}-program:${hash.digest("hex").slice(0, 12)}`;
  return {
    ...built(name, CONTEXTS[name], settings, { PROGRAM: reference }),
    program: { name, reference, folder, path: PROGRAMS[name] },
  };
}

function built(
  name: keyof typeof CONTEXTS,
  context: string,
  settings: Settings,
  more: Readonly<Record<string, string>> = {},
): ImageSpec {
  const { base, refresh } = settings.images;
  const hash = createHash("sha256");
  hash.update(`base=${base}\nrefresh=${refresh}\n`);
  for (const [key, value] of Object.entries(more)) hash.update(`${key}=${value}\n`);
  hashContext(hash, resolve(ROOT, context));
  return {
    name,
    reference: `holdfast/${name}:${hash.digest("hex").slice(0, 12)}`,
    context,
    // The date is a build argument as well, or Docker's cache would serve the old packages.
    buildArgs: { BASE: base, REFRESH: refresh, ...more },
  };
}

function pulled(name: ImageName, reference: string): ImageSpec {
  return { name, reference, buildArgs: {} };
}
