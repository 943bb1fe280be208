/** docs/examples/own-app: built as `up` builds it, run as an instance runs, asked as the edge asks. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { contractOf } from "../../components/application/contract.ts";
import { CLIENT_PROBE, healthScript } from "../../components/application/healthScript.ts";
import { imagesOf } from "../../components/images.ts";
import { startDatabase } from "./database.ts";
import { docker, type Finished, newName, ROOT, settings } from "./images.ts";

const CONTEXT = "docs/examples/own-app";
const PORT = 8123;
const application = {
  ...settings.application,
  context: CONTEXT,
  port: PORT,
  health: [],
  migrate: ["python3", "guestbook.py"],
  metricsPath: "",
};
const database = newName();
const instance = newName();
/** A volume. */
const secrets = newName();
/** The same server twice: which URL a statement goes by is told apart by what it may do. */
const WRITES = "postgresql://shop@127.0.0.1/postgres?connect_timeout=3";
const READS = `${WRITES}&options=-c%20default_transaction_read_only%3Don`;
const CONFINED = ["--cap-drop=ALL", "--security-opt=no-new-privileges:true", "--group-add=0"];
const image = `${newName()}:1`;

beforeAll(async () => {
  const own = imagesOf({ ...settings, application }).find(({ name }) => name === "app");
  const values = Object.entries(own?.buildArgs ?? {}).map(([key, value]) => `${key}=${value}`);
  const [built] = await Promise.all([
    docker([
      "build",
      "--tag",
      image,
      ...values.flatMap((v) => ["--build-arg", v]),
      `${ROOT}/${CONTEXT}`,
    ]),
    startDatabase(database),
  ]);
  expect(built.code, built.output).toBe(0);
  const migrated = await migrate();
  expect(migrated.code, migrated.output).toBe(0);
  await putSecrets();
  await startInstance();
});

afterAll(async () => {
  await docker(["rm", "--force", instance]);
  await docker(["rm", "--force", database]);
  await docker(["volume", "rm", "--force", secrets]);
  await docker(["rmi", image]);
});

function migrate(): Promise<Finished> {
  const [program = "", ...rest] = application.migrate;
  const place = ["--network", `container:${database}`, ...CONFINED];
  const args = ["run", "--rm", "--interactive", "--name", newName(), ...place];
  return docker([...args, "--entrypoint", program, image, ...rest], WRITES);
}

/** Both URLs as files, root's and mode 0440, as secrets are in every container. */
async function putSecrets(): Promise<void> {
  const script = `umask 337; cd /secrets; printf %s '${WRITES}' >database-url; printf %s '${READS}' >replica-url`;
  const volume = ["--volume", `${secrets}:/secrets`];
  const args = [
    "run",
    "--rm",
    "--name",
    newName(),
    "--network",
    "none",
    "--user",
    "0:0",
    ...volume,
  ];
  const { code, output } = await docker([...args, "--entrypoint", "sh", image, "-euc", script]);
  expect(code, output).toBe(0);
}

async function startInstance(): Promise<void> {
  const { environment } = contractOf({ ...settings, application });
  const variables = Object.entries({ ...environment, HOLDFAST_INSTANCE: "app-1" });
  const { code, output } = await docker([
    ...["run", "--detach", "--name", instance, "--network", `container:${database}`, ...CONFINED],
    ...["--volume", `${secrets}:/etc/holdfast/secrets:ro`, "--tmpfs", "/run/app:rw,mode=1777"],
    ...variables.flatMap(([key, value]) => ["--env", `${key}=${value}`]),
    image,
  ]);
  expect(code, output).toBe(0);
  await vi.waitFor(
    async () => {
      const answer = await inInstance(healthCommand(PORT));
      if (answer.code !== 0) throw new Error(answer.output);
    },
    { timeout: 30_000, interval: 200 },
  );
}

function healthCommand(port: number): readonly string[] {
  return contractOf({ ...settings, application: { ...application, port } }).health;
}

function inInstance(command: readonly string[]): Promise<Finished> {
  return docker(["exec", instance, ...command]);
}

/** One request: the status, the instance that answered, the body; a line each. */
async function ask(path: string, body?: string): Promise<string> {
  const code = [
    "import sys, urllib.error, urllib.request as r",
    "try: answer = r.urlopen(sys.argv[1], sys.argv[2].encode() if sys.argv[2:] else None)",
    "except urllib.error.HTTPError as error: answer = error",
    "print(answer.status, answer.headers['X-Instance'], answer.read().decode(), sep='\\n', end='')",
  ].join("\n");
  const url = `http://127.0.0.1:${PORT}${path}`;
  const { output } = await inInstance(["python3", "-c", code, url, ...(body ? [body] : [])]);
  return output;
}

test("a write goes by the leader's URL, a read by the replica's", async () => {
  expect(await ask("/", "hello from the kelp")).toBe("201\napp-1\n1\n");
  expect(await ask("/", "and from the rock")).toBe("201\napp-1\n2\n");
  expect(await ask("/")).toBe("200\napp-1\n2 and from the rock\n1 hello from the kelp\n");
});

test("the replica's URL takes no write: the example would show it", async () => {
  const swap =
    "import os, guestbook as g; os.environ['DATABASE_URL_FILE'] = os.environ['REPLICA_URL_FILE']; ";
  const insert =
    "g.sql('DATABASE_URL_FILE', 'INSERT INTO greetings (text) VALUES (1) RETURNING id')";
  const { code, output } = await inInstance(["python3", "-c", swap + insert]);
  expect(code).not.toBe(0);
  expect(output).toContain("read-only transaction");
});

test("its migrations may run again", async () => {
  const { code, output } = await migrate();
  expect(code, output).toBe(0);
  expect(await ask("/")).toContain("2 and from the rock");
});

test("the health check that needs no setting sees that it is well, and that nothing listens", async () => {
  expect((await inInstance(["sh", "-c", CLIENT_PROBE])).code).toBe(0);
  expect((await inInstance(healthCommand(PORT))).code).toBe(0);
  expect((await inInstance(healthCommand(PORT + 1))).code).not.toBe(0);
});

test("each HTTP client of that check tells 200 from anything else", async () => {
  const { output } = await inInstance(["sh", "-c", "command -v bash; command -v python3"]);
  expect(output.trim().split("\n")).toHaveLength(2);
  for (const hidden of [[], ["bash"]]) {
    const check = (path: string) => {
      const script = hidden.reduce(
        (text, name) => text.replace(`command -v ${name} `, "command -v none-such "),
        healthScript(PORT, path),
      );
      return inInstance(["sh", "-c", script]);
    };
    expect((await check("/healthz")).code, `without ${hidden}`).toBe(0);
    expect((await check("/broken")).code, `without ${hidden}`).not.toBe(0);
  }
});

test("it stops on SIGTERM, well within its time", async () => {
  const start = Date.now();
  await docker(["stop", "--time", "30", instance]);
  const { output } = await docker(["inspect", "--format", "{{.State.ExitCode}}", instance]);
  expect(output.trim()).toBe("0");
  expect(Date.now() - start).toBeLessThan(15_000);
});
