import { spawnSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { healthScript } from "../../../components/application/healthScript.ts";
import { type Recording, record, settingsWith } from "./mocks.ts";

const CONTEXT = "docs/examples/own-app";
let shop: Recording;

beforeAll(async () => {
  shop = await record(settingsWith());
});

function differences(before: Recording, after: Recording): string[] {
  const labels = new Set(after.all.map(({ label }) => label));
  return before.all
    .filter(({ label }) => labels.has(label))
    .flatMap(({ label, inputs }) => {
      const other = after.get(label).inputs;
      return [...new Set([...Object.keys(inputs), ...Object.keys(other)])]
        .filter((key) => JSON.stringify(inputs[key]) !== JSON.stringify(other[key]))
        .map((key) => `${label} ${key}`);
    });
}

function onlyIn(one: Recording, other: Recording): string[] {
  const there = new Set(other.all.map(({ label }) => label));
  return one.all.map(({ label }) => label).filter((label) => !there.has(label));
}

const WHAT_THE_SHOP_HAS = [
  "Command a-migrations",
  "Command a-target-app-app-1",
  "Command a-target-app-app-2",
  "Command a-target-app-app-3",
  "Command a-target-app-app-4",
];
const OF_INSTANCES = ["a-app-1", "a-app-2", "a-app-3", "a-app-4"].flatMap((name) =>
  ["image", "envs", "uploads", "healthcheck"].map((input) => `Container ${name} ${input}`),
);

describe("application.image", () => {
  let own: Recording;

  beforeAll(async () => {
    own = await record(settingsWith({ application: { image: "team/app:1.0" } }));
  });

  test("changes the instances, their image, and hides no metrics; nothing else", () => {
    expect(differences(shop, own).sort()).toEqual(
      [...OF_INSTANCES, "Command a-edge-haproxy.cfg stdin", "RemoteImage h1-image-app name"]
        .concat("RemoteImage h1-image-app build")
        .sort(),
    );
    expect(onlyIn(own, shop)).toEqual([]);
  });

  test("takes away the shop's migrations and its metrics", () => {
    expect(onlyIn(shop, own).sort()).toEqual(WHAT_THE_SHOP_HAS);
  });

  test("gives an instance the contract and nothing of gunicorn's", () => {
    const { inputs } = own.get("Container a-app-1");
    expect(inputs.image).toBe("team/app:1.0");
    expect(inputs.envs).toEqual([
      "HOLDFAST_INSTANCE=app-1",
      "PORT=8000",
      "DATABASE_URL_FILE=/etc/holdfast/secrets/database-url",
      "REPLICA_URL_FILE=/etc/holdfast/secrets/replica-url",
    ]);
    const uploads = inputs.uploads as { file: string; permissions: string }[];
    expect(uploads.map(({ file, permissions }) => [file, permissions])).toEqual([
      ["/etc/holdfast/secrets/database-url", "0440"],
      ["/etc/holdfast/secrets/replica-url", "0440"],
    ]);
    expect(inputs.groupAdds).toEqual(["0"]);
  });

  test("the image is pulled or found, not built", () => {
    expect(own.get("RemoteImage h1-image-app").inputs).toEqual({
      name: "team/app:1.0",
      keepLocally: true,
    });
  });

  test("the first instance waits for the database's roles all the same", () => {
    expect([...own.waitsFor("Container a-app-1")]).toContain("Command a-roles");
  });
});

test("application.context is built under a name of its content, with our base", async () => {
  const settings = settingsWith({ application: { context: CONTEXT } });
  const own = await record(settings);
  const { name, build } = own.get("RemoteImage h1-image-app").inputs;
  expect(name).toMatch(/^holdfast\/app:[0-9a-f]{12}$/);
  expect(name).not.toBe(shop.get("RemoteImage h1-image-app").inputs.name);
  expect(build).toEqual({
    context: CONTEXT,
    buildArgs: { BASE: settings.images.base, REFRESH: "" },
  });
  expect(own.get("Container a-app-2").inputs.image).toBe(name);
  expect(onlyIn(shop, own).sort()).toEqual(WHAT_THE_SHOP_HAS);
});

describe("what its user says of it", () => {
  let own: Recording;

  beforeAll(async () => {
    own = await record(
      settingsWith({
        application: {
          image: "team/app:1.0",
          port: 3000,
          healthPath: "/up",
          health: ["/bin/probe", "--deep"],
          migrate: ["/bin/migrate", "up"],
          metricsPath: "/internal/metrics",
        },
      }),
    );
  });

  test("reaches the edge", () => {
    const config = String(own.get("Command a-edge-haproxy.cfg").inputs.stdin);
    expect(config).toMatch(/server app-1 10\.[\d.]+:3000/);
    expect(config).toContain("http-check send meth GET uri /up ver HTTP/1.1");
    expect(config).toContain("http-request return status 404 if { path /internal/metrics }");
  });

  test("reaches Prometheus", () => {
    const [target] = JSON.parse(String(own.get("Command a-target-app-app-2").inputs.stdin));
    expect(target.targets[0]).toMatch(/:3000$/);
    expect(target.labels).toMatchObject({
      instance: "app-2",
      __metrics_path__: "/internal/metrics",
    });
  });

  test("runs its migrations before the first instance, with the leader's URL on standard input", () => {
    const { create, stdin } = own.get("Command a-migrations").inputs;
    expect(create).toMatch(/--entrypoint=\/bin\/migrate'? 'team\/app:1\.0' 'up'$/);
    expect(stdin).toContain("target_session_attrs=read-write");
    expect(create).not.toContain("postgresql://");
    expect([...own.waitsFor("Container a-app-1")]).toContain("Command a-migrations");
  });

  test("is the container's health check", () => {
    const check = own.get("Container a-app-1").inputs.healthcheck as { tests: string[] };
    expect(check.tests).toEqual(["CMD", "/bin/probe", "--deep"]);
  });
});

describe("the health check of an image that nobody knows", () => {
  const run = (environment: NodeJS.ProcessEnv) =>
    spawnSync("/bin/sh", ["-c", healthScript(9, "/healthz")], {
      env: environment,
      encoding: "utf8",
    });

  test("fails where nothing listens", () => {
    expect(run(process.env).status).not.toBe(0);
  });

  test("says what to set where the image has no client at all", () => {
    const { status, stdout } = run({ PATH: "/nowhere" });
    expect(status).toBe(1);
    expect(stdout).toContain("set application.health");
  });
});
