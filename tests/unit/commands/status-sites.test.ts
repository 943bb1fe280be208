/** `status` of a stack with two sites. */
import { expect, test } from "vitest";
import { alertsInside } from "../../../commands/cluster/alerts.ts";
import { isHealthy, joinLooks } from "../../../commands/cluster/inspect.ts";
import type { SiteLook } from "../../../commands/cluster/look.ts";
import type { Docker } from "../../../commands/docker.ts";
import type { AgentStatus } from "../../../commands/site/types.ts";
import type { View } from "../../../commands/site/view.ts";
import { statusText } from "../../../commands/status.ts";
import { settingsWith } from "../tree/mocks.ts";

const settings = settingsWith({ sites: { a: {}, b: {} } }, "lab");
const NOW = new Date("2026-11-28T12:00:00Z");

function look(site: string, role: string, change: Partial<SiteLook> = {}): SiteLook {
  const edge = { component: "edge", instance: 0, running: true, state: "healthy" };
  return {
    site,
    containers: [{ ...edge, name: `lab-${site}-edge`, alias: "edge" }],
    members: [{ name: "postgres-1", role, state: "running", timeline: 2, lagBytes: null }],
    instances: [{ name: "app-1", state: "healthy" }],
    alerts: [],
    backups: [],
    repositories: [],
    orphans: [],
    ...change,
  };
}

function agent(site: string, change: Partial<AgentStatus> = {}): AgentStatus {
  return {
    site,
    role: site === "b" ? "active" : "standby",
    epoch: 5,
    active: "b",
    leader: "postgres-1",
    timeline: 2,
    lsn: "0/3000148",
    streaming: site === "a",
    lagBytes: site === "a" ? 0 : null,
    lagSeconds: site === "a" ? 1 : null,
    witness: null,
    replicas: 0,
    writes: site === "b",
    ...change,
  };
}

function viewOf(...statuses: AgentStatus[]): View {
  return new Map(statuses.map((status) => [status.site, { answers: true, status }]));
}

const alert = {
  name: "EdgeQueue",
  severity: "warning",
  since: "2026-11-28T11:00:00Z",
  labels: {},
  summary: "They wait.",
  action: "",
};
const backup = {
  repository: "local",
  kind: "full",
  label: "20261128F",
  start: "2026-11-28T10:00:00Z",
  stop: "2026-11-28T10:01:00Z",
  bytes: 2048,
  provenAt: null,
  recoverableFrom: null,
  recoverableTo: null,
};
const state = {
  repository: "local",
  faults: [],
  answeredAt: null,
  windows: [],
  recoverableTo: null,
  rpoSeconds: null,
  holes: 0,
  proofs: {
    physical: {
      ...{ provenAt: null, lastRunAt: null, passed: null },
      ...{ error: "", rtoSeconds: null, rpoSeconds: null },
    },
  },
};
const well = [look("a", "standby_leader"), look("b", "leader")];
const VIEW = viewOf(agent("a"), agent("b"));

test("every line says its site, and the active one is named", () => {
  const rich = well.map((one) => ({
    ...one,
    alerts: [alert],
    backups: [backup],
    repositories: [state],
    orphans: [{ volume: `lab-${one.site}-postgres-4-data`, site: one.site, member: "postgres-4" }],
  }));
  const found = joinLooks(settings, rich, VIEW);
  expect(found.members.map(({ site, name }) => `${site} ${name}`)).toEqual([
    "a postgres-1",
    "b postgres-1",
  ]);
  expect(found.sites).toMatchObject({ active: "b", healthy: true });
  expect(statusText("lab", found, NOW)).toMatchInlineSnapshot(`
    "sites
      site  role     epoch  leader      timeline  at         replicas  behind
      a     standby  5      postgres-1  2         0/3000148  0         0 B, 1 s
      b     active   5      postgres-1  2         0/3000148  0         -
      site b takes writes, the other one streams from it

    database
      site  member      role            state    timeline  lag
      a     postgres-1  standby_leader  running  2         -
      b     postgres-1  leader          running  2         -

    application
      site  instance  state
      a     app-1     healthy
      b     app-1     healthy

    services
      site  service  state
      a     edge     healthy
      b     edge     healthy

    backups
      site  repository  kind  newest     stop                  bytes    proven
      a     local       full  20261128F  2026-11-28T10:01:00Z  2.0 KiB  -
      b     local       full  20261128F  2026-11-28T10:01:00Z  2.0 KiB  -
      site a: local: nothing recoverable yet; proven: physical never
      site a: no cloud repository: the loss of this machine loses every backup
      site b: local: nothing recoverable yet; proven: physical never
      site b: no cloud repository: the loss of this machine loses every backup

    alerts
      site  alert      severity  since                 what
      a     EdgeQueue  warning   2026-11-28T11:00:00Z  They wait.
      b     EdgeQueue  warning   2026-11-28T11:00:00Z  They wait.

    volumes of members that left
      site  volume                 left by
      a     lab-a-postgres-4-data  postgres-4
      b     lab-b-postgres-4-data  postgres-4
      ./holdfast volumes says how they are removed

    endpoints
      a.app           http://127.0.0.1:8080
      a.pooler-1      127.0.0.1:6432 (databases shop, shop_ro)
      a.pooler-2      127.0.0.1:6433 (databases shop, shop_ro)
      a.status        http://127.0.0.1:8081
      a.prometheus    http://127.0.0.1:9090
      a.alertmanager  http://127.0.0.1:9093
      a.grafana       http://127.0.0.1:3000
      b.app           http://127.0.0.1:18080
      b.pooler-1      127.0.0.1:16432 (databases shop, shop_ro)
      b.pooler-2      127.0.0.1:16433 (databases shop, shop_ro)
      b.status        http://127.0.0.1:18081
      b.prometheus    http://127.0.0.1:19090
      b.alertmanager  http://127.0.0.1:19093
      b.grafana       http://127.0.0.1:13000"
  `);
});

