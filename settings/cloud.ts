/** What the settings of the cloud repository owe each other. Pure. */
import type { Fault } from "./faults.ts";
import { cloudKeys } from "./repositories.ts";
import type { Parsed } from "./schema.ts";
import { parseIpv4 } from "./subnets.ts";
import type { Path } from "./tree.ts";

const at = (key: keyof Parsed["backup"]["cloud"]): Path => ["backup", "cloud", key];

/**
 * Every contradiction in `backup.cloud`.
 *
 * @param keys those of `cloudKeys` that the stack has, as secrets
 */
export function cloudFaults({ backup: { cloud } }: Parsed, keys: readonly string[]): Fault[] {
  if (cloud.provider === "none") return unused(cloud);
  return cloud.provider === "builtin" ? ownServer(cloud, keys) : [...elsewhere(cloud, keys)];
}

type Cloud = Parsed["backup"]["cloud"];

/** An endpoint alone looks like a second repository, and would be none. */
function unused({ endpoint }: Cloud): Fault[] {
  if (endpoint === "") return [];
  const path = at("provider");
  const problem = "nothing is stored at backup.cloud.endpoint while no provider is chosen";
  return [{ path, problem, mend: { set: { path, value: "s3" } }, involves: [at("endpoint")] }];
}

/** The server that runs beside the database is wired up by Holdfast. */
function ownServer(cloud: Cloud, keys: readonly string[]): Fault[] {
  const own = "the builtin S3 server has its own";
  const given = (["endpoint", "caCertificate"] as const).filter((key) => cloud[key] !== "");
  const style = cloud.pathStyle ? [] : [at("pathStyle")];
  return [
    ...given.map((key) => ({ path: at(key), problem: own, mend: { remove: at(key) } })),
    ...style.map((path) => ({
      path,
      problem: "the builtin S3 server is reached by its address, so the bucket is in the path",
      mend: { remove: path },
    })),
    ...keys.map((key): Fault => {
      return { path: [key], keyOnly: true, problem: own, mend: { remove: [key] } };
    }),
  ];
}

function* elsewhere(cloud: Cloud, keys: readonly string[]): Generator<Fault> {
  const involves = [at("provider")];
  const wanted = [
    ["endpoint", "https://s3.eu-central-1.amazonaws.com"],
    ["bucket", "holdfast-backups"],
  ] as const;
  for (const [key, value] of wanted) {
    if (cloud[key] !== "") continue;
    const path = at(key);
    const problem = `provider s3 needs it; for example ${value}`;
    yield { path, problem, mend: { set: { path, value } }, involves };
  }
  const missing = cloudKeys.filter((key) => !keys.includes(key));
  if (missing.length > 0) {
    const problem = `needs the keys of the S3 account as secrets, and has no ${missing.join(", no ")}`;
    yield { path: at("provider"), problem, mend: { secrets: missing } };
  }
  const host = /^https:\/\/([^:]+)/.exec(cloud.endpoint)?.[1] ?? "";
  if (cloud.pathStyle) return;
  const dotted = cloud.bucket.includes(".");
  if (!dotted && parseIpv4(host) === undefined) return;
  const path = at("pathStyle");
  yield {
    path,
    problem: dotted
      ? `https://${cloud.bucket}.${host} has one dot more than a certificate for *.${host} covers`
      : `there is no name below the address ${host}`,
    mend: { set: { path, value: true } },
    involves: [at("bucket"), at("endpoint")],
  };
}

/** A key that everyone can read who sees the stack's file. */
export function openKeyFault(key: string): Fault {
  const problem =
    "stored in the open; set it again as a secret, and take a new key if others saw it";
  return { path: [key], keyOnly: true, problem, mend: { secrets: [key] } };
}
