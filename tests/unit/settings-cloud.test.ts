import { execFileSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { archiveQueueMiB } from "../../settings/volume.ts";
import { parseSettings, SettingsError } from "../../settings.ts";

type Tree = Record<string, unknown>;

const keys = ["cloudKeyId", "cloudKeySecret"];
const elsewhere = { provider: "s3", endpoint: "https://s3.example.org", bucket: "backups" };

function parse(cloud: Tree, secrets: readonly string[] = [], config: Tree = {}) {
  const stored = Object.fromEntries(secrets.map((key) => [key, "hush-hush"]));
  const input = { stack: "dev", project: "holdfast", secrets };
  return parseSettings({ ...input, config: { ...stored, ...config, backup: { cloud } } });
}

/** The lines of a refusal, without the heading. */
function refused(cloud: Tree, secrets: readonly string[] = [], config: Tree = {}): string[] {
  try {
    parse(cloud, secrets, config);
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split("\n").slice(1);
    throw error;
  }
  throw new Error(`accepted: ${JSON.stringify(cloud)}`);
}

let certificate: string;

beforeAll(() => {
  certificate = execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-keyout", "/dev/null", "-days", "1", "-subj", "/CN=unit"],
    ],
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  );
});

describe("accepted", () => {
  test("none is the default, and the builtin one needs no more than its name", () => {
    expect(parse({}).backup.cloud).toMatchObject({ provider: "none", bucket: "" });
    expect(parse({ provider: "builtin" }).backup.cloud).toEqual({
      provider: "builtin",
      endpoint: "",
      region: "us-east-1",
      bucket: "holdfast",
      prefix: "holdfast",
      pathStyle: true,
      caCertificate: "",
      keepDays: 30,
      keepDumps: 30,
    });
  });

  test.each([
    [{}],
    [{ endpoint: "https://10.0.0.7:9000", region: "eu-central-1" }],
    [{ pathStyle: "false", keepDays: 365, prefix: "a/b/c" }],
  ])("an endpoint elsewhere, with the keys as secrets: %j", (more) => {
    const { cloud } = parse({ ...elsewhere, ...more }, keys).backup;
    expect(cloud).toMatchObject({ provider: "s3", bucket: "backups" });
    expect(JSON.stringify(cloud)).not.toMatch(/key/i);
  });

  test("an authority of one's own, also several in one text", () => {
    for (const text of [certificate, `${certificate}\n${certificate}`]) {
      expect(parse({ ...elsewhere, caCertificate: text }, keys).backup.cloud.caCertificate).toBe(
        text,
      );
    }
  });

  test("keys may be there before the provider is chosen", () => {
    expect(parse({}, keys).backup.cloud.provider).toBe("none");
  });
});

/** [what backup.cloud says, secrets of the stack, how the fault begins, the line that mends it] */
const wrong: [Tree, readonly string[], string, string | undefined][] = [
  [
    { provider: "aws" },
    [],
    'backup.cloud.provider = "aws": expected none, builtin or s3',
    "set --path backup.cloud.provider none",
  ],
  [
    { endpoint: "https://s3.example.org" },
    [],
    'backup.cloud.provider = "none" (the default): nothing is stored at backup.cloud.endpoint',
    "set --path backup.cloud.provider s3",
  ],
  ...(
    [
      "http://s3.example.org",
      "s3.example.org",
      "https://s3.example.org/backups",
      "https://s3.example.org/",
      "https://s3.example.org:99999",
      "https://me:secret@s3.example.org",
    ] as const
  ).map((endpoint): [Tree, readonly string[], string, string] => [
    { ...elsewhere, endpoint },
    keys,
    `backup.cloud.endpoint = ${JSON.stringify(endpoint)}: expected https://host or`,
    "set --path backup.cloud.endpoint https://s3.eu-central-1.amazonaws.com",
  ]),
  [
    { ...elsewhere, endpoint: "https://127.0.0.1:9000" },
    keys,
    'backup.cloud.endpoint = "https://127.0.0.1:9000": 127.0.0.1 is each container itself',
    "set --path backup.cloud.endpoint https://s3.eu-central-1.amazonaws.com",
  ],
  [
    { provider: "builtin", endpoint: "https://s3.example.org" },
    [],
    'backup.cloud.endpoint = "https://s3.example.org": the builtin S3 server has its own',
    "rm --path backup.cloud.endpoint",
  ],
  [
    { provider: "builtin", pathStyle: false },
    [],
    "backup.cloud.pathStyle = false: the builtin S3 server is reached by its address",
    "rm --path backup.cloud.pathStyle",
  ],
  [
    { provider: "builtin" },
    ["cloudKeyId"],
    "cloudKeyId: the builtin S3 server has its own",
    "rm cloudKeyId",
  ],
  [
    { provider: "s3", bucket: "backups" },
    keys,
    'backup.cloud.endpoint = "" (the default): provider s3 needs it',
    "set --path backup.cloud.endpoint https://s3.eu-central-1.amazonaws.com",
  ],
  [
    { provider: "s3", endpoint: "https://s3.example.org" },
    keys,
    'backup.cloud.bucket = "" (the default): provider s3 needs it',
    "set --path backup.cloud.bucket holdfast-backups",
  ],
  [
    elsewhere,
    [],
    'backup.cloud.provider = "s3": needs the keys of the S3 account as secrets, and has no cloudKeyId, no cloudKeySecret',
    "set --secret cloudKeySecret",
  ],
  [
    elsewhere,
    ["cloudKeyId"],
    'backup.cloud.provider = "s3": needs the keys of the S3 account as secrets, and has no cloudKeySecret',
    "set --secret cloudKeySecret",
  ],
  [
    { ...elsewhere, bucket: "No_Bucket" },
    keys,
    'backup.cloud.bucket = "No_Bucket": expected a bucket',
    "set --path backup.cloud.bucket holdfast-backups",
  ],
  [
    { ...elsewhere, bucket: "my.backups", pathStyle: false },
    keys,
    "backup.cloud.pathStyle = false: https://my.backups.s3.example.org has one dot more",
    "set --path backup.cloud.pathStyle true",
  ],
  [
    { ...elsewhere, endpoint: "https://10.0.0.7", pathStyle: false },
    keys,
    "backup.cloud.pathStyle = false: there is no name below the address 10.0.0.7",
    "set --path backup.cloud.pathStyle true",
  ],
  [
    { ...elsewhere, prefix: "/holdfast" },
    keys,
    'backup.cloud.prefix = "/holdfast": expected names',
    "set --path backup.cloud.prefix holdfast",
  ],
  [
    { ...elsewhere, caCertificate: "ca.pem" },
    keys,
    'backup.cloud.caCertificate = "ca.pem": expected certificates in PEM',
    "rm --path backup.cloud.caCertificate",
  ],
  [
    {
      ...elsewhere,
      caCertificate: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    },
    keys,
    "backup.cloud.caCertificate = ",
    "rm --path backup.cloud.caCertificate",
  ],
  [
    { ...elsewhere, keepDays: 0 },
    keys,
    "backup.cloud.keepDays = 0:",
    "set --path backup.cloud.keepDays 30",
  ],
];

