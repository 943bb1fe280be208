import { describe, expect, test } from "vitest";
import { type ExportedState, seedState, survivors } from "../../../commands/restore/state.ts";

const STACK = "urn:pulumi:t1::holdfast::pulumi:pulumi:Stack::holdfast-t1";
const urn = (types: string, name: string) => `urn:pulumi:t1::holdfast::${types}::${name}`;
const ENVIRONMENT = urn("holdfast:environment:Environment", "holdfast");
const CREDENTIALS = urn(
  "holdfast:environment:Environment$holdfast:database:Credentials",
  "credentials",
);
const AUTHORITY = urn("holdfast:environment:Environment$holdfast:backup:Authority", "authority");
const SITE = urn("holdfast:environment:Environment$holdfast:site:Site", "a");
const RANDOM = urn("pulumi:providers:random", "default_4_21_2");
const COMMAND = urn("pulumi:providers:command", "default_1_2_1");
const DOCKER = urn("holdfast:environment:Environment$pulumi:providers:docker", "h1");
const IMAGE = urn(
  "holdfast:environment:Environment$docker:index/remoteImage:RemoteImage",
  "h1-image-authority",
);
const SECRET = {
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  plaintext: '"not a real one"',
};

/** The shape of a real export: order, providers by `<urn>::<id>`, secrets as trees. */
const lost: ExportedState = {
  version: 3,
  deployment: {
    manifest: { time: "2026-11-25T12:37:55Z", magic: "f034", version: "3.259.0" },
    secrets_providers: { type: "passphrase", state: { salt: "v1:a:v1:b:c" } },
    metadata: {},
    pending_operations: [{ resource: { urn: "x" }, type: "creating" }],
    resources: [
      { urn: STACK, type: "pulumi:pulumi:Stack", custom: false, outputs: { appUrl: "http://x" } },
      { urn: ENVIRONMENT, type: "holdfast:environment:Environment", parent: STACK },
      { urn: DOCKER, type: "pulumi:providers:docker", id: "d", parent: ENVIRONMENT },
      { urn: CREDENTIALS, type: "holdfast:database:Credentials", parent: ENVIRONMENT },
      { urn: RANDOM, type: "pulumi:providers:random", id: "r1" },
      { urn: AUTHORITY, type: "holdfast:backup:Authority", parent: ENVIRONMENT },
      { urn: SITE, type: "holdfast:site:Site", parent: ENVIRONMENT },
      {
        urn: IMAGE,
        type: "docker:index/remoteImage:RemoteImage",
        id: "sha256:1",
        parent: ENVIRONMENT,
        provider: `${DOCKER}::d`,
      },
      {
        urn: `${ENVIRONMENT.replace("::holdfast", "$random:index/randomId:RandomId")}::stack-id`,
        type: "random:index/randomId:RandomId",
        id: "i",
        parent: ENVIRONMENT,
        provider: `${RANDOM}::r1`,
        outputs: { hex: "0337be32b2ff9d90" },
        protect: true,
      },
      {
        urn: urn("x$random:index/randomPassword:RandomPassword", "backup-cipher"),
        type: "random:index/randomPassword:RandomPassword",
        id: "none",
        parent: CREDENTIALS,
        provider: `${RANDOM}::r1`,
        propertyDependencies: { length: [], special: [] },
        outputs: { result: SECRET },
        protect: true,
      },
      { urn: COMMAND, type: "pulumi:providers:command", id: "c1" },
      {
        urn: urn("x$docker:index/network:Network", "a-network"),
        type: "docker:index/network:Network",
        id: "n",
        parent: SITE,
        provider: `${DOCKER}::d`,
        protect: true,
      },
      {
        urn: urn("x$command:local:Command", "certificate-authority"),
        type: "command:local:Command",
        id: "ca",
        parent: AUTHORITY,
        provider: `${COMMAND}::c1`,
        dependencies: [IMAGE, RANDOM],
        propertyDependencies: { create: [IMAGE], environment: [] },
        outputs: { stdout: SECRET },
        protect: true,
      },
      {
        urn: urn("x$command:local:Command", "a-backup-certificate"),
        type: "command:local:Command",
        id: "leaf",
        parent: AUTHORITY,
        provider: `${COMMAND}::c1`,
      },
    ],
  },
};

interface Seed {
  readonly [key: string]: unknown;
  readonly resources: readonly (Record<string, unknown> & { urn: string })[];
}

const seed = seedState(lost).deployment as unknown as Seed;
const names = seed.resources.map(({ urn: one }) => one.slice(one.lastIndexOf("::") + 2));
const find = (name: string) => seed.resources[names.indexOf(name)] ?? { urn: "" };

describe("the seed of a new state", () => {
  test("holds what was generated and what that belongs to, in the order it had", () => {
    expect(names).toEqual([
      "holdfast-t1",
      "holdfast",
      "credentials",
      "default_4_21_2",
      "authority",
      "stack-id",
      "backup-cipher",
      "default_1_2_1",
      "certificate-authority",
    ]);
  });

  test("keeps values, protection and providers as they are", () => {
    expect(find("stack-id")).toMatchObject({
      outputs: { hex: "0337be32b2ff9d90" },
      protect: true,
      provider: `${RANDOM}::r1`,
    });
    expect(find("backup-cipher")).toMatchObject({ outputs: { result: SECRET } });
    expect(find("certificate-authority")).toMatchObject({ outputs: { stdout: SECRET } });
  });

  test("refers to nothing that it lacks", () => {
    expect(find("certificate-authority")).toMatchObject({
      dependencies: [RANDOM],
      propertyDependencies: { create: [], environment: [] },
    });
    const there = new Set(seed.resources.map(({ urn: one }) => one));
    for (const { parent } of seed.resources) {
      expect(parent === undefined || there.has(String(parent))).toBe(true);
    }
  });

  test("says nothing of where the lost one was reached, and has nothing under way", () => {
    expect(find("holdfast-t1")).not.toHaveProperty("outputs");
    expect(seed).not.toHaveProperty("pending_operations");
  });

  test("keeps how its secrets are encrypted", () => {
    expect(seed.secrets_providers).toEqual(
      (lost.deployment as { secrets_providers: unknown }).secrets_providers,
    );
    expect(seedState(lost).version).toBe(3);
  });

  test("leaves the export as it was", () => {
    expect((lost.deployment as unknown as Seed).resources).toHaveLength(14);
    expect(lost.deployment).toHaveProperty("pending_operations");
  });

  test("of a state without resources is empty", () => {
    const empty = seedState({ version: 3, deployment: { resources: [] } });
    expect(empty.deployment.resources).toEqual([]);
  });
});

test("the generated values are named", () => {
  expect(survivors(lost)).toEqual(["stack-id", "backup-cipher", "certificate-authority"]);
});
