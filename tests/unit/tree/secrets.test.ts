import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, test } from "vitest";
import { parseSettings } from "../../../settings.ts";
import {
  BUILTIN,
  type Leaf,
  type Recording,
  record,
  SECRET_MARK,
  STACK_ID,
  settingsWith,
} from "./mocks.ts";

const SECRETS = "/etc/holdfast/secrets/";
let tree: Recording;

beforeAll(async () => {
  tree = await record(settingsWith(BUILTIN));
});

/** Files that a container is given, content beside path. */
function uploadsOf(leaves: readonly Leaf[]): { file: string; content: Leaf | undefined }[] {
  return leaves
    .filter(({ path }) => /^uploads\[\d+\]\.file$/.test(path))
    .map(({ path, value }) => ({
      file: String(value),
      content: leaves.find((leaf) => leaf.path === path.replace(/file$/, "content")),
    }));
}

test("what lies under the secrets' folder is a secret, and has its mark only there", () => {
  let secrets = 0;
  for (const { label, leaves } of tree.ofKind("Container")) {
    for (const { file, content } of uploadsOf(leaves)) {
      const inFolder = file.startsWith(SECRETS);
      expect(content?.secret, `${label} ${file}`).toBe(inFolder);
      expect(content?.value, `${label} ${file}`).toBeTypeOf("string");
      expect(content?.value, `${label} ${file}`).not.toBe("");
      if (inFolder) secrets++;
    }
  }
  expect(secrets).toBeGreaterThan(40);
});

test("who is given which secret", () => {
  const given = tree.ofKind("Container").map(({ name, leaves }) => [
    name,
    uploadsOf(leaves)
      .filter(({ file }) => file.startsWith(SECRETS))
      .map(({ file }) => file.slice(SECRETS.length))
      .join(" "),
  ]);
  expect(Object.fromEntries(given)).toMatchInlineSnapshot(`
    {
      "a-alertmanager": "",
      "a-app-1": "database-url replica-url django-secret-key",
      "a-app-2": "database-url replica-url django-secret-key",
      "a-app-3": "database-url replica-url django-secret-key",
      "a-app-4": "database-url replica-url django-secret-key",
      "a-autoscaler": "etcd-autoscaler",
      "a-autoscaler-docker-proxy": "",
      "a-backup": "postgres-backup tls-ca.crt tls.crt tls.key cloud-key-id cloud-key-secret cipher-pass cloud-ca.crt",
      "a-collector": "",
      "a-collector-docker-proxy": "",
      "a-docker-proxy": "",
      "a-edge": "",
      "a-etcd-1": "etcd-root etcd-patroni etcd-guard etcd-autoscaler etcd-token-key",
      "a-etcd-2": "etcd-root etcd-patroni etcd-guard etcd-autoscaler etcd-token-key",
      "a-etcd-3": "etcd-root etcd-patroni etcd-guard etcd-autoscaler etcd-token-key",
      "a-grafana": "grafana-admin",
      "a-guard": "etcd-guard",
      "a-loki": "",
      "a-node-exporter": "",
      "a-pooler-1": "postgres-pgbouncer pooler-admin pooler-monitor pooler-agent",
      "a-pooler-2": "postgres-pgbouncer pooler-admin pooler-monitor pooler-agent",
      "a-pooler-exporter-1": "pooler-monitor",
      "a-pooler-exporter-2": "pooler-monitor",
      "a-postgres-1": "postgres-superuser postgres-replication postgres-rewind patroni-rest etcd-patroni pooler-agent tls-ca.crt tls.crt tls.key",
      "a-postgres-2": "postgres-superuser postgres-replication postgres-rewind patroni-rest etcd-patroni pooler-agent tls-ca.crt tls.crt tls.key",
      "a-postgres-3": "postgres-superuser postgres-replication postgres-rewind patroni-rest etcd-patroni pooler-agent tls-ca.crt tls.crt tls.key",
      "a-postgres-exporter": "postgres-monitor",
      "a-prometheus": "",
      "a-restore-drill": "postgres-backup tls-ca.crt tls.crt tls.key cloud-key-id cloud-key-secret cipher-pass cloud-ca.crt",
      "a-router": "",
      "a-s3": "s3-key-id s3-key-secret tls-ca.crt tls.crt tls.key",
      "a-status": "",
    }
  `);
});

