import { expect, test } from "vitest";
import { parse } from "yaml";
import {
  type DynamicYmlArgs,
  type PatroniYmlArgs,
  renderDynamicYml,
  renderPatroniYml,
} from "../../../templates/patroni.yml.ts";

const member: PatroniYmlArgs = {
  scope: "dev-a",
  name: "postgres-1",
  address: "10.77.3.11",
  etcdAddresses: ["10.77.3.2", "10.77.3.3", "10.77.3.4"],
};

const dynamic: DynamicYmlArgs = {
  timings: {
    ttlSeconds: 20,
    loopWaitSeconds: 1,
    retryTimeoutSeconds: 3,
    primaryStartTimeoutSeconds: 10,
    primaryStopTimeoutSeconds: 10,
  },
  durability: "available",
};

test("the whole patroni.yml", async () => {
  await expect(renderPatroniYml(member)).toMatchFileSnapshot("./__snapshots__/patroni.yml");
});

test("the whole dynamic.yml", async () => {
  await expect(renderDynamicYml(dynamic)).toMatchFileSnapshot("./__snapshots__/dynamic.yml");
});

test("holds no secret and nothing of other members", () => {
  const text = renderPatroniYml(member);
  expect(text).not.toContain("password");
  expect(text).not.toContain("postgres-2");
});

test("addresses, not names: names vanish with a cut network", () => {
  const document = parse(renderPatroniYml(member));
  expect(document.etcd3.hosts).toEqual(["10.77.3.2:2379", "10.77.3.3:2379", "10.77.3.4:2379"]);
  expect(document.postgresql.connect_address).toBe("10.77.3.11:5432");
  expect(document.restapi.connect_address).toBe("10.77.3.11:8008");
});

test("strict durability stops writes without a synchronous replica", () => {
  expect(parse(renderDynamicYml(dynamic)).synchronous_mode_strict).toBe(false);
  const strict = parse(renderDynamicYml({ ...dynamic, durability: "strict" }));
  expect(strict.synchronous_mode_strict).toBe(true);
  expect(strict.synchronous_mode).toBe("quorum");
});

test("a new cluster is founded from a backup only when the container says so", () => {
  const { bootstrap } = parse(renderPatroniYml(member));
  expect(bootstrap.method).toBeUndefined();
  expect(bootstrap.holdfast).toEqual({
    command: "holdfast-restore-run",
    no_params: true,
    keep_existing_recovery_conf: true,
  });
});

test("a member is made from a backup where that is better, else from the leader", () => {
  const { postgresql } = parse(renderPatroniYml(member));
  expect(postgresql.create_replica_methods).toEqual(["pgbackrest", "basebackup"]);
  expect(postgresql.pgbackrest).toEqual({
    command: "holdfast-seed",
    keep_data: true,
    no_leader: true,
  });
});
