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

  it("declares every slot of the range, running or not", () => {
    expect(text.match(/^ {2}server app-\d+ 10\.1\.2\.\d+:8000$/gm)).toHaveLength(20);
    expect(text).toContain("server app-20 10.1.2.50:8000");
  });

  it("waits for an instance as long as the timings say, and a reload's old worker a little longer", () => {
    const other = renderEdgeHaproxyCfg({ ...args, edgeTimeoutSeconds: 42 });
    expect(other).toContain("timeout server 42s");
    expect(other).toContain("timeout client 42s");
    expect(other).toContain("hard-stop-after 47s");
  });

  it("never repeats a request that may have changed something", () => {
    expect(text).toContain("http-request disable-l7-retry unless { method GET HEAD OPTIONS }");
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