test("a sole site's words stay as they were: no key and no column of a site", () => {
  const one = settingsWith({}, "lab");
  const found = joinLooks(one, [look("a", "leader", { alerts: [alert] })], new Map());
  expect(JSON.stringify(found)).not.toContain('"site');
  expect(Object.keys(found)).toEqual([
    ...["members", "instances", "backups", "alerts"],
    ...["endpoints", "services", "repositories", "scaling", "orphans"],
  ]);
  expect(found.endpoints.app).toBe("http://127.0.0.1:8080");
  expect(statusText("lab", found, NOW)).toMatchInlineSnapshot(`
    "database
      member      role    state    timeline  lag
      postgres-1  leader  running  2         -

    application
      instance  state
      app-1     healthy

    services
      service  state
      edge     healthy

    backups
      none

    alerts
      alert      severity  since                 what
      EdgeQueue  warning   2026-11-28T11:00:00Z  They wait.

    endpoints
      app           http://127.0.0.1:8080
      pooler-1      127.0.0.1:6432 (databases shop, shop_ro)
      pooler-2      127.0.0.1:6433 (databases shop, shop_ro)
      status        http://127.0.0.1:8081
      prometheus    http://127.0.0.1:9090
      alertmanager  http://127.0.0.1:9093
      grafana       http://127.0.0.1:3000"
  `);
});

test("the active site's health counts, and a standby that does not stream", () => {
  const healthy = (looks: SiteLook[], view = VIEW) => isHealthy(joinLooks(settings, looks, view));
  const [a, b] = well as [SiteLook, SiteLook];
  const ill = [{ name: "app-1", state: "exited" }];
  expect(healthy([a, b])).toBe(true);
  expect(healthy([{ ...a, instances: ill, alerts: [alert] }, b])).toBe(true);
  expect(healthy([a, { ...b, instances: ill }])).toBe(false);
  expect(healthy([a, { ...b, alerts: [alert] }])).toBe(false);
  expect(healthy([a, b], viewOf(agent("a", { streaming: false }), agent("b")))).toBe(false);
  // Nobody takes writes.
  expect(healthy([a, b], viewOf(agent("a"), agent("b", { role: "draining" })))).toBe(false);
});

test("a host that did not answer has a line, and the other site is shown", () => {
  const why = "the Docker host of site a does not answer (tcp://a:2375): nothing within 15 s";
  const nothing = { containers: [], members: [], instances: [] };
  const gone = look("a", "", { ...nothing, silent: why });
  const silent = { answers: false, docker: false, why: "its Docker host does not answer" } as const;
  const view: View = new Map([["a", silent], ...viewOf(agent("b"))]);
  const found = joinLooks(settings, [gone, look("b", "leader")], view);
  const text = statusText("lab", found, NOW);
  expect(text.split("\n")[0]).toBe(why);
  expect(text).toMatch(/^ {2}b +postgres-1 +leader/m);
  expect(isHealthy(found)).toBe(false);
  // Of a sole site nothing else is known, and nobody says that nothing runs.
  const sole = joinLooks(settingsWith({}, "lab"), [gone], new Map());
  expect(statusText("lab", sole, NOW)).toContain(why);
  expect(statusText("lab", sole, NOW)).not.toContain("nothing runs here");
  expect(isHealthy(sole)).toBe(false);
});

test("each site's Alertmanager is asked in its own container, over whichever Docker that is", async () => {
  const asked: string[] = [];
  const answer = JSON.stringify([
    { labels: { alertname: "SiteLags", severity: "warning" }, startsAt: "2026-11-28T11:00:00Z" },
    { labels: { alertname: "Watchdog", severity: "none" }, startsAt: "2026-11-28T11:00:00Z" },
  ]);
  const docker = (code: number) =>
    ({
      run: async (args: string[]) => {
        asked.push(args.join(" "));
        return { code, stdout: answer, stderr: "" };
      },
    }) as unknown as Docker;
  const one = { component: "alertmanager", instance: 0, running: true, state: "healthy" };
  const containers = [{ ...one, name: "lab-b-alertmanager", alias: "alertmanager" }];
  const names = async (code: number, present = containers) =>
    (await alertsInside(docker(code), present, "lab")).map(({ name }) => name);
  expect(await names(0)).toEqual(["SiteLags"]);
  expect(asked).toEqual([
    "exec lab-b-alertmanager amtool --alertmanager.url=http://127.0.0.1:9093 alert query --active --output=json",
  ]);
  expect(await names(1)).toEqual(["AlertmanagerUnreachable"]);
  expect(await names(0, [])).toEqual(["AlertmanagerUnreachable"]);
});
