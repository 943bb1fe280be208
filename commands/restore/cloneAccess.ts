import { scopeOf } from "../../components/docker/placement.ts";
import { archiveSuffix } from "../../settings/sites.ts";
import { isTree } from "../../settings/tree.ts";
import type { Settings } from "../../settings.ts";

/** What opens a stack's cloud repository: output `backupAccess`, a JSON text. */
export interface BackupAccess {
  readonly stanza: string;
  readonly path: string;
  /** `https://host[:port]` */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly pathStyle: boolean;
  readonly keyId: string;
  readonly keySecret: string;
  readonly cipherPass: string;
  /** PEM; empty where the endpoint's authority is one that the system knows. */
  readonly caCertificate: string;
}

const TEXTS = [
  "stanza",
  "path",
  "endpoint",
  "region",
  "bucket",
  "keyId",
  "keySecret",
  "cipherPass",
] as const;

/** The first site's access as another one's: the same bucket and keys, a cluster and a path of its own. Pure. */
export function accessAt(access: BackupAccess, settings: Settings, site: string): BackupAccess {
  const suffix = archiveSuffix(settings, site);
  return { ...access, stanza: scopeOf({ settings, site }), path: `${access.path}${suffix}` };
}

/** The first site's access in a stack's outputs; undefined for a stack without a cloud repository. Pure. */
export function accessIn(outputs: Readonly<Record<string, unknown>>): BackupAccess | undefined {
  const { backupAccess } = outputs;
  const access = typeof backupAccess === "string" ? treeIn(backupAccess) : backupAccess;
  if (!isTree(access) || TEXTS.some((key) => typeof access[key] !== "string" || !access[key])) {
    return undefined;
  }
  return {
    ...(Object.fromEntries(TEXTS.map((key) => [key, access[key]])) as Record<
      (typeof TEXTS)[number],
      string
    >),
    pathStyle: access.pathStyle !== false,
    caCertificate: typeof access.caCertificate === "string" ? access.caCertificate : "",
  };
}

function treeIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
