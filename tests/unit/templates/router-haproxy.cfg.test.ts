import { describe, expect, it } from "vitest";
import { renderRouterHaproxyCfg } from "../../../templates/router/haproxy.cfg.ts";

const args = {
  addresses: Array.from({ length: 11 }, (_, index) => `10.1.2.${11 + index}`),
  check: { interMs: 1000, fastinterMs: 250, downinterMs: 250, fall: 2, rise: 1 },
  readLagLimitMiB: 16,
};
const text = renderRouterHaproxyCfg(args);

/** The lines of one section, by its first line. */
function section(head: string): string {
  const from = text.indexOf(`\n${head}\n`);
  expect(from, head).toBeGreaterThan(-1);
  const rest = text.slice(from + head.length + 2);
  const end = rest.search(/^(listen|backend|frontend|defaults|global)\b/m);
  return end < 0 ? rest : rest.slice(0, end);
}

describe("router/haproxy.cfg", () => {
  it("is as reviewed", async () => {
    await expect(text).toMatchFileSnapshot("./__snapshots__/router-haproxy.cfg");
  });

  it("declares every slot of the range, used or not", () => {
    for (let number = 1; number <= args.addresses.length; number++) {
      expect(section(`listen postgres-${number}`)).toContain(
        `server postgres-${number} 10.1.2.${10 + number}:5432`,
      );
    }
  });

  it("ends sessions of a lost server in the outer stage only, where none is ever connecting", () => {
    for (const outer of ["listen rw", "listen ro"]) {
      const lines = section(outer);
      expect(lines).toContain("on-marked-down shutdown-sessions");
      for (const server of lines.match(/^ {2}server .*$/gm) ?? []) {
        expect(server).toMatch(/ unix@\/run\/haproxy\/postgres-\d+\.sock track check-/);
      }
    }
    expect(section("listen postgres-1")).not.toContain("on-marked-down");
  });

  it("sends writes to the leader only and reads to it only as a backup", () => {
    expect(section("listen rw").match(/track (\S+)\//g)).toEqual(
      Array(11).fill("track check-primary/"),
    );
    const reads = section("listen ro").match(/^ {2}server .*$/gm) ?? [];
    expect(reads).toHaveLength(22);
    for (const server of reads) {
      expect(server.endsWith(" backup")).toBe(server.includes("check-primary"));
    }
  });

  it("asks Patroni for the lag limit and keeps open reads of a replica that is past it", () => {
    expect(section("backend check-replica")).toContain("uri /replica?lag=16MB");
    expect(section("backend check-replica")).toContain("error-status L7OKC");
    expect(section("backend check-primary")).not.toContain("L7OKC");
  });

  it("takes the rhythm of the checks from the timings", () => {
    expect(section("backend check-primary")).toContain(
      "inter 1000ms downinter 250ms fastinter 250ms fall 2 rise 1",
    );
  });
});
