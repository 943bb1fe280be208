import { describe, expect, it } from "vitest";
import { renderEdgeHaproxyCfg } from "../../../templates/edge/haproxy.cfg.ts";

const args = {
  addresses: Array.from({ length: 20 }, (_, index) => `10.1.2.${31 + index}`),
  edgeTimeoutSeconds: 60,
};
const text = renderEdgeHaproxyCfg(args);

describe("edge/haproxy.cfg", () => {
  it("is as reviewed", async () => {
    await expect(text).toMatchFileSnapshot("./__snapshots__/edge-haproxy.cfg");
  });

  it("turns everybody away while the site's agent says that it is closed, and not when it is silent", () => {
    const two = renderEdgeHaproxyCfg({ ...args, siteAgent: "10.1.2.78" });
    expect(two).toContain("http-request deny deny_status 503 if { nbsrv(site-closed) gt 0 }\n");
    const [, backend = ""] = /^backend site-closed\n((?: .*\n)+)/m.exec(two) ?? [];
    expect(backend).toContain("http-check send meth GET uri /closed");
    expect(backend).toContain("server agent 10.1.2.78:9857");
    expect(text).not.toContain("site-closed");
  });

  it("declares every slot of the range, running or not", () => {
    expect(text.match(/^ {2}server app-\d+ 10\.1\.2\.\d+:8000$/gm)).toHaveLength(20);
    expect(text.match(/^ {2}server (app-\d+) \S+:8000 track app\/\1$/gm)).toHaveLength(20);
    expect(text).toContain("server app-20 10.1.2.50:8000");
  });

  it("waits for an instance as long as the timings say, and a reload's old worker a little longer", () => {
    const other = renderEdgeHaproxyCfg({ ...args, edgeTimeoutSeconds: 42 });
    expect(other).toContain("timeout server 42s");
    expect(other).toContain("timeout client 42s");
    expect(other).toContain("hard-stop-after 47s");
  });

  it("repeats a request that an instance had only when its method or its key says that it may", () => {
    expect(text).toContain(
      "http-request disable-l7-retry unless { method GET HEAD OPTIONS } || { req.fhdr(Idempotency-Key) -m found }",
    );
    expect(text).toContain("retry-on conn-failure empty-response\n");
    expect(text).toContain("option redispatch 1\n");
  });

  it("finds a hung instance within 2 s, whatever the moment", () => {
    const ms = (name: string) => Number(new RegExp(`\\b${name} (\\d+)ms`).exec(text)?.[1]);
    expect(text).toContain(" fall 2 ");
    const longest = ms("inter") + ms("timeout check") + ms("fastinter") + ms("timeout check");
    expect(longest).toBeLessThanOrEqual(1800);
  });

  it("takes an instance out for connections that fail, never for what it answers", () => {
    expect(text).toContain("observe layer4 error-limit 1 on-error mark-down");
    expect(text).not.toMatch(/^[^#\n]*observe layer7/m);
  });

  it("lets requests wait a moment when all are out, and holds no instance to that waiting room", () => {
    const room = text.indexOf("server waiting unix@/run/haproxy/waiting.sock backup");
    // A default-server holds for the lines after it: the room must not be checked.
    expect(room).toBeLessThan(text.indexOf("default-server check"));
    expect(room).toBeGreaterThan(text.indexOf("backend app"));
    expect(text).toContain("tcp-request content accept if { nbsrv(again) gt 0 }");
  });

  it("gives each instance no more than it works on at once, and no queue of its own", () => {
    expect(text).toContain(" maxconn 7\n");
    expect(text).not.toMatch(/^[^#\n]*maxqueue/m);
    expect(renderEdgeHaproxyCfg({ ...args, requestsPerInstance: 15 })).toContain(" maxconn 15\n");
  });

  it("does not pass on what clients say of themselves", () => {
    expect(text).toContain("http-request set-header X-Forwarded-For %[src]");
    expect(text).toContain("http-request del-header Forwarded");
  });

  it("says sorry with Retry-After and the request's name", () => {
    for (const status of [502, 503, 504]) {
      expect(text).toMatch(
        new RegExp(`http-error status ${status} .* hdr Retry-After 5 .*X-Request-ID`),
      );
    }
  });

  it("hides private paths only when told", () => {
    expect(text).not.toContain("return status 404");
    expect(renderEdgeHaproxyCfg({ ...args, privatePaths: ["/metrics"] })).toContain(
      "http-request return status 404 if { path /metrics }",
    );
  });

  it("keeps the query string out of the log", () => {
    expect(text).not.toMatch(/%\(?\w*\)?HU|%HQ|url_param|\[query\]/);
  });
});