test("no secret stands in the open, anywhere", () => {
  for (const { label, leaves } of tree.all) {
    for (const { path, value, secret } of leaves) {
      if (secret) continue;
      expect(String(value), `${label} ${path}`).not.toContain(SECRET_MARK);
    }
  }
});

test("secrets are in files and on standard input, nowhere else", () => {
  for (const { label, leaves } of tree.all) {
    for (const { path } of leaves.filter(({ secret }) => secret)) {
      expect(path, label).toMatch(/^(uploads\[\d+\]\.content|stdin)$/);
    }
  }
});

test("environment, command and labels are readable, and hold no secret", () => {
  for (const { label, leaves } of [...tree.ofKind("Container"), ...tree.ofKind("Command")]) {
    const open = leaves.filter(({ path }) =>
      /^(envs|command|labels|healthcheck|create|update|delete|environment|triggers)\b/.test(path),
    );
    expect(open, label).not.toHaveLength(0);
    for (const { path, value, secret } of open) {
      expect(secret, `${label} ${path}`).toBe(false);
      expect(String(value), `${label} ${path}`).not.toMatch(/password=|PASSWORD=|SECRET_KEY=/);
    }
  }
});

test("passwords are long, and safe in any URL", () => {
  const passwords = tree.ofKind("RandomPassword");
  expect(passwords).toHaveLength(21);
  for (const { label, inputs, parent } of passwords) {
    expect(inputs.length, label).toBeGreaterThanOrEqual(32);
    expect(inputs.special, label).toBe(false);
    expect(parent).toBe("Credentials credentials");
  }
});

test("keys of certificates are secret outputs, and not in the log", () => {
  const jobs = tree
    .ofKind("Command")
    .filter(({ inputs }) => /holdfast-ca-/.test(`${inputs.create}`));
  expect(jobs.map(({ name }) => name).sort()).toEqual([
    "a-backup-certificate",
    "a-postgres-1-certificate",
    "a-postgres-2-certificate",
    "a-postgres-3-certificate",
    "a-restore-drill-certificate",
    "a-s3-certificate",
    "certificate-authority",
  ]);
  for (const { label, secretOutputs, inputs } of jobs) {
    expect(secretOutputs, label).toContain("stdout");
    expect(inputs.logging, label).toBe("stderr");
  }
});

describe("endpoints", () => {
  test("URLs with a password are secret, the others can be read", async () => {
    const { endpoints } = tree.environment;
    expect(await pulumi.isSecret(endpoints.databaseUrl)).toBe(true);
    expect(await pulumi.isSecret(endpoints.readReplicaUrl)).toBe(true);
    expect(await read(endpoints.databaseUrl)).toBe(
      `postgresql://shop:${SECRET_MARK}postgresapplication@127.0.0.1:6432,127.0.0.1:6433/shop?connect_timeout=3`,
    );
    expect(await read(endpoints.readReplicaUrl)).toBe(
      `postgresql://shop:${SECRET_MARK}postgresapplication@127.0.0.1:6432,127.0.0.1:6433/shop_ro?connect_timeout=3`,
    );
    expect(endpoints).toMatchObject({
      appUrl: "http://127.0.0.1:8080",
      statusUrl: "http://127.0.0.1:8081",
      prometheusUrl: "http://127.0.0.1:9090",
      alertmanagerUrl: "http://127.0.0.1:9093",
      grafanaUrl: "http://127.0.0.1:3000",
    });
  });
});

