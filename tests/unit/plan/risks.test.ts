/** Each risk, and next to it what is none. */
import { describe, expect, test } from "vitest";
import { assess, risksOf } from "../../../commands/plan/assess.ts";
import { RISKS, type RiskName } from "../../../commands/plan/risks/names.ts";
import { edited, type Patch, stackWith, urnOf } from "./changes.ts";
import { unchanged } from "./previews.ts";

const CONF = "a-postgres-postgresql.conf";
const gone: Patch = { action: "delete" };
const replaced: Patch = { action: "replace", inputs: { image: "holdfast/x:2" } };

const REFUSED: readonly (readonly [RiskName, string, Readonly<Record<string, Patch>>])[] = [
  [
    "delete-data-volume",
    "the repository's volume replaced",
    { "a-backup-repository": { action: "replace", inputs: { name: "x" } } },
  ],
  ["delete-data-volume", "a volume that stays mounted", { "a-postgres-2-data": gone }],
  [
    "delete-data-volume",
    "etcd's, which nobody retains",
    { "a-etcd-1-data": gone, "a-etcd-1": gone },
  ],
  [
    "leave-data-behind",
    "another volume in a member",
    {
      "a-postgres-1": {
        action: "replace",
        inputs: { volumes: [{ containerPath: "/var/lib/postgresql", volumeName: "other" }] },
      },
    },
  ],
  [
    "leave-data-behind",
    "no volume in etcd",
    { "a-etcd-2": { action: "replace", inputs: { volumes: [] } } },
  ],
  ["below-quorum", "one member stays", { "a-postgres-2": gone, "a-postgres-3": gone }],
  [
    "remove-all-members",
    "no member stays",
    { "a-postgres-1": gone, "a-postgres-2": gone, "a-postgres-3": gone },
  ],
  ["change-etcd-members", "one leaves", { "a-etcd-3": gone }],
  [
    "etcd-members-at-once",
    "two do not wait for each other",
    { "a-etcd-1": { ...replaced, dependsOn: [] }, "a-etcd-2": { ...replaced, dependsOn: [] } },
  ],
  [
    "etcd-members-at-once",
    "one is computed from the other",
    {
      "a-etcd-1": { ...replaced, dependsOn: [], computedFrom: [] },
      "a-etcd-2": {
        ...replaced,
        dependsOn: [urnOf("a-etcd-1")],
        computedFrom: [urnOf("a-etcd-1")],
      },
    },
  ],
  [
    "database-members-at-once",
    "two do not wait for each other",
    {
      "a-postgres-2": { ...replaced, dependsOn: [] },
      "a-postgres-3": { ...replaced, dependsOn: [] },
    },
  ],
  ...["max_connections", "max_wal_senders"].map(
    (name) =>
      [
        "lower-hot-standby",
        name,
        { [CONF]: edited(CONF, new RegExp(`${name} = \\d+`), `${name} = 10`) },
      ] as const,
  ),
  [
    "lower-hot-standby",
    "to the default, by leaving the line out",
    { [CONF]: edited(CONF, "max_connections = 200\n", "") },
  ],
  [
    "postgresql-major",
    "another data directory",
    { "a-backup-backup.json": edited("a-backup-backup.json", "/17/main", "/18/main") },
  ],
  [
    "another-database",
    "the poolers' facts",
    { "a-pooler-1-facts.json": edited("a-pooler-1-facts.json", '"shop"', '"other"') },
  ],
  [
    "weaker-durability",
    "synchronous_commit",
    { [CONF]: edited(CONF, "synchronous_commit = on", "synchronous_commit = local") },
  ],
  ["weaker-durability", "fsync", { [CONF]: edited(CONF, "jit = off", "fsync = off") }],
  [
    "weaker-durability",
    "synchronous_mode",
    {
      "a-postgres-dynamic.yml": edited(
        "a-postgres-dynamic.yml",
        "synchronous_mode: quorum",
        "synchronous_mode: false",
      ),
    },
  ],
  [
    "stop-archiving",
    "archive_mode",
    { [CONF]: edited(CONF, "archive_mode = on", "archive_mode = off") },
  ],
  [
    "stop-archiving",
    "a command that archives nothing",
    { [CONF]: edited(CONF, /archive_command = .*/, "archive_command = '/bin/true'") },
  ],
  ["last-backup-repository", "the backup container goes", { "a-backup": gone }],
  [
    "cloud-repository",
    "another bucket",
    {
      "a-backup-pgbackrest.conf": edited(
        "a-backup-pgbackrest.conf",
        "repo2-s3-bucket=holdfast",
        "repo2-s3-bucket=elsewhere",
      ),
    },
  ],
  ["backup-cipher", "replaced", { "backup-cipher": { action: "replace", inputs: { length: 40 } } }],
  ["replace-password", "deleted", { "postgres-superuser": gone }],
  ["replace-authority", "run again", { "certificate-authority": { inputs: { create: "other" } } }],
  [
    "replace-network",
    "replaced",
    { "a-network": { action: "replace", inputs: { ipamConfigs: [] } } },
  ],
  [
    "replace-stack-id",
    "replaced",
    { "stack-id": { action: "replace", inputs: { byteLength: 4 } } },
  ],
  ["another-docker-host", "updated", { h1: { inputs: { host: "ssh://elsewhere" } } }],
  [
    "lift-protection",
    "of a volume",
    { "a-postgres-1-data": { action: "none", protectAfter: false } },
  ],
];

