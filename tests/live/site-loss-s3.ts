/** An S3 server outside any stack, as a provider's would be: its own machine name, keys and authority. */
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadStack } from "../../commands/stack.ts";
import { imagesOf } from "../../components/images.ts";
import { eventually, must, run } from "./stack.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const PORT = 7070;

interface Pair {
  readonly key: string;
  readonly crt: string;
}

/** Runs the image of the builtin server on the host's own network, so that every stack reaches it by an address. */
export class OutsideS3 {
  readonly bucket = "outside";
  readonly keyId = randomBytes(10).toString("hex");
  readonly keySecret = randomBytes(20).toString("hex");
  /** `https://<address>:<port>`, once it runs. */
  endpoint = "";
  /** PEM of its authority. */
  certificate = "";

  private readonly name = `holdfast-test-s3-${randomBytes(2).toString("hex")}`;
  private readonly folder = mkdtempSync(join(tmpdir(), "holdfast-s3-"));

  async start(): Promise<void> {
    const address = await hostAddress();
    this.endpoint = `https://${address}:${PORT}`;
    const secrets = await this.writeSecrets(address);
    await must("docker", ["volume", "create", this.name]);
    await must("docker", [
      ...["run", "--detach", "--name", this.name, "--network", "host"],
      ...[
        "--volume",
        `${this.name}:/var/lib/s3`,
        "--volume",
        `${secrets}:/etc/holdfast/secrets:ro`,
      ],
      ...["--tmpfs", "/run/s3:rw,size=1m,uid=999,gid=999,mode=0700"],
      ...["--env", `HOLDFAST_BUCKET=${this.bucket}`, "--env", "HOLDFAST_REGION=us-east-1"],
      await image("s3"),
    ]);
    await eventually(`an S3 server at ${this.endpoint}`, 30, async () => {
      return (await run("docker", ["exec", this.name, "holdfast-health"])).code === 0;
    });
  }

  async remove(): Promise<void> {
    await run("docker", ["rm", "--force", this.name]);
    await run("docker", ["volume", "rm", "--force", this.name]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The files that the image reads; it runs as another user than this test. */
  private async writeSecrets(address: string): Promise<string> {
    const authority = await image("authority");
    const job = ["run", "--rm", "-i", "--network", "none", "--entrypoint"];
    const create = ["holdfast-ca-create", authority, "--name", "Outside"];
    const ca = JSON.parse(await must("docker", [...job, ...create])) as Pair;
    const request = { ca, commonName: "s3", altNames: ["s3", address], days: 30 };
    const issue = [...job, "holdfast-ca-issue", authority];
    const leaf = JSON.parse(
      await must("docker", issue, { input: JSON.stringify(request) }),
    ) as Pair;
    this.certificate = ca.crt;
    const files = {
      "s3-key-id": this.keyId,
      "s3-key-secret": this.keySecret,
      "tls-ca.crt": ca.crt,
      "tls.crt": leaf.crt,
      "tls.key": leaf.key,
    };
    chmodSync(this.folder, 0o755);
    const folder = join(this.folder, "secrets");
    mkdirSync(folder, { mode: 0o755 });
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(folder, name), content, { mode: 0o444 });
    }
    return folder;
  }
}

/** An address of this machine that containers reach: that of Docker's own bridge. */
async function hostAddress(): Promise<string> {
  const format = "{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}}";
  const answer = await must("docker", ["network", "inspect", "bridge", "--format", format]);
  const [subnet = "", gateway = ""] = answer.trim().split(" ");
  // Older versions of Docker tell no gateway: it is the subnet's first address.
  return gateway || subnet.replace(/\.0\/.*$/, ".1");
}

/** One of our images by name, built where it is missing. */
async function image(name: "s3" | "authority"): Promise<string> {
  const { settings } = loadStack("dev");
  const cloud = { ...settings.backup.cloud, provider: "builtin" as const };
  const all = imagesOf({ ...settings, backup: { ...settings.backup, cloud } });
  const spec = all.find((one) => one.name === name);
  if (!spec?.context) {
    throw new Error(`no image ${name}`);
  }
  if ((await run("docker", ["image", "inspect", spec.reference])).code !== 0) {
    const values = Object.entries(spec.buildArgs).flatMap(([k, v]) => ["--build-arg", `${k}=${v}`]);
    const context = join(ROOT, spec.context);
    await must("docker", ["build", "--tag", spec.reference, ...values, context]);
  }
  return spec.reference;
}
