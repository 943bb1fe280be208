import { describe, expect, test } from "vitest";
import { type Flip, flipDns, flipText, parsed } from "../../../../commands/dns/flip.ts";
import { checkText } from "../../../../commands/dns/siteDns.ts";
import { beginningWith, type Told } from "../../../../commands/dns/syncs.ts";
import { Docker } from "../../../../commands/docker.ts";
import { certainIn } from "../../../../commands/site/activeName.ts";
import type { AgentStatus, Seen } from "../../../../commands/site/types.ts";
import { settingsWith } from "../../tree/mocks.ts";

const settings = settingsWith({ dns: { zone: "example.org", app: "shop", ttl: "45 s" } });
const answer = {
  service: "app",
  name: "shop.example.org.",
  server: "192.0.2.53:53",
  status: "NOERROR",
  addresses: ["203.0.113.10"],
  ttl: 45,
  site: "b",
} as const;
const flip: Flip = {
  zone: "example.org.",
  site: "b",
  changes: 1,
  verified: true,
  updateSeconds: 0.4,
  seconds: 1.26,
  answers: [answer, { ...answer, server: "192.0.2.54:53" }],
};

function told(code: number, stdout: string, stderr = ""): Told {
  const sync = { site: "b", docker: new Docker("unix:///nowhere"), container: "c-dns-sync" };
  return { sync, code, stdout, stderr };
}

describe("a flip", () => {
  test("a stack without public names has nothing to change", async () => {
    expect(await flipDns(settingsWith(), "a", {})).toBeUndefined();
    expect(flipText(settingsWith(), undefined)).toBe("no public names: dns.zone is not set");
  });

  test("says how long old answers live", () => {
    expect(flipText(settings, flip)).toBe(
      "DNS leads to site b: shop.example.org; clients may keep the old answer for 45 s",
    );
  });

  test("says when nothing had to be changed, and when servers lag", () => {
    expect(flipText(settings, { ...flip, changes: 0 })).toBe(
      "DNS led to site b already: shop.example.org",
    );
    expect(flipText(settings, { ...flip, verified: false })).toContain("not every name server");
    const late = { ...flip, changes: 0, verified: false };
    expect(flipText(settings, late)).toContain("not every name server");
  });

  test("is read from the container's one document", () => {
    expect(parsed<Flip>(told(0, JSON.stringify(flip)))).toEqual(flip);
  });

  test("fails with the container's own words and its advice", () => {
    const fault = { error: "the name server cannot be reached", next: "see that it runs" };
    expect(() => parsed(told(1, JSON.stringify(fault)))).toThrow(
      "the name server cannot be reached",
    );
    try {
      parsed(told(1, JSON.stringify(fault)));
    } catch (error) {
      expect((error as { advice: string[] }).advice).toEqual(["see that it runs"]);
    }
    expect(() => parsed(told(1, "", "Traceback\nboom"))).toThrow("c-dns-sync does not say");
  });
});

describe("which site is active", () => {
  const view = (roles: Readonly<Record<string, string>>) =>
    new Map(
      Object.entries(roles).map(([site, role]): [string, Seen] => [
        site,
        role === ""
          ? { answers: false, docker: false, why: "its Docker host does not answer" }
          : { answers: true, status: { site, role } as AgentStatus },
      ]),
    );

  test("the one that says so", () => {
    expect(certainIn(view({ a: "standby", b: "active" }), "dev")).toBe("b");
    expect(certainIn(view({ a: "", b: "active" }), "dev")).toBe("b");
  });

  test.each([
    [{ a: "", b: "" }, "none answers"],
    [{ a: "standby", b: "unconfirmed" }, "site b is unconfirmed"],
    [{ a: "active", b: "active" }, "two sites say"],
  ])("%j moves no name", (roles, says) => {
    expect(() => certainIn(view(roles), "dev")).toThrow(says);
    expect(() => certainIn(view(roles), "dev")).toThrow("the names stay where they are");
  });

  test("the site that is left is asked first", () => {
    expect(beginningWith("b", ["a", "b", "c"])).toEqual(["b", "a", "c"]);
    expect(beginningWith("x", ["a", "b"])).toEqual(["a", "b"]);
  });
});

describe("a check", () => {
  const check = { zone: "example.org.", site: "b", answers: flip.answers };

  test("names each answer and its site", () => {
    expect(checkText("b", check)).toMatchInlineSnapshot(`
      "  shop.example.org  203.0.113.10  45 s  site b  asked 192.0.2.53:53
        shop.example.org  203.0.113.10  45 s  site b  asked 192.0.2.54:53
        the names point to site b, which takes writes"
    `);
  });

  test("says when the names lead elsewhere, or nowhere", () => {
    expect(checkText("a", check)).toContain("FAULT: site a takes writes");
    const nowhere = { ...answer, status: "silent", addresses: [], ttl: null, site: null };
    expect(checkText("a", { ...check, site: null, answers: [nowhere] })).toMatchInlineSnapshot(`
      "  shop.example.org  silent    no site  asked 192.0.2.53:53
        FAULT: site a takes writes, and the names do not all point there: ./holdfast site dns"
    `);
  });
});
