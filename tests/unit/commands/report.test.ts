import { describe, expect, test } from "vitest";
import { parseAlerts } from "../../../commands/cluster/alerts.ts";
import { isHealthy, type StackStatus } from "../../../commands/cluster/inspect.ts";
import { joinMembers, parseCluster } from "../../../commands/cluster/members.ts";
import { withoutNoise } from "../../../commands/preview.ts";
import { passwordsIn } from "../../../commands/recoveryKit.ts";
import { parseRelease } from "../../../commands/setup/machine.ts";
import { registryOf } from "../../../commands/setup/registry.ts";
import { statusText } from "../../../commands/status.ts";
import { parseUnittest, parseVitest } from "../../../commands/testing/suites.ts";
import { alignedBlock, alignedTable, bytes, duration } from "../../../commands/ui.ts";

describe("blocks", () => {
  test("are aligned, without blanks at the ends", () => {
    expect(
      alignedBlock([
        ["appUrl", "x"],
        ["databaseUrl", "y"],
      ]),
    ).toBe("  appUrl       x\n  databaseUrl  y");
    expect(
      alignedTable(
        [
          ["a", "bb", ""],
          ["ccc", "d", "e"],
        ],
        "",
      ),
    ).toBe("a    bb\nccc  d   e");
  });

  test("durations and sizes are rounded for people", () => {
    expect(duration(18.4)).toBe("18 s");
    expect(duration(361)).toBe("6 min 1 s");
    expect([0, 1023, 1536, 16 * 2 ** 20].map(bytes)).toEqual([
      "0 B",
      "1023 B",
      "1.5 KiB",
      "16 MiB",
    ]);
  });
});

describe("status", () => {
  const answer = JSON.stringify({
    members: [
      { name: "postgres-1", role: "leader", state: "running", timeline: 3 },
      { name: "postgres-2", role: "quorum_standby", state: "streaming", timeline: 3, lag: 16 },
      { name: "postgres-10", role: "replica", state: "stopped", lag: "unknown" },
    ],
  });

  test("members come from Patroni, in the order of their numbers", () => {
    const members = joinMembers(parseCluster(answer), []);
    expect(members.map(({ name }) => name)).toEqual(["postgres-1", "postgres-2", "postgres-10"]);
    expect(members[1]).toMatchObject({ role: "quorum_standby", timeline: 3, lagBytes: 16 });
    expect(members[2]).toMatchObject({ state: "stopped", timeline: null, lagBytes: null });
  });

  test("Docker knows better of a container that does not run", () => {
    const nodes = [
      { alias: "postgres-2", running: false, state: "exited" },
      { alias: "postgres-3", running: true, state: "healthy" },
    ];
    const members = joinMembers(parseCluster(answer), nodes);
    expect(members.find(({ name }) => name === "postgres-2")?.state).toBe("exited");
    expect(members.find(({ name }) => name === "postgres-3")).toMatchObject({
      role: "-",
      state: "unreachable",
    });
  });

  test("a member leaves that is tagged both ways: Patroni and a full disk use one of them", () => {
    const tagged = (tags: Record<string, boolean>) =>
      parseCluster(JSON.stringify({ members: [{ name: "postgres-3", role: "replica", tags }] }))[0];
    expect(tagged({ nofailover: true, nosync: true })?.leaves).toBe(true);
    expect(tagged({ nosync: true })).not.toHaveProperty("leaves");
    expect(tagged({ nofailover: true, nosync: false })).not.toHaveProperty("leaves");
  });

  const WORDLESS = { labels: {}, summary: "", action: "" };
  const well: StackStatus = {
    members: parseCluster(answer).slice(0, 2),
    instances: [{ name: "app-1", state: "healthy" }],
    services: [{ name: "router", state: "healthy" }],
    backups: [],
    alerts: [],
    endpoints: { app: "http://127.0.0.1:8080" },
  };

  test("is healthy with a leader, all running and no alert", () => {
    expect(isHealthy(well)).toBe(true);
    expect(isHealthy({ ...well, members: [] })).toBe(false);
    expect(isHealthy({ ...well, instances: [{ name: "app-1", state: "exited" }] })).toBe(false);
    const alert = { name: "NoLeader", severity: "critical", since: "now", ...WORDLESS };
    expect(isHealthy({ ...well, alerts: [alert] })).toBe(false);
    expect(isHealthy({ ...well, alerts: [{ ...alert, severity: "warning" }] })).toBe(false);
  });

  test("a choice with a price is shown, and no illness", () => {
    const choice = {
      name: "NoCloudRepository",
      severity: "info",
      since: "now",
      ...WORDLESS,
      summary: "There is no cloud repository",
    };
    expect(isHealthy({ ...well, alerts: [choice] })).toBe(true);
    expect(statusText("dev", { ...well, alerts: [choice] })).toMatch(
      /NoCloudRepository +info +now +There is no cloud repository/,
    );
  });

  test("the table has every section", () => {
    const text = statusText("dev", well);
    for (const word of ["postgres-2", "quorum_standby", "app-1", "router", "endpoints"]) {
      expect(text).toContain(word);
    }
    const nothing = { ...well, members: [], instances: [], services: [] };
    expect(statusText("dev", nothing)).toContain("./holdfast up --stack dev");
  });

  test("volumes of members that left are shown, with who is about to", () => {
    expect(statusText("dev", well)).not.toContain("left");
    const orphans = [{ volume: "holdfast-dev-a-postgres-4-data", site: "a", member: "postgres-4" }];
    const [first] = well.members;
    const members = first === undefined ? [] : [{ ...first, leaves: true as const }];
    const text = statusText("dev", { ...well, members, orphans });
    expect(text).toMatch(/holdfast-dev-a-postgres-4-data +postgres-4\n +\.\/holdfast volumes/);
    expect(text).toContain("leader, leaves");
    expect(isHealthy({ ...well, orphans })).toBe(true);
  });

  test("the watchdog alert is none", () => {
    const alerts = ["none", "critical"].map((severity) => ({
      labels: { alertname: severity, severity },
      startsAt: "2026-11-23T05:00:00Z",
    }));
    expect(parseAlerts(alerts).map(({ name }) => name)).toEqual(["critical"]);
  });

  test("an alert keeps its labels and its words", () => {
    const [alert] = parseAlerts([
      {
        labels: { alertname: "RepositoryFault", severity: "critical", cause: "bucket" },
        annotations: { summary: "It does not work.", action: "Mend it." },
        startsAt: "2026-11-23T05:00:00Z",
      },
    ]);
    expect(alert).toEqual({
      name: "RepositoryFault",
      severity: "critical",
      since: "2026-11-23T05:00:00Z",
      labels: { alertname: "RepositoryFault", severity: "critical", cause: "bucket" },
      summary: "It does not work.",
      action: "Mend it.",
    });
  });
});

