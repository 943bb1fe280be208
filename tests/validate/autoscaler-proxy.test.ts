/** The autoscaler's proxy in front of the real Docker: its own tier's containers, and nothing else. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { docker, imageFor, newName } from "./images.ts";
import { get, must, request, TriedProxy } from "./proxy.ts";
import { devRendered } from "./rendered.ts";

/** The tier of a stack that does not exist: what runs under the real names is left alone. */
const prefix = `${newName()}-app`;
const mine = `${prefix}-3`;
const foreign = `${prefix}-21`;
const proxy = new TriedProxy(994);
let id: string;

beforeAll(async () => {
  const rendered = (await devRendered()).text("autoscaler-docker-proxy:/etc/holdfast/haproxy.cfg");
  expect(rendered.match(/holdfast-dev-a-app-\d+/g)).toHaveLength(20);
  await proxy.start(rendered.replaceAll("holdfast-dev-a-app", prefix));
  const image = await imageFor("haproxy");
  const run = (name: string) =>
    must([
      ...["run", "--detach", "--name", name, "--network", "none", "--restart", "unless-stopped"],
      ...["--label", `holdfast.test=${prefix}`, "--stop-timeout", "1"],
      ...["--entrypoint", "sleep", image, "600"],
    ]);
  id = await run(mine);
  await run(foreign);
}, 60_000);

afterAll(async () => {
  await docker(["rm", "--force", mine, foreign]);
  await proxy.remove();
});

const post = (target: string, header = "", body = "") => request("POST", target, header, body);
const state = (name: string) => must(["inspect", "--format", "{{.State.Status}}", name]);
const FILTERS = encodeURIComponent(`{"label":["holdfast.test=${prefix}"]}`);

test("what the autoscaler asks is answered by Docker", async () => {
  const targets = ["/_ping", "/containers/json", `/containers/json?all=1&filters=${FILTERS}`];
  expect(await proxy.answers(targets.map((target) => get(target)))).toEqual(
    targets.map(() => "200"),
  );
});

test("it stops, starts and kills a container of its tier, a paused one too", async () => {
  const call = (what: string) => proxy.answers([post(`/containers/${mine}/${what}`)]);
  expect(await call("stop")).toEqual(["204"]);
  expect(await state(mine)).toBe("exited");
  expect(await call("stop")).toEqual(["304"]);
  expect(await call("start")).toEqual(["204"]);
  expect(await state(mine)).toBe("running");
  await must(["pause", mine]);
  expect(await call("kill")).toEqual(["204"]);
  expect(await state(mine)).toBe("exited");
  expect(await call("kill")).toEqual(["409"]);
  expect(await call("start")).toEqual(["204"]);
  expect(await state(mine)).toBe("running");
  expect(await proxy.answers([post(`/containers/${prefix}-4/start`)])).toEqual(["404"]);
}, 30_000);

test("everything else is refused", async () => {
  const own = `/containers/${mine}`;
  const posts = [
    // Others' containers, by every name.
    ...[foreign, proxy.name, `${prefix}-0`, `${prefix}-03`, `${prefix}-3x`, prefix, "x"].flatMap(
      (name) => ["start", "stop", "kill"].map((call) => `/containers/${name}/${call}`),
    ),
    ...[id, id.slice(0, 12), `${mine}%20`, `x/../${mine}`].map(
      (name) => `/containers/${name}/stop`,
    ),
    ...["holdfast-dev-a-postgres-1", "holdfast-dev-a-edge"].map((n) => `/containers/${n}/kill`),
    // Other calls.
    ...[
      "restart",
      "pause",
      "unpause",
      "exec",
      "update",
      "rename?name=y",
      "attach",
      "wait",
      "resize",
    ],
    ...["", "start/", "start/../exec", "%73tart", "Start"],
  ].map((target) => (target.startsWith("/") ? target : `${own}/${target}`));
  const queries = [
    ...["stop?t=0", "kill?signal=HUP", "kill?signal=KILL", "start?", "start?detachKeys=a"],
    ...["start#x", "start;x", "stop?t=99999"],
  ].map((call) => `${own}/${call}`);
  const elsewhere = [
    ...["/containers/create", "/containers/prune", "/build", "/images/create?fromImage=x"],
    ...["/volumes/create", "/networks/create", "/exec/x/start", "/swarm/init", "/_ping"],
    ...[`/v1.41${own}/start`, `/v1.20${own}/start`, `//containers/${mine}/start`],
    ...[`http://d${own}/start`, "/containers/json"],
  ];
  const gets = [
    ...[`${own}/start`, `${own}/json`, `/containers/${id}/json`, `${own}/logs?stdout=1`],
    ...["/version", "/events", "/info", "/images/json", "/containers/json?size=1"],
  ];
  const start = `${own}/start`;
  const requests = [
    ...[...posts, ...queries, ...elsewhere].map((target) => post(target)),
    ...gets.map((target) => get(target)),
    ...["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "post"].map((method) =>
      request(method, start),
    ),
    request("DELETE", `${own}?force=1`),
    // Old daemons took a whole configuration of the host with a start.
    post(start, "Content-Type: application/json\r\nContent-Length: 19", '{"Privileged":true}'),
    post(start, "Content-Length: 0"),
    post(start, "Transfer-Encoding: chunked", "0\r\n\r\n"),
    post(start, "Connection: Upgrade\r\nUpgrade: tcp"),
  ];
  const lines = requests.map((one) => one.split("\r\n")[0]);
  const got = (await proxy.answers(requests)).map((status, n) => `${lines[n]}: ${status}`);
  expect(got.filter((line) => !/: (400|403)$/.test(line))).toEqual([]);
  expect(got.filter((line) => line.endsWith(": 403")).length).toBeGreaterThan(got.length - 5);
  expect([await state(mine), await state(foreign)]).toEqual(["running", "running"]);
}, 60_000);

test("refusals are logged, what is allowed is not", async () => {
  const { output } = await docker(["logs", proxy.name]);
  expect(output).toContain(`refused with 403: POST /containers/${foreign}/kill`);
  expect(output).not.toContain(`: POST /containers/${mine}/kill\n`);
});