describe("refused, with the line that mends it", () => {
  test.each(wrong)("%j", (cloud, secrets, begins, mend) => {
    const lines = refused(cloud, secrets);
    expect(
      lines.some((line) => line.startsWith(`  ${begins}`)),
      lines.join("\n"),
    ).toBe(true);
    expect(lines).toContain(`      pulumi config ${mend} --stack dev`);
  });

  test("a private key beside the certificate is not taken along", () => {
    const caCertificate = `${certificate}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n`;
    expect(refused({ ...elsewhere, caCertificate }, keys)[0]).toContain("expected certificates");
  });
});

describe("the keys", () => {
  test("one that was stored in the open is refused and not printed", () => {
    const lines = refused(elsewhere, ["cloudKeyId"], { cloudKeySecret: "hush-hush" });
    expect(lines).toEqual([
      "  cloudKeySecret: stored in the open; set it again as a secret, and take a new key if others saw it",
      "      pulumi config set --secret cloudKeySecret --stack dev",
    ]);
    expect(lines.join("\n")).not.toContain("hush");
  });

  test("no other setting may be a secret because of them, and none becomes one", () => {
    const config = { cloudKeyId: "an-id", cloudKeySecret: "hush-hush", etcd: { members: 5 } };
    const lines = refused(elsewhere, [...keys, "etcd"], config);
    expect(lines[0]).toContain("etcd: stored as a secret");
    const settings = parse(elsewhere, keys, { ...config, etcd: {} });
    expect(JSON.stringify(settings)).not.toMatch(/an-id|hush/);
  });
});

describe("defaults that follow", () => {
  const incremental = (recoveryPoint: unknown) =>
    parseSettings({
      stack: "dev",
      project: "holdfast",
      config: { objectives: { recoveryPoint } },
    }).backup.schedule.incremental;

  test("the cadence of incremental backups from the recovery point, unless it is said", () => {
    expect(incremental("30 s")).toBe("5 */2 * * *");
    expect(incremental("15 min")).toBe("5 */12 * * *");
    const config = { backup: { schedule: { incremental: "0 * * * *" } } };
    const settings = parseSettings({ stack: "dev", project: "holdfast", config });
    expect(settings.backup.schedule).toEqual({
      physical: "15 2 * * *",
      incremental: "0 * * * *",
      logical: "45 2 * * *",
      drill: "30 3 * * *",
    });
  });

  test("a wrong recovery point is one fault, not two", () => {
    expect(() => incremental("soon")).toThrow(/: 1 fault\n {2}objectives\.recoveryPoint/);
  });

  test.each([
    [512, 64],
    [640, 64],
    [10_240, 1024],
    [102_400, 10_240],
    [1_048_576, 16_384],
  ])("a volume of %i MiB lets %i MiB of WAL wait", (volume, queue) => {
    expect(archiveQueueMiB(volume)).toBe(queue);
    // Less than what is kept for replicas that are away (30 %): the slots fill the volume, not it.
    expect(archiveQueueMiB(volume)).toBeLessThan(volume * 0.3);
  });

  test("tables twice are dumped once", () => {
    const config = { backup: { logical: ["users", "users", "orders"] } };
    const settings = parseSettings({ stack: "dev", project: "holdfast", config });
    expect(settings.backup.logical).toEqual(["users", "orders"]);
  });
});
