import { expect, test } from "vitest";
import { slotsOf } from "../../../components/docker/addresses.ts";
import { renderLinkHaproxyCfg } from "../../../templates/link/haproxy.cfg.ts";

const ARGS = {
  site: "a",
  other: "b",
  members: slotsOf("postgres").map((n) => `10.80.1.${10 + n}`),
  agent: "10.80.1.78",
  otherLeader: "10.80.3.12:7432",
  otherAgent: "10.80.3.12:7433",
  witness: "10.80.3.20:2378",
  check: { interMs: 1000, fastinterMs: 250, downinterMs: 250, fall: 2, rise: 1 },
};
const text = renderLinkHaproxyCfg(ARGS);

/** The lines of one section, e.g. `listen leader`. */
function section(name: string): string[] {
  const [, body = ""] = new RegExp(`^${name}\n((?: .*\n|\n(?= ))*)`, "m").exec(text) ?? [];
  return body.split("\n").map((line) => line.trim());
}

test("the whole file", async () => {
  await expect(text).toMatchFileSnapshot("./__snapshots__/link-haproxy.cfg");
});

test("nothing goes to the other site, or comes from it, but by TLS with its name looked at", () => {
  const out = text.split("\n").filter((line) => line.includes("10.80.3.12"));
  expect(out).toHaveLength(3);
  for (const line of out) expect(line).toContain("verify required verifyhost link-b");
  for (const name of ["listen leader", "listen agent"]) {
    expect(section(name)[0]).toMatch(/^bind :743[23] ssl .* verify required$/);
    expect(section(name)).toContain(
      "tcp-request content reject unless { ssl_c_s_dn(CN) -m str link-b }",
    );
  }
  expect(section("listen witness").pop()).toBe("");
  expect(text).toContain(
    "ssl ca-file /etc/holdfast/secrets/tls-ca.crt verify required verifyhost witness",
  );
});

test("a session that is still connecting ends with its server: the outer servers are sockets", () => {
  for (const name of ["listen leader-of-b", "listen leader"]) {
    const servers = section(name).filter((line) => line.startsWith("server "));
    expect(servers.length).toBeGreaterThan(0);
    for (const line of servers) expect(line).toMatch(/^server \S+ unix@\S+ track check-/);
    expect(section(name)).toContain("default-server on-marked-down shutdown-sessions");
  }
});

test("a cut link is known before a silent stream is given up", () => {
  expect(section("backend check-b")[0]).toContain("inter 2s fastinter 1s downinter 1s fall 3");
  expect(section("defaults")).toContain("timeout server 60s");
});

test("the leader is whoever holds the lease, so that a drained site still sends on", () => {
  expect(section("backend check-leader")).toContain("http-check send meth OPTIONS uri /leader");
});

test("without a witness there is no way to one", () => {
  const { witness: _, ...without } = ARGS;
  expect(renderLinkHaproxyCfg(without)).not.toContain("witness");
});
