/** The real proxy in front of the real Docker: what it lets through, and what not. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { docker } from "./images.ts";
import { get, must, SOCKET, TriedProxy } from "./proxy.ts";
import { devRendered } from "./rendered.ts";

const guardProxy = new TriedProxy(995);
const proxy = guardProxy.name;
let id: string;

beforeAll(async () => {
  await guardProxy.start((await devRendered()).text("docker-proxy:/etc/holdfast/haproxy.cfg"));
  id = guardProxy.id;
}, 60_000);

afterAll(() => guardProxy.remove());

const answers = (requests: readonly string[]) => guardProxy.answers(requests);
const ask = (requests: readonly string[], filter: string) => guardProxy.ask(requests, filter);

const FILTERS = encodeURIComponent('{"label":["holdfast.component=postgres"]}');
const unknown = "0".repeat(64);

test("what the guard asks is answered by Docker", async () => {
  const targets = [
    "/_ping",
    "/v1.41/_ping",
    "/version",
    "/containers/json",
    "/containers/json?all=1",
    `/v1.41/containers/json?all=1&filters=${FILTERS}`,
    `/containers/json?filters=${FILTERS}`,
    `/containers/${id}/json`,
    `/v1.41/containers/${id}/json`,
  ];
  expect(await answers(targets.map((target) => get(target)))).toEqual(targets.map(() => "200"));
  expect(await answers(["HEAD /_ping HTTP/1.1\r\nHost: d\r\n\r\n"])).toEqual(["200"]);
  expect(await answers([get(`/containers/${unknown}/json`)])).toEqual(["404"]);
});

test("events are followed as they come", async () => {
  const filters = encodeURIComponent(`{"label":["holdfast.test=${proxy}"]}`);
  const followed = ask([get(`/events?filters=${filters}`)], "cat");
  for (let n = 0; n < 3; n++) await must(["exec", proxy, "true"]);
  expect(await followed).toContain("exec_die");
});

test("everything else is refused", async () => {
  const own = `/containers/${id}`;
  const targets = [
    ...["logs?stdout=1", "archive?path=/", "export", "top", "stats", "changes", "attach/ws", ""],
  ].map((call) => get(`${own}/${call}`));
  const others = [
    ...["/", "/info", "/images/json", "/volumes", "/networks", "/secrets", "/configs", "/events/"],
    ...["/system/df", "/auth", "/plugins", "/swarm", "/metrics", "/debug/pprof/", "/_ping/"],
    // Tricks with the path.
    ...["//containers/json", "/containers//json", "/./containers/json", "/containers/../info"],
    ...["/v1.41/../info", "/%2e%2e/info", "/containers/json/../../info", "/containers%2fjson"],
    ...[`${own}/json/../logs`, `${own}/%6cogs`, `${own}//json`, `/containers/x/../${id}/json`],
    ...["/v1x41/_ping", "/v1.411/_ping", "/v2.0/_ping", "/v1.41/v1.41/_ping", "/V1.41/_ping"],
    ...["/containers/json;/info", "/containers/json%3f", "/containers/json%00"],
    // Tricks with the query.
    ...["/containers/json?size=1", "/containers/json?all=1&size=1", "/_ping?a=1", "/version?"],
    ...[`${own}/json?size=1`, `/containers/json?filters=${FILTERS}&size=1`, "/events?since=0"],
    ...["/containers/json?all=1&filters=", "/containers/json?filters={}", "/events?filters=%7B;"],
    // Names and short ids, and targets with a host in them.
    ...[`/containers/${proxy}/json`, `/containers/${id.slice(0, 12)}/json`],
    ...["http://d/info", "http://d/containers/json", "http://d/_ping"],
  ].map((target) => get(target));
  const methods = [
    `POST ${own}/kill`,
    `POST ${own}/restart`,
    `POST ${own}/exec`,
    `DELETE ${own}?force=1`,
    `PUT ${own}/archive?path=/`,
    "POST /containers/create",
    "POST /containers/json",
    "POST /_ping",
    "POST /build",
    "HEAD /containers/json",
    `HEAD ${own}/json`,
    `HEAD ${own}/archive?path=/`,
    "OPTIONS /_ping",
    "TRACE /_ping",
    "get /_ping",
    "PATCH /version",
  ].map((line) => `${line} HTTP/1.1\r\nHost: d\r\n\r\n`);
  const odd = [
    get("/_ping", "Content-Length: 2", "{}"),
    get("/_ping", "Transfer-Encoding: chunked", "0\r\n\r\n"),
    get("/_ping", "Connection: Upgrade\r\nUpgrade: tcp"),
  ];
  const requests = [...targets, ...others, ...methods, ...odd];
  const lines = requests.map((request) => request.split("\r\n")[0]);
  const got = (await answers(requests)).map((status, n) => `${lines[n]}: ${status}`);
  expect(got).toEqual(lines.map((line) => `${line}: 403`));
});

test("what is no HTTP gets no answer from Docker", async () => {
  const requests = [
    "CONNECT /_ping HTTP/1.1\r\nHost: d\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    get("/_ping#/info"),
    get("*"),
    get("docker:80"),
    get("http://another/info"),
    get("/containers/json /info"),
    get("/_ping", "Content-Length: 0\r\nContent-Length: 5", "GET /"),
    "GET /_ping HTTP/1.1\nHost: d\r\n X: y\r\n\r\n",
  ];
  for (const status of await answers(requests)) expect(["400", "403", "000"]).toContain(status);
});

test("a request behind a good one is judged by itself", async () => {
  const output = await ask([`${get("/_ping")}${get("/info")}`], "cat");
  expect(output).toContain("200 OK");
  expect(output).not.toMatch(/ContainersRunning|"ID"/);
});

test("an offer to go on in HTTP/2 is not taken", async () => {
  const header = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk";
  expect(await answers([get("/_ping", header), get("/info", header)])).toEqual(["200", "403"]);
});

test("refusals are logged, what is allowed is not", async () => {
  const { output } = await docker(["logs", proxy]);
  expect(output).toContain(`refused with 403: POST /containers/${id}/kill`);
  expect(output).not.toMatch(/: GET \/(version|containers\/json)$/m);
});

test("others than the guard's group cannot open the socket", async () => {
  const { code, output } = await docker(
    ["exec", "--interactive", "--user", "997:997", proxy, "socat", "-", `unix-connect:${SOCKET}`],
    get("/_ping"),
  );
  expect([code, output]).toEqual([1, expect.stringContaining("Permission denied")]);
});
