import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DockerObject } from "../../../../commands/docker.ts";
import type { State } from "../../../../commands/engine/state.ts";
import { leavingOf, membersInState } from "../../../../commands/scaleIn/inState.ts";
import { parseAnswer } from "../../../../commands/scaleIn/inside.ts";
import { apparentOrphans, markScript, orphansOf } from "../../../../commands/scaleIn/orphans.ts";
import { refuseUnaccepted, volumesText } from "../../../../commands/volumes.ts";

const URN = "urn:pulumi:dev::holdfast::docker:index";

const resource = (
  kind: "volume/volume:Volume" | "container/container:Container",
  name: string,
) => ({
  urn: `${URN}/${kind}::${name}`,
  type: `docker:index/${kind}`,
  id: `holdfast-dev-${name}`,
  protect: kind.startsWith("volume"),
});

const state = (...members: number[]): State => ({
  pendingOperations: 0,
  resources: [
    { urn: `${URN}::stack-id`, type: "random:index/randomId:RandomId", outputs: { hex: "cafe" } },
    ...members.flatMap((n) => [
      resource("volume/volume:Volume", `a-postgres-${n}-data`),
      resource("container/container:Container", `a-postgres-${n}`),
    ]),
    resource("container/container:Container", "a-postgres-exporter"),
    resource("volume/volume:Volume", "a-etcd-1-data"),
    { ...resource("volume/volume:Volume", "a-postgres-9-data"), type: "command:local:Command" },
  ],
});

const volume = (name: string, labels: Record<string, string> = {}): DockerObject => {
  const number = /-(\d+)-data$/.exec(name)?.[1];
  const own = { "holdfast.id": "cafe", "holdfast.site": "a", "holdfast.component": "postgres" };
  const instance = number === undefined ? {} : { "holdfast.instance": number };
  return { kind: "volume", id: name, name, labels: { ...own, ...instance, ...labels } };
};

const data = (n: number, labels = {}) => volume(`holdfast-dev-a-postgres-${n}-data`, labels);

describe("members in the state", () => {
  it("are those with a container or a volume, by number", () => {
    const names = membersInState(state(10, 2, 1), "a").map(({ name }) => name);
    expect(names).toEqual(["postgres-1", "postgres-2", "postgres-10"]);
    expect(membersInState(state(1), "b")).toEqual([]);
    expect(membersInState({ pendingOperations: 0, resources: [] }, "a")).toEqual([]);
  });

  it("leave when the settings do not want them, with their own volumes", () => {
    const leaving = leavingOf(state(1, 2, 3, 4, 5), "a", { replicas: 1 });
    expect(leaving.map(({ volume }) => volume?.urn.split("::").at(-1))).toEqual([
      "a-postgres-3-data",
      "a-postgres-4-data",
      "a-postgres-5-data",
    ]);
    expect(leavingOf(state(1, 2), "a", { replicas: 1 })).toEqual([]);
  });

  it("leave also when only a container is left of them, or only a volume", () => {
    const whole = state(1, 2, 3);
    const without = (word: string) => ({
      ...whole,
      resources: whole.resources.filter(({ urn }) => !urn.endsWith(word)),
    });
    const volumes = (found: State) =>
      leavingOf(found, "a", { replicas: 1 }).map((one) => one.volume);
    expect(volumes(without("::a-postgres-3-data"))).toEqual([undefined]);
    expect(volumes(without("::a-postgres-3"))).toHaveLength(1);
  });
});

describe("orphans", () => {
  const all = [1, 2, 3, 10].map((n) => data(n));

  it("are this state's volumes that it no longer knows, by number", () => {
    expect(orphansOf([...all].reverse(), state(1, 2))).toEqual([
      { volume: "holdfast-dev-a-postgres-3-data", site: "a", member: "postgres-3" },
      { volume: "holdfast-dev-a-postgres-10-data", site: "a", member: "postgres-10" },
    ]);
    expect(orphansOf(all, state(1, 2, 3, 10))).toEqual([]);
  });

  it("are never another clone's, another tier's, nor without a number", () => {
    const others = [
      data(3, { "holdfast.id": "another" }),
      data(4, { "holdfast.component": "etcd" }),
      volume("holdfast-dev-a-postgres-config"),
    ];
    expect(orphansOf(others, state(1))).toEqual([]);
    // A state without an id owns nothing.
    expect(orphansOf(all, { pendingOperations: 0, resources: [] })).toEqual([]);
    expect(
      orphansOf([data(3, { "holdfast.id": "" })], { pendingOperations: 0, resources: [] }),
    ).toEqual([]);
  });

  it("appear without the state: unwanted, and without a container", () => {
    const containers = [{ alias: "postgres-1" }, { alias: "postgres-3" }];
    const found = apparentOrphans(all, "a", containers, { replicas: 1 });
    // postgres-2 is wanted: its container was only removed. postgres-3 has not left yet.
    expect(found.map(({ member }) => member)).toEqual(["postgres-10"]);
    expect(apparentOrphans(all, "b", containers, { replicas: 1 })).toEqual([]);
  });
});

it("marks volumes with data in them that have no mark", () => {
  const root = mkdtempSync(join(tmpdir(), "holdfast-marks-"));
  const mark = (member: string) => join(root, member, "left.json");
  try {
    for (const member of ["postgres-3", "postgres-4", "postgres-10"]) {
      mkdirSync(join(root, member));
    }
    writeFileSync(join(root, "postgres-3", "PG_VERSION"), "17");
    writeFileSync(mark("postgres-4"), "its own");
    for (let round = 0; round < 2; round += 1) {
      execFileSync("sh", ["-euc", markScript(root)]);
    }
    expect(JSON.parse(readFileSync(mark("postgres-3"), "utf8"))).toEqual({
      member: "postgres-3",
      at: expect.stringMatching(/^20\d\d-\d\d-\d\dT[\d:]+Z$/),
      token: "",
    });
    expect(readFileSync(mark("postgres-4"), "utf8")).toBe("its own");
    expect(existsSync(mark("postgres-10"))).toBe(false);
  } finally {
    rmSync(root, { recursive: true });
  }
});

describe("./holdfast volumes", () => {
  const orphans = orphansOf([data(3)], state(1));

  it("says how they are removed, and that there are none", () => {
    const text = volumesText("dev", orphans);
    expect(text).toMatch(/holdfast-dev-a-postgres-3-data +a +postgres-3\n/);
    expect(text).toContain("--drop-orphans --accept-risk drop-orphan-volumes --stack dev");
    expect(volumesText("dev", [])).toBe("no member left a volume behind");
  });

  it("removes nothing without the risk's name", () => {
    expect(() => refuseUnaccepted("dev", orphans, [])).toThrow("nothing was removed");
    expect(() => refuseUnaccepted("dev", orphans, ["below-quorum"])).toThrow();
    expect(() =>
      refuseUnaccepted("dev", orphans, ["below-quorum", "drop-orphan-volumes"]),
    ).not.toThrow();
  });
});

it("reads the last line that the tool prints, and no other text", () => {
  expect(parseAnswer('a warning\n{"leader": "postgres-1"}\n')).toEqual({ leader: "postgres-1" });
  expect(["", "Traceback", "null", "[1"].map((text) => parseAnswer(text))).toEqual(
    Array(4).fill(undefined),
  );
});
