import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ROOT } from "../paths.ts";

const SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
const ADDED = "/usr/local/share/ca-certificates";
/** Variables by which programs are told of another bundle. */
const VARIABLES = ["SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"];
const FILE = "host-ca.crt";

/**
 * Hands the host's additional certificate authorities to the image builds that fetch something: where mirrors stand behind
 * a company's own authority, pip fails without (lab §3). The file is ignored by git and stays out of the images' names.
 *
 * @param ownApplication the setting `application.context`
 * @returns how many build contexts have it now
 */
export function shareCertificates(ownApplication = ""): number {
  const bundle = additionalBundle();
  const contexts = contextsThatAsk(ownApplication);
  for (const context of contexts) {
    const file = join(context, FILE);
    if (bundle === undefined) {
      rmSync(file, { force: true });
    } else if (!existsSync(file) || readFileSync(file, "utf8") !== bundle) {
      writeFileSync(file, bundle); // only when it differs: a new file would spoil Docker's build cache
    }
  }
  return bundle === undefined ? 0 : contexts.length;
}

/** Everything this host trusts, when that is more than its distribution does. */
function additionalBundle(): string | undefined {
  const named = VARIABLES.map((name) => process.env[name] ?? "").filter(existsSync);
  const files = [...new Set([SYSTEM_BUNDLE, ...named])].filter(existsSync);
  const extra = named.length > 0 || certificatesIn(ADDED);
  return extra && files.length > 0
    ? files
        .map((file) => readFileSync(file, "utf8").trimEnd())
        .join("\n")
        .concat("\n")
    : undefined;
}

function certificatesIn(folder: string): boolean {
  return (
    existsSync(folder) &&
    readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith(".crt"))
  );
}

/** Build contexts whose Dockerfile reads the file. */
function contextsThatAsk(ownApplication: string): string[] {
  const images = join(ROOT, "images");
  const folders = existsSync(images) ? readdirSync(images).map((name) => join(images, name)) : [];
  return [...folders, resolve(ROOT, ownApplication || "app")].filter((folder) => {
    const dockerfile = join(folder, "Dockerfile");
    return existsSync(dockerfile) && readFileSync(dockerfile, "utf8").includes("host-ca");
  });
}