describe("test counts", () => {
  test("of vitest", () => {
    expect(parseVitest('{"numPassedTests":41,"numFailedTests":2}')).toEqual({
      passed: 41,
      failed: 2,
    });
  });

  test("of unittest", () => {
    expect(parseUnittest("....\nRan 31 tests in 0.5s\n\nOK\n")).toEqual({ passed: 31, failed: 0 });
    expect(
      parseUnittest("Ran 9 tests in 1s\n\nFAILED (failures=1, errors=2, skipped=1)\n"),
    ).toEqual({
      passed: 5,
      failed: 3,
    });
  });
});

test("an image's registry is the first part that looks like a host", () => {
  expect(registryOf("debian:trixie-slim")).toBe("registry-1.docker.io");
  expect(registryOf("prom/prometheus:v3.5.0")).toBe("registry-1.docker.io");
  expect(registryOf("docker.io/library/debian")).toBe("registry-1.docker.io");
  expect(registryOf("quay.io/prometheus/prometheus")).toBe("quay.io");
  expect(registryOf("localhost:5000/x")).toBe("localhost:5000");
});

test("Debian and its relatives are told from others", () => {
  const ubuntu = 'ID=ubuntu\nID_LIKE=debian\nPRETTY_NAME="Ubuntu 24.04 LTS"\n';
  expect(parseRelease(ubuntu)).toEqual({ name: "Ubuntu 24.04 LTS", debian: true });
  expect(parseRelease("ID=alpine\nPRETTY_NAME=Alpine\n")).toEqual({
    name: "Alpine",
    debian: false,
  });
});

test("a preview is a page without the engine's progress and plugin warnings", () => {
  const text = [
    "Previewing update (dev):",
    "@ previewing update....",
    "    pulumi:pulumi:Stack holdfast-dev running warning: using pulumi-resource-docker from $PATH at /x",
    " +  docker:index:Container a-app-1 create ",
    "Diagnostics:",
    "  pulumi:pulumi:Stack (holdfast-dev):",
    "    warning: using pulumi-resource-docker from $PATH at /x",
    "",
    "Resources:",
    "    + 1 to create",
    "",
  ].join("\n");
  expect(withoutNoise(text)).toBe(
    "Previewing update (dev):\n +  docker:index:Container a-app-1 create \nResources:\n    + 1 to create\n",
  );
});

test("the kit finds every generated password", () => {
  const deployment = {
    resources: [
      {
        urn: "urn:pulumi:dev::holdfast::random:index/randomPassword:RandomPassword::postgres-superuser",
        type: "random:index/randomPassword:RandomPassword",
        outputs: { result: { plaintext: '"s3cret"' } },
      },
      { urn: "urn:x::a-app-1", type: "docker:index/container:Container", outputs: {} },
    ],
  };
  expect(passwordsIn(deployment)).toEqual({ "postgres-superuser": "s3cret" });
});