describe("the cloud's keys", () => {
  const place = {
    stanza: "dev-a",
    path: `/holdfast/${STACK_ID}`,
    endpoint: "https://10.88.65.70:7070",
    region: "us-east-1",
    bucket: "holdfast",
    pathStyle: true,
  };

  test("what reads the repository without the stack is one secret", async () => {
    const { backupAccess } = tree.environment.endpoints;
    if (backupAccess === undefined) throw new Error("no access to a cloud that is there");
    expect(await pulumi.isSecret(backupAccess)).toBe(true);
    expect(JSON.parse(await read(backupAccess))).toEqual({
      ...place,
      keyId: `${SECRET_MARK}s3keyid`,
      keySecret: `${SECRET_MARK}s3keysecret`,
      cipherPass: `${SECRET_MARK}backupcipher`,
      caCertificate: "certificate of certificate-authority",
    });
  });

  test("both who use it have the same, and know its place from a file that can be read", () => {
    const cloudFiles = (name: string) =>
      uploadsOf(tree.get(`Container ${name}`).leaves)
        .filter(({ file }) => /cloud|cipher/.test(file))
        .map(({ file, content }) => [file, content?.value]);
    expect(cloudFiles("a-backup")).toHaveLength(4);
    expect(cloudFiles("a-restore-drill")).toEqual(cloudFiles("a-backup"));
    const { stdin } = tree.get("Command a-backup-backup.json").inputs;
    const { stanza: _, ...cloud } = place;
    expect(JSON.parse(String(stdin)).cloud).toEqual({
      ...cloud,
      caFile: "/etc/holdfast/secrets/cloud-ca.crt",
      keepDumps: 30,
    });
  });

  test("without a cloud there are none, and nothing to hand out", async () => {
    const { environment, ofKind } = await record(settingsWith());
    expect(environment.endpoints.backupAccess).toBeUndefined();
    for (const { label, leaves } of ofKind("Container")) {
      const files = uploadsOf(leaves).filter(({ file }) => /cloud|cipher|s3/.test(file));
      expect(files, label).toEqual([]);
    }
  });

  describe("of an account of one's own", () => {
    const cloud = { provider: "s3", endpoint: "https://s3.example.org", bucket: "backups" };
    const settings = parseSettings({
      stack: "dev",
      project: "holdfast",
      config: { backup: { cloud } },
      secrets: ["cloudKeyId", "cloudKeySecret"],
    });
    const keys = () => ({
      id: pulumi.secret(`${SECRET_MARK}-own-id`),
      secret: pulumi.secret(`${SECRET_MARK}-own-secret`),
    });

    test("are given to who uses the cloud, and no server runs", async () => {
      const { all, get } = await record(settings, { cloudKeys: keys() });
      expect(all.filter(({ name }) => /s3(-|$)/.test(name)).map(({ label }) => label)).toEqual([
        "RandomPassword s3-key-id",
        "RandomPassword s3-key-secret",
      ]);
      const own = uploadsOf(get("Container a-backup").leaves).filter(({ file }) =>
        file.startsWith(`${SECRETS}c`),
      );
      expect(own.map(({ file, content }) => [file.slice(SECRETS.length), content?.value])).toEqual([
        ["cloud-key-id", `${SECRET_MARK}-own-id`],
        ["cloud-key-secret", `${SECRET_MARK}-own-secret`],
        // The system knows the endpoint's authority.
        ["cipher-pass", `${SECRET_MARK}backupcipher`],
      ]);
      const conf = String(get("Command a-backup-pgbackrest.conf").inputs.stdin);
      expect(conf).toContain("\nrepo2-s3-endpoint=https://s3.example.org\n");
      expect(conf).not.toContain("storage-ca-file");
    });

    test("have to be there", async () => {
      await expect(record(settings)).rejects.toThrow("provider s3 without keys");
      await pulumi.runtime.disconnect();
    });
  });
});

function read<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

test("what Alertmanager reaches people with are files of its container alone", async () => {
  const settings = parseSettings({
    stack: "dev",
    project: "holdfast",
    secrets: ["alertWebhookUrl"],
    config: { alertWebhookUrl: "hush", alerting: { webhook: true } },
  });
  const url = `https://hook.example.org/${SECRET_MARK}-alert-webhook`;
  const told = await record(settings, { alertSecrets: { webhookUrl: pulumi.secret(url) } });
  const holders = told.all.flatMap(({ label, leaves }) =>
    leaves
      .filter(({ value }) => typeof value === "string" && value.includes(url))
      .map(({ path, secret }) => [label, path.replace(/\d+/, "n"), secret]),
  );
  expect(holders).toEqual([["Container a-alertmanager", "uploads[n].content", true]]);
  const files = uploadsOf(told.get("Container a-alertmanager").leaves).map(({ file }) => file);
  expect(files).toEqual([`${SECRETS}alert-webhook-url`]);
});
