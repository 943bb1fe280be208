import { describe, expect, test } from "vitest";
import { familiesOf } from "../../../../commands/drills/catalogue.ts";
import { sites, withoutSite } from "../../../../commands/drills/faults/lostSite.ts";
import { answersText, parseAnswers } from "../../../../commands/drills/faults/nameWatch.ts";
import { dnsFacts, publicUrls, wholeName } from "../../../../commands/drills/publicLoad.ts";
import { skippedResult } from "../../../../commands/drills/result.ts";
import { runDrill } from "../../../../commands/drills/run.ts";
import { byScenario, scenarioLine, scenarioOf } from "../../../../commands/drills/scenarios.ts";
import { Skipped } from "../../../../commands/drills/scene.ts";
import { siteFigures } from "../../../../commands/drills/siteFigures.ts";
import type { SitePorts } from "../../../../commands/site/types.ts";
import { FakeStage, record, settings, write } from "./fakes.ts";

const dns = { zone: "shop.test", app: "@", database: "db", addresses: {} };
const verdict = {
  member: "postgres-1",
  lost: [],
  duplicated: [],
  phantom: [],
  reordered: [],
  rows: 8,
};

describe("the drill of a lost site", () => {
  test("is skipped with the reason where there is one site", async () => {
    const [drill] = sites;
    const result = await runDrill(drill as never, new FakeStage(), new AbortController().signal);
    expect(result.skipped).toContain("this stack has one site");
    expect(result.passed).toBe(false);
  });

  test("needs names that clients follow", () => {
    expect(() => dnsFacts(settings)).toThrow(Skipped);
    const withDns = (database: string) => ({ ...settings, dns: { ...dns, database } }) as never;
    expect(() => dnsFacts(withDns(""))).toThrow("dns.database");
    expect(dnsFacts(withDns("db")).zone).toBe("shop.test");
    expect(wholeName("app", "shop.test")).toBe("app.shop.test");
  });

  test("its clients know names, and the ports that answer behind them", () => {
    const output = "postgresql://shop:pw@127.0.0.1:6432,127.0.0.1:6433/shop?connect_timeout=3";
    expect(publicUrls(output, settings, dns)).toEqual({
      databaseUrl: "postgresql://shop:pw@db.shop.test:6432/shop?connect_timeout=3",
      readReplicaUrl: "postgresql://shop:pw@db.shop.test:6432/shop_ro?connect_timeout=3",
      pageUrl: "http://shop.test:8080/",
    });
    const ports = { ...settings.ports, app: 80, pooler: [7000] };
    const published = publicUrls(
      output,
      { ...settings, ports },
      { ...dns, addresses: { a: ["192.0.2.1"] } },
    );
    expect(published.pageUrl).toBe("http://shop.test:80/");
    expect(published.databaseUrl).toContain("@db.shop.test:7000/");
    const [site = ""] = Object.keys(settings.sites);
    const own = settings.sites[site] as (typeof settings.sites)[string];
    const sites = { ...settings.sites, other: { ...own, host: "h9" } };
    // Sites on two hosts: the names lead to the hosts, which publish ports.
    expect(publicUrls(output, { ...settings, ports, sites }, dns).databaseUrl).toContain(":7000/");
    expect(() => publicUrls("nonsense", settings, dns)).toThrow("databaseUrl");
  });

  test("does not ask the lost site, although its Docker would answer", async () => {
    const asked: string[] = [];
    const ports = {
      control: {
        status: async (site: string) => {
          asked.push(site);
          return { answers: false, docker: true, why: "" };
        },
      },
      stop: async (site: string) => {
        asked.push(`stop ${site}`);
        return { stopped: true, what: "" };
      },
    } as unknown as SitePorts;
    const gone = withoutSite(ports, "a");
    expect(await gone.control.status("a")).toMatchObject({ answers: false, docker: false });
    expect(await gone.stop("a")).toMatchObject({ stopped: false });
    await gone.control.status("b");
    expect(asked).toEqual(["b"]);
  });

  test("its recovery point is the age of the oldest write that is gone", () => {
    const marks = [
      { at: 103, text: "fault: site" },
      { at: 104, text: "undone: site a started" },
    ];
    // Acknowledged at 101.01, 102.01, 103.01, 104.01 and, after the way back, at 109.01.
    const load = record({ marks, end: 110, writes: [...record().writes, write(1, 9)] });
    expect(siteFigures(load, [{ ...verdict, lost: ["1/2", "2/2"] }])).toEqual({
      recoveryPointSeconds: expect.closeTo(1),
      failbackGapSeconds: expect.closeTo(5),
    });
    expect(siteFigures(load, [verdict])?.recoveryPointSeconds).toBe(0);
    expect(siteFigures(record(), [verdict])).toBeUndefined();
    expect(siteFigures(load, [])).toBeUndefined();
  });

  test("says what a name answered and when", () => {
    const answers = parseAnswers("100.000 10.0.1.62\nnoise\n131.250 10.0.2.62\n132.000 -\n");
    expect(answersText(answers, 100)).toBe(
      "10.0.1.62 at first, 10.0.2.62 after 31.3 s, nothing after 32.0 s",
    );
    expect(answersText([], 100)).toBe("nobody could be asked");
  });
});

describe("the scenarios of the recovery plan", () => {
  test("each family belongs to one, and every one has drills", () => {
    const families = Object.values(familiesOf());
    expect(new Set(families.map(scenarioOf)).size).toBe(3);
    expect(scenarioOf("site")).toBe("data-centre outage");
    expect(scenarioOf("crash")).toBe("database failure");
    expect(scenarioOf("application")).toBe("application downtime");
  });

  test("what was skipped has shown nothing", () => {
    const skipped = skippedResult("site", "2026-11-25T09:00:00Z", "one site");
    const [only, ...others] = byScenario([skipped], familiesOf());
    expect(others).toEqual([]);
    expect(only && scenarioLine(only)).toBe("data-centre outage: 0 of 1 drills passed, 1 skipped");
  });
});
