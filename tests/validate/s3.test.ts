import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { docker, type Finished, imageFor, inImage, newName } from "./images.ts";

/** A stack's own S3 server, started as the program starts it: unprivileged, with files for secrets. */
const container = newName();
const KEY_ID = "validateKeyId00000000";
const KEY_SECRET = "validateKeySecret0000";
let folder: string;

interface Pair {
  readonly key: string;
  readonly crt: string;
}

async function pairFrom(command: readonly string[], stdin = ""): Promise<Pair> {
  const { code, output } = await inImage("authority", { command, stdin });
  expect(code, output).toBe(0);
  return JSON.parse(output) as Pair;
}

/** A shell in the container, with `call` for a signed request: `call PATH [ARGUMENTS OF CURL]`. */
function inside(script: string): Promise<Finished> {
  const call = `call() {
    local path=$1; shift
    grep -v -E '^(url|head|output)' /run/s3/client.curl |
      curl --config - --write-out '%{stderr}# %{http_code}' "$@" "https://s3:7070/$path"
  }`;
  return docker(["exec", container, "bash", "-c", `${call}\n${script}`]);
}

beforeAll(async () => {
  const ca = await pairFrom(["holdfast-ca-create"]);
  const request = { ca, commonName: "s3", altNames: ["s3", "10.88.65.70"], days: 1 };
  const leaf = await pairFrom(["holdfast-ca-issue"], JSON.stringify(request));
  folder = mkdtempSync(join(tmpdir(), "hfval-"));
  chmodSync(folder, 0o755);
  const secrets = {
    "tls-ca.crt": ca.crt,
    "tls.crt": leaf.crt,
    "tls.key": leaf.key,
    "s3-key-id": KEY_ID,
    "s3-key-secret": KEY_SECRET,
  };
  for (const [name, text] of Object.entries(secrets)) {
    writeFileSync(join(folder, name), text, { mode: 0o644 });
  }
  const { code, output } = await docker([
    ...["run", "--detach", "--name", container, "--network", "none", "--memory=192m"],
    ...["--cap-drop=ALL", "--security-opt=no-new-privileges:true"],
    ...["--tmpfs", "/run/s3:rw,nosuid,nodev,noexec,size=1m,uid=999,gid=999,mode=0700"],
    ...["--volume", `${folder}:/etc/holdfast/secrets:ro`],
    ...["--env", "HOLDFAST_BUCKET=validated", "--env", "HOLDFAST_REGION=eu-north-1"],
    await imageFor("s3"),
  ]);
  expect(code, output).toBe(0);
  const healthy = await inside(
    "for i in $(seq 50); do holdfast-health && exit; sleep 0.2; done; exit 1",
  );
  expect(healthy.code, healthy.output).toBe(0);
});

afterAll(async () => {
  await docker(["rm", "--force", "--volumes", container]);
  rmSync(folder, { recursive: true, force: true });
});

test("what is put is got back, byte for byte, and is gone when it is removed", async () => {
  const { code, output } = await inside(`set -e
    head --bytes=6000000 /dev/urandom > /tmp/object
    call validated/a/b/object --silent --upload-file /tmp/object
    call validated/a/b/object --silent --output /tmp/back
    cmp /tmp/object /tmp/back && echo "the same"
    call validated/a/b/object --silent --request DELETE
    call validated/a/b/object --silent --output /dev/null || true`);
  expect(code, output).toBe(0);
  expect(output).toContain("the same");
  expect(output.match(/# \d+/g)).toEqual(["# 200", "# 200", "# 204", "# 404"]);
});

describe("it refuses", () => {
  test.each([
    ["other keys", `--user ${KEY_ID}:wrong`, /# 403/],
    // versitygw's own answer to it: whoever judges by the status alone takes the bucket for gone.
    [
      "an unknown key",
      "--user nobody:wrong --no-fail",
      /^(?=[\s\S]*XAdminUserNotFound)(?=[\s\S]*# 404)/,
    ],
    ["another region's signature", "--aws-sigv4 aws:amz:us-east-1:s3", /# 40[03]/],
  ])("%s", async (_, argument, answer) => {
    const { output } = await inside(`call validated --silent ${argument}`);
    expect(output).toMatch(answer);
  });

  test("who does not know its authority, and who speaks no TLS", async () => {
    const stranger = await inside(
      "call validated --silent --show-error --cacert /etc/ssl/certs/ca-certificates.crt",
    );
    expect(stranger.output).toMatch(/certificate/i);
    expect(stranger.code).not.toBe(0);
    const plain = await inside("curl --silent --max-time 5 http://127.0.0.1:7070/validated");
    expect(plain.code).not.toBe(0);
  });
});

test("the keys are where only its own user reads them", async () => {
  const inspected = await docker(["inspect", container]);
  const processes = await docker(["top", container, "-eo", "pid,args"]);
  const log = await docker(["logs", container]);
  for (const { output } of [inspected, processes, log]) {
    expect(output).not.toBe("");
    expect(output).not.toContain(KEY_ID);
    expect(output).not.toContain(KEY_SECRET);
  }
  expect(processes.output).toContain("versitygw --port :7070");
});

test("health is the bucket's: without it the server is of no use, and with it again all is well", async () => {
  const gone = await inside("mv /var/lib/s3/validated /var/lib/s3/elsewhere; holdfast-health");
  expect(gone.code).not.toBe(0);
  expect(gone.output).toContain("404");
  const back = await inside("mv /var/lib/s3/elsewhere /var/lib/s3/validated; holdfast-health");
  expect(back.code, back.output).toBe(0);
});