test("every risk that can be accepted is shown here", () => {
  expect(new Set(REFUSED.map(([name]) => name))).toEqual(new Set(Object.keys(RISKS)));
});

test.each(REFUSED)("%s: %s", (name, _, patches) => {
  const risks = risksOf(stackWith(patches));
  const risk = risks.find((each) => each.name === name);
  expect(risks.map((each) => each.name)).toContain(name);
  expect(risk?.resources.every((resource) => resource in patches)).toBe(true);
});

test("PostgreSQL's major version in the images' build arguments", () => {
  const changes = stackWith({}).map((change) =>
    change.name === "h1-image-postgres"
      ? {
          ...change,
          action: "replace" as const,
          before: { build: { buildArgs: { POSTGRESQL: "17" } } },
          after: { build: { buildArgs: { POSTGRESQL: "18" } } },
        }
      : change,
  );
  expect(risksOf(changes)).toMatchObject([
    { name: "postgresql-major", what: expect.stringContaining("PostgreSQL 17 → 18") },
  ]);
});

const FINE: readonly (readonly [string, Readonly<Record<string, Patch>>])[] = [
  ["one member of each tier replaced", { "a-etcd-1": replaced, "a-postgres-2": replaced }],
  [
    "every member replaced in its chain",
    Object.fromEntries(
      ["a-postgres-1", "a-postgres-2", "a-postgres-3", "a-etcd-1", "a-etcd-2", "a-etcd-3"].map(
        (name) => [name, replaced],
      ),
    ),
  ],
  [
    "a member made anew that an interrupted update lost",
    { "a-etcd-2": { action: "create" }, "a-postgres-3": { action: "create" } },
  ],
  ["one replica less of two", { "a-postgres-3": gone, "a-postgres-3-data": gone }],
  [
    "a higher max_connections",
    { [CONF]: edited(CONF, "max_connections = 200", "max_connections = 300") },
  ],
  [
    "a lower value that no replica minds",
    { [CONF]: edited(CONF, "max_replication_slots = 20", "max_replication_slots = 10") },
  ],
  [
    "a configuration volume replaced",
    { "a-router-config": { action: "replace", inputs: { name: "x" } } },
  ],
  [
    "remote_apply",
    { [CONF]: edited(CONF, "synchronous_commit = on", "synchronous_commit = remote_apply") },
  ],
  [
    "another way to write the same",
    { [CONF]: edited(CONF, "archive_mode = on", "archive_mode = 'true'") },
  ],
  [
    "strict durability",
    { "a-postgres-dynamic.yml": edited("a-postgres-dynamic.yml", "strict: false", "strict: true") },
  ],
  [
    "a longer retention",
    {
      "a-backup-pgbackrest.conf": edited(
        "a-backup-pgbackrest.conf",
        "repo2-retention-full=30",
        "repo2-retention-full=60",
      ),
    },
  ],
];

test.each(FINE)("no risk: %s", (_, patches) => {
  expect(risksOf(stackWith(patches))).toEqual([]);
});

test("a first update endangers nothing: there is nothing yet", () => {
  const changes = unchanged().map(({ before: _, ...change }) => ({
    ...change,
    action: "create" as const,
    protect: false,
  }));
  expect(risksOf(changes)).toEqual([]);
});

describe("without a saved plan", () => {
  test("nothing is claimed about chains", () => {
    const bare = stackWith({ "a-etcd-1": replaced, "a-etcd-2": replaced }).map(
      ({ dependsOn: _, computedFrom: __, ...change }) => change,
    );
    expect(risksOf(bare)).toEqual([]);
  });
});

test("a sole member that is replaced is noted: nobody serves meanwhile", () => {
  const alone = stackWith({ "a-postgres-1": replaced }).filter(
    ({ name }) => !/^a-postgres-[23]$/.test(name),
  );
  const plan = assess(alone);
  expect(plan.notes[0]).toContain("nobody serves the database while it is replaced");
  expect(plan.handovers).toEqual([0, 0]);
  expect(plan.stalls).toMatchObject([{ times: [1, 1] }]);
  expect(plan.stalls[0]?.measured).toBeUndefined();
});
