import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { adviceOn } from "../../../commands/engine/advice.ts";
import { absoluteUrl } from "../../../commands/engine/backend.ts";
import { exportLines, pathWith, shellQuote } from "../../../commands/engine/env.ts";
import { isStale, parseLock } from "../../../commands/engine/lock.ts";
import { engineWords, failureLines } from "../../../commands/engine/operation.ts";
import { endpointsOf, secretNames } from "../../../commands/engine/outputs.ts";
import { plain, progressLine } from "../../../commands/engine/progress.ts";
import { sortBelongings } from "../../../commands/engine/repair.ts";
import { withoutNewSalt } from "../../../commands/engine/salt.ts";
import { dockerIdsOf, parseDeployment, stackIdOf, typeOf } from "../../../commands/engine/state.ts";
import { isNewEnough } from "../../../commands/setup/engine.ts";

describe("what to type after a failure", () => {
  test("a deploy that stopped says who serves on, and the ways forward and back", () => {
    const advice = adviceOn("up", "shop", [{ name: "a-app-3" }]).join("\n");
    expect(advice).toContain("stopped at the first new instance");
    expect(advice).toContain("mend it, then: ./holdfast up --stack shop");
    expect(advice).toContain("former source or setting back");
  });

  test("after failed migrations no instance was replaced", () => {
    const advice = adviceOn("up", "dev", [{ name: "a-migrations" }]);
    expect(advice[0]).toContain("no instance was replaced");
    expect(advice[1]).toBe("mend the migration, then: ./holdfast up");
  });

  test("anything else is repeated", () => {
    const repeat = ["mend it and repeat: what is done stays done"];
    expect(adviceOn("up", "dev", [{ name: "a-postgres-1" }])).toEqual(repeat);
    expect(adviceOn("down", "dev", [{ name: "a-app-1" }])).toEqual(repeat);
    expect(adviceOn("up", "dev", [{ name: "a-app-config" }])).toEqual(repeat);
  });
});

test.each([
  ["v3.256.0\n", true],
  ["3.259.0", true],
  ["v4.0.0-alpha.1", true],
  ["v3.255.9", false],
  ["v2.999.0", false],
  ["", false],
])("an engine %j on PATH is taken: %s", (version, taken) => {
  expect(isNewEnough(version)).toBe(taken);
});

describe("salt", () => {
  const salt = "encryptionsalt: v1:abc=:v1:def\n";
  const config = "# ours\nconfig:\n  holdfast:etcd:\n    members: 3 # odd\n";

  test("a new one goes, with the engine's own layout", () => {
    const rewritten = "config:\n    holdfast:etcd:\n        members: 3\n";
    expect(withoutNewSalt(config, salt + config)).toBe(config);
    expect(withoutNewSalt(config, salt + rewritten)).toBe(config);
  });

  test("a file that only the engine wrote goes as a whole", () => {
    expect(withoutNewSalt(undefined, salt)).toBeUndefined();
  });

  test("what changed beside it stays", () => {
    const changed = config.replace("3", "5");
    expect(withoutNewSalt(config, salt + changed)).toBe(changed);
  });

  test("one that was there stays, and one that a secure value needs", () => {
    const secure = `${config}  holdfast:x:\n    secure: v1:zzz\n`;
    expect(withoutNewSalt(salt + config, salt + config)).toBe(salt + config);
    expect(withoutNewSalt(config, salt + secure)).toBe(salt + secure);
  });
});

describe("locks", () => {
  const text =
    '{"pid":4711,"username":"root","hostname":"here","timestamp":"2026-11-23T05:00:00Z"}';

  test("are read, and what is no lock is not", () => {
    expect(parseLock(text)).toMatchObject({ pid: 4711, hostname: "here", username: "root" });
    expect(parseLock("{}")).toBeUndefined();
    expect(parseLock("half a fi")).toBeUndefined();
  });

  test("are stale only on this machine and without their engine", () => {
    const lock = parseLock(text);
    if (!lock) throw new Error("no lock");
    const [dead, alive] = [() => false, () => true];
    expect(isStale(lock, "here", dead)).toBe(true);
    expect(isStale(lock, "here", alive)).toBe(false);
    expect(isStale(lock, "elsewhere", dead)).toBe(false);
  });
});

