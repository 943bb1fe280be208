import type { Settings } from "../../../../settings.ts";
import type { Docker } from "../../../docker.ts";
import type { Box } from "../../boxes.ts";
import type { Scene } from "../../scene.ts";
import { connectArgs } from "../crash.ts";
import { ANSWER_MS, boxOf } from "../tools.ts";
import { undoBy } from "./journal.ts";

/** Where a container finds its own. */
export const SECRETS = "/etc/holdfast/secrets";
const PORT = 7070;
const MEMORY_MIB = 64;
/** What S3 says when it cannot serve now. */
const BODY =
  "<?xml version='1.0' encoding='UTF-8'?><Error><Code>ServiceUnavailable</Code><Message>A drill</Message></Error>";

const CONFIG = `
defaults
  mode http
  timeout client 10s
  timeout http-request 10s
frontend s3
  bind :${PORT} ssl crt /tmp/s3.pem
  http-request return status 503 content-type application/xml string "${BODY}"
`;

/** The key is in the same file as the certificate, for HAProxy alone, and only while it runs. */
const START =
  "umask 077; cat /tmp/tls.crt /tmp/tls.key >/tmp/s3.pem; " +
  'printf %s "$1" >/tmp/haproxy.cfg; exec haproxy -db -f /tmp/haproxy.cfg';

/**
 * Takes S3's container off its network and puts one in its place, with its address, name and
 * certificate, that answers 503 to everything.
 */
export async function standInForS3(scene: Scene, s3: Box): Promise<void> {
  const { docker, settings } = scene;
  const name = `${s3.name}-stand-in`;
  const [network = "", address = ""] = Object.entries(s3.networks)[0] ?? [];
  const connect = connectArgs(network, address, { id: s3.name, alias: s3.alias });
  undoBy(scene, "S3 answers again", [
    { args: ["rm", "--force", name], done: "No such container" },
    { args: connect, done: "already exists in network" },
  ]);
  await docker.must("making a stand-in for S3", [
    ...["create", "--name", name, ...labels(settings, s3)],
    ...["--network", network, "--ip", address, "--network-alias", s3.alias],
    ...[`--memory=${MEMORY_MIB}m`, "--cap-drop=ALL", "--security-opt=no-new-privileges:true"],
    ...[
      "--user",
      "0:0",
      "--entrypoint",
      "sh",
      boxOf(scene, "router").image,
      "-c",
      START,
      "sh",
      CONFIG,
    ],
  ]);
  for (const file of ["tls.crt", "tls.key"]) {
    await copyFile(docker, `${s3.name}:${SECRETS}/${file}`, `${name}:/tmp`);
  }
  await docker.must("taking S3 off its network", ["network", "disconnect", network, s3.name], {
    timeoutMs: ANSWER_MS,
  });
  await docker.must("starting the stand-in for S3", ["start", name], { timeoutMs: ANSWER_MS });
}

/** The stack's, so that `repair` and `down` clear a left-over one away; no component of it. */
function labels({ stack }: Settings, { stackId }: Box): string[] {
  const pairs = [`holdfast.id=${stackId}`, `holdfast.stack=${stack}`, "holdfast.drill=s3"];
  return pairs.flatMap((pair) => ["--label", pair]);
}

/** Through this process' memory alone: a key leaves no file behind here. */
async function copyFile(docker: Docker, from: string, to: string): Promise<void> {
  // A tar archive of text is text.
  const { stdout } = await docker.must(`reading ${from}`, ["cp", from, "-"]);
  await docker.must(`writing ${to}`, ["cp", "-", to], { input: stdout });
}