describe("state", () => {
  const deployment = {
    pending_operations: [{}],
    resources: [
      {
        urn: "urn:pulumi:dev::holdfast::holdfast:environment:Environment$random:index/randomId:RandomId::stack-id",
        type: "random:index/randomId:RandomId",
        id: "qrvM",
        outputs: { hex: "aabbcc" },
      },
      { urn: "urn:x::a-app-1", type: "docker:index/container:Container", id: "c1" },
    ],
  };

  test("tells the stack's id, Docker's ids and unfinished operations", () => {
    const state = parseDeployment(deployment);
    expect(stackIdOf(state)).toBe("aabbcc");
    expect([...dockerIdsOf(state)]).toEqual(["c1"]);
    expect(state.pendingOperations).toBe(1);
    expect(parseDeployment(undefined)).toEqual({ resources: [], pendingOperations: 0 });
  });

  test("ours and unknown are strays, another id's are foreign, volumes are never strays", () => {
    const object = (kind: "container" | "volume" | "network", id: string, owner: string) => ({
      kind,
      id,
      name: id,
      labels: { "holdfast.id": owner },
    });
    const objects = [
      object("container", "c1", "aabbcc"),
      object("container", "c2", "aabbcc"),
      object("volume", "v1", "aabbcc"),
      object("network", "n1", "other"),
    ];
    const { strays, foreign } = sortBelongings(objects, parseDeployment(deployment));
    expect(strays.map(({ id }) => id)).toEqual(["c2"]);
    expect(foreign.map(({ id }) => id)).toEqual(["n1"]);
    expect(sortBelongings(objects, undefined).foreign).toHaveLength(4);
  });
});

describe("environment", () => {
  test("every word survives a shell", () => {
    const words = ["plain", "it's", "a b", "$HOME `id` \\", "", "new\nline"];
    for (const word of words) {
      const printed = execFileSync("sh", ["-c", `printf %s ${shellQuote(word)}`]).toString();
      expect(printed).toBe(word);
    }
    expect(exportLines({ A: "1", B: "it's" })).toBe("export A='1'\nexport B='it'\\''s'");
  });

  test("PATH holds each folder once, ours in front", () => {
    expect(pathWith(["/ours", "/usr/bin"], "/usr/bin:/bin:/ours:")).toBe("/ours:/usr/bin:/bin");
  });

  test("a relative backend becomes absolute, others stay", () => {
    expect(absoluteUrl("file://./.holdfast/state", "/repo")).toBe("file:///repo/.holdfast/state");
    expect(absoluteUrl("file:///var/state", "/repo")).toBe("file:///var/state");
    expect(absoluteUrl("file://~", "/repo")).toBe("file://~");
    expect(absoluteUrl("s3://bucket", "/repo")).toBe("s3://bucket");
  });
});

describe("words", () => {
  test("a provider's repetitions become the lines that matter", () => {
    expect(
      failureLines([
        "sdk-v2/provider2.go:571: sdk.helper_schema: container failed to be in healthy state: provider=docker@5.2.0",
        "1 error occurred:\n\t* creating urn:pulumi:dev::a: 1 error occurred:\n\t* container failed to be in healthy state\n",
      ]),
    ).toEqual(["container failed to be in healthy state"]);
  });

  test("a killed engine is called that", () => {
    expect(
      engineWords("err?: Error: Command was killed with SIGKILL (Forced termination): x")[0],
    ).toBe(
      "the engine was killed (SIGKILL); ./holdfast up puts in order what it left, and goes on",
    );
    expect(engineWords("code: 255\nstdout: fine\nerror: no such stack")).toEqual([
      "error: no such stack",
    ]);
  });

  test("colour marks go", () => {
    expect(plain("<{%reset%}>it failed<{%reset%}>\n\u001b[31m!\u001b[0m")).toBe("it failed\n!");
  });

  test("the type of a resource is the last in its URN", () => {
    expect(typeOf("urn:pulumi:dev::holdfast::a:b:C$docker:index/container:Container::x")).toBe(
      "docker:index/container:Container",
    );
  });

  test("progress names the longest first", () => {
    const running = [
      { name: "a-app-1", verb: "creating", since: 9_000 },
      { name: "a-postgres-2", verb: "creating", since: 1_000 },
    ];
    expect(progressLine(running, "3 created", 0, 11_000)).toBe(
      "  …    11 s · 3 created · creating a-postgres-2 (10 s), creating a-app-1 (2 s)",
    );
    expect(progressLine([], "", 0, 0)).toBeUndefined();
  });
});

describe("outputs", () => {
  const outputs = {
    appUrl: { value: "http://127.0.0.1:8080", secret: false },
    databaseUrl: { value: "postgresql://x", secret: true },
    grafanaUrl: { value: undefined, secret: false },
    stackId: { value: "aabbcc", secret: false },
  };

  test("secrets are hidden unless asked for; internals and absent ones are left out", () => {
    expect(endpointsOf(outputs)).toEqual([
      ["appUrl", "http://127.0.0.1:8080"],
      ["databaseUrl", "[secret]"],
    ]);
    expect(endpointsOf(outputs, true)[1]).toEqual(["databaseUrl", "postgresql://x"]);
    expect(secretNames(outputs)).toEqual(["databaseUrl"]);
  });
});
